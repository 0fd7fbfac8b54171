//! Tags of an event, secrets of a subscription, targets of a fan-out, deliveries of a notice.

use postroad_domain::{DeliveryId, SealedSecret, SubscriptionNo, Timestamp};
use postroad_store::{FanoutTarget, GroupKey, GroupTarget};

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

/// The deliveries that a notice names.
pub(crate) fn encode_deliveries(ids: &[DeliveryId]) -> Vec<u8> {
    let mut out = Encoder::with_capacity(18 * ids.len());
    out.number(ids.len() as u64);
    for id in ids {
        out.bytes(id.as_bytes());
    }
    out.done()
}

/// Reads what [`encode_deliveries`] wrote.
pub(crate) fn decode_deliveries(bytes: &[u8]) -> Result<Vec<DeliveryId>, Fault> {
    let mut rest = Decoder::new(bytes)?;
    let count = rest.count()?;
    (0..count)
        .map(|_| {
            let id = rest.bytes()?.try_into().map_err(|_| Fault::Corrupt("an id has not 16 bytes"))?;
            Ok(DeliveryId::from_bytes(id))
        })
        .collect()
}

/// A target that is due at a moment follows.
const DUE: u64 = 1;
/// A target whose events are grouped follows.
const GROUPED: u64 = 2;
/// Its windows are aligned.
const ALIGNED: u64 = 4;

/// Targets of a fan-out in their order: of each what all have, then behind the last of them what only some have. So what was written
/// before there were delays and groups, which ends there, is read as targets without them.
pub(crate) fn encode_targets(targets: &[FanoutTarget]) -> Vec<u8> {
    let mut out = Encoder::with_capacity(16 * targets.len());
    out.number(targets.len() as u64);
    for target in targets {
        out.number(target.subscription_no.0.cast_unsigned());
        out.number(target.subscription_version.cast_unsigned());
        out.moment(target.expires_at.as_micros());
    }
    if targets.iter().any(|target| target.due != Timestamp::default() || target.group.is_some()) {
        targets.iter().for_each(|target| encode_waits(&mut out, target));
    }
    out.done()
}

fn encode_waits(out: &mut Encoder, target: &FanoutTarget) {
    let is_aligned = target.group.is_some_and(|group| group.is_aligned);
    let due = if target.due == Timestamp::default() { 0 } else { DUE };
    let grouped = if target.group.is_some() { GROUPED } else { 0 };
    out.number(due | grouped | if is_aligned { ALIGNED } else { 0 });
    if due != 0 {
        out.moment(target.due.as_micros());
    }
    if let Some(group) = target.group {
        out.bytes(&group.key.0);
        out.number(group.window_ms.into());
        out.number(group.events_max.into());
        out.number(group.bytes_max.into());
    }
}

/// Reads what [`encode_targets`] wrote.
pub(crate) fn decode_targets(bytes: &[u8]) -> Result<Vec<FanoutTarget>, Fault> {
    let mut rest = Decoder::new(bytes)?;
    let count = rest.count()?;
    let targets = (0..count).map(|_| {
        Ok(FanoutTarget {
            subscription_no: SubscriptionNo(rest.number()?.cast_signed()),
            subscription_version: rest.number()?.cast_signed(),
            due: Timestamp::default(),
            expires_at: Timestamp::from_micros(rest.moment()?),
            group: None,
        })
    });
    let mut targets = targets.collect::<Result<Vec<_>, Fault>>()?;
    if !rest.is_empty() {
        targets.iter_mut().try_for_each(|target| decode_waits(&mut rest, target))?;
    }
    Ok(targets)
}

fn decode_waits(rest: &mut Decoder<'_>, target: &mut FanoutTarget) -> Result<(), Fault> {
    let what = rest.number()?;
    if what & DUE != 0 {
        target.due = Timestamp::from_micros(rest.moment()?);
    }
    if what & GROUPED != 0 {
        let unreadable = |_| Fault::Corrupt("a stored target has a group that is none");
        target.group = Some(GroupTarget {
            key: GroupKey(rest.bytes()?.try_into().map_err(|_| Fault::Corrupt("a group's key is cut off"))?),
            window_ms: rest.number()?.try_into().map_err(unreadable)?,
            is_aligned: what & ALIGNED != 0,
            events_max: rest.number()?.try_into().map_err(unreadable)?,
            bytes_max: rest.number()?.try_into().map_err(unreadable)?,
        });
    }
    Ok(())
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
        let target = |no| FanoutTarget {
            subscription_no: SubscriptionNo(no),
            subscription_version: no + 1,
            due: Timestamp::default(),
            expires_at: Timestamp::from_micros(no),
            group: None,
        };
        let targets = [1, 300].map(target);
        assert_eq!(decode_targets(&encode_targets(&targets)).unwrap(), targets);
        let (key, window_ms) = (GroupKey([7; 16]), 60_000);
        let group = GroupTarget { key, window_ms, is_aligned: true, events_max: 10_000, bytes_max: 1 << 24 };
        let waiting = [
            FanoutTarget { due: Timestamp::from_micros(9), ..target(1) },
            FanoutTarget { group: Some(group), ..target(2) },
            target(3),
        ];
        let written = encode_targets(&waiting);
        assert_eq!(decode_targets(&written).unwrap(), waiting);
        assert!(decode_targets(&written[..written.len() - 1]).is_err());
    }
}
