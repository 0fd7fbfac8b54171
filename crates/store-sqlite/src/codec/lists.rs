//! Tags of an event, secrets of a subscription, targets of a fan-out.

use postroad_domain::{SealedSecret, SubscriptionNo, Timestamp};
use postroad_store::FanoutTarget;

use super::{Decoder, Encoder};
use crate::error::Fault;

/// Tags; `None`, which takes no bytes in a row, for none.
pub(crate) fn encode_tags(tags: &[String]) -> Option<Vec<u8>> {
    if tags.is_empty() {
        return None;
    }
    let mut out = Encoder::with_capacity(16 * tags.len());
    out.number(tags.len() as u64);
    for tag in tags {
        out.bytes(tag.as_bytes());
    }
    Some(out.done())
}

/// Reads what [`encode_tags`] wrote.
pub(crate) fn decode_tags(bytes: Option<&[u8]>) -> Result<Vec<String>, Fault> {
    let Some(bytes) = bytes else { return Ok(Vec::new()) };
    let mut rest = Decoder::new(bytes)?;
    let count = rest.count()?;
    (0..count).map(|_| rest.text()).collect()
}

/// Sealed secrets, the current one first.
pub(crate) fn encode_secrets(secrets: &[SealedSecret]) -> Vec<u8> {
    let mut out = Encoder::with_capacity(128 * secrets.len());
    out.number(secrets.len() as u64);
    for secret in secrets {
        out.bytes(&secret.sealed);
        out.moment(secret.created_at.as_micros());
        out.number(u64::from(secret.expires_at.is_some()));
        out.moment(secret.expires_at.unwrap_or_default().as_micros());
    }
    out.done()
}

/// Reads what [`encode_secrets`] wrote.
pub(crate) fn decode_secrets(bytes: &[u8]) -> Result<Vec<SealedSecret>, Fault> {
    let mut rest = Decoder::new(bytes)?;
    let count = rest.count()?;
    (0..count)
        .map(|_| {
            let sealed = rest.bytes()?.to_vec();
            let created_at = Timestamp::from_micros(rest.moment()?);
            let expires = rest.number()? == 1;
            let expires_at = Timestamp::from_micros(rest.moment()?);
            Ok(SealedSecret { sealed, created_at, expires_at: expires.then_some(expires_at) })
        })
        .collect()
}

/// Targets of a fan-out in their order.
pub(crate) fn encode_targets(targets: &[FanoutTarget]) -> Vec<u8> {
    let mut out = Encoder::with_capacity(16 * targets.len());
    out.number(targets.len() as u64);
    for target in targets {
        out.number(target.subscription_no.0.cast_unsigned());
        out.number(target.subscription_version.cast_unsigned());
        out.moment(target.expires_at.as_micros());
    }
    out.done()
}

/// Reads what [`encode_targets`] wrote.
pub(crate) fn decode_targets(bytes: &[u8]) -> Result<Vec<FanoutTarget>, Fault> {
    let mut rest = Decoder::new(bytes)?;
    let count = rest.count()?;
    (0..count)
        .map(|_| {
            Ok(FanoutTarget {
                subscription_no: SubscriptionNo(rest.number()?.cast_signed()),
                subscription_version: rest.number()?.cast_signed(),
                expires_at: Timestamp::from_micros(rest.moment()?),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_come_back_and_none_take_no_bytes() {
        assert_eq!(encode_tags(&[]), None);
        assert_eq!(decode_tags(None).unwrap(), Vec::<String>::new());
        let tags = ["pathfinder".to_owned(), String::new(), "é".to_owned()];
        assert_eq!(decode_tags(encode_tags(&tags).as_deref()).unwrap(), tags);
    }

    #[test]
    fn secrets_and_targets_come_back() {
        let current = SealedSecret {
            sealed: vec![0, 255, 7],
            created_at: Timestamp::from_millis(1_700_000_000_000),
            expires_at: None,
        };
        let older = SealedSecret { expires_at: Some(Timestamp::from_micros(-1)), ..current.clone() };
        let secrets = [current, older];
        assert_eq!(decode_secrets(&encode_secrets(&secrets)).unwrap(), secrets);
        let targets = [1, 300].map(|no| FanoutTarget {
            subscription_no: SubscriptionNo(no),
            subscription_version: no + 1,
            expires_at: Timestamp::from_micros(no),
        });
        assert_eq!(decode_targets(&encode_targets(&targets)).unwrap(), targets);
    }
}
