//! The wire format of Standard Webhooks 1.0: body, headers, signatures, secrets.
//!
//! This is the future `standard` profile: when profiles come, this file becomes data and everything else stays. The
//! body is the same in every attempt; timestamp and signatures are renewed, with the secrets that sign at that time.

use aws_lc_rs::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use postroad_domain::{Event, EventId, Invalid, Signature, Timestamp};
use rand::Rng;
use zeroize::Zeroizing;

const HMAC_PREFIX: &str = "whsec_";
const ED25519_PREFIX: &str = "whsk_";
const ED25519_PUBLIC_PREFIX: &str = "whpk_";
const GENERATED_BYTES: usize = 32;

/// The key of one secret, ready to sign.
pub enum Signer {
    /// `v1`: HMAC-SHA256.
    Hmac(Box<hmac::Key>),
    /// `v1a`: ed25519.
    Ed25519(Box<Ed25519KeyPair>),
}

impl Signer {
    /// Reads a secret as it is shown to people: `whsec_…` with 24 to 64 bytes, or `whsk_…` with the 32 bytes of a
    /// private key (or 64, with the public key behind it).
    pub fn parse(secret: &str, signature: Signature) -> Result<Self, Invalid> {
        match signature {
            Signature::HmacSha256 => parse_hmac(secret),
            Signature::Ed25519 => parse_ed25519(secret),
        }
    }

    /// A fresh secret.
    pub fn generate(signature: Signature, rng: &mut impl Rng) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0_u8; GENERATED_BYTES]);
        rng.fill_bytes(&mut *bytes);
        let prefix = match signature {
            Signature::HmacSha256 => HMAC_PREFIX,
            Signature::Ed25519 => ED25519_PREFIX,
        };
        Zeroizing::new(format!("{prefix}{}", STANDARD.encode(*bytes)))
    }

    /// The public key as receivers take it, where there is one.
    pub fn public_key(&self) -> Option<String> {
        match self {
            Self::Hmac(_) => None,
            Self::Ed25519(pair) => {
                Some(format!("{ED25519_PUBLIC_PREFIX}{}", STANDARD.encode(pair.public_key().as_ref())))
            }
        }
    }

    /// Appends the signature of `{id}.{timestamp}.{body}` with its version.
    fn sign(&self, id: &str, timestamp: &str, body: &[u8], out: &mut String) {
        match self {
            Self::Hmac(key) => {
                let mut context = hmac::Context::with_key(key);
                for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
                    context.update(part);
                }
                out.push_str("v1,");
                STANDARD.encode_string(context.sign(), out);
            }
            Self::Ed25519(pair) => {
                let text = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
                out.push_str("v1a,");
                STANDARD.encode_string(pair.sign(&text), out);
            }
        }
    }
}

fn parse_hmac(secret: &str) -> Result<Signer, Invalid> {
    let bytes = secret
        .strip_prefix(HMAC_PREFIX)
        .and_then(|encoded| STANDARD.decode(encoded).ok())
        .map(Zeroizing::new)
        .filter(|bytes| (24..=64).contains(&bytes.len()))
        .ok_or_else(|| Invalid::new("must be whsec_ and the base64 of 24 to 64 random bytes"))?;
    Ok(Signer::Hmac(Box::new(hmac::Key::new(hmac::HMAC_SHA256, &bytes))))
}

fn parse_ed25519(secret: &str) -> Result<Signer, Invalid> {
    let refused = || Invalid::new("must be whsk_ and the base64 of a 32-byte ed25519 private key");
    let bytes = secret
        .strip_prefix(ED25519_PREFIX)
        .and_then(|encoded| STANDARD.decode(encoded).ok())
        .map(Zeroizing::new)
        .filter(|bytes| matches!(bytes.len(), 32 | 64))
        .ok_or_else(refused)?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&bytes[..32]).map_err(|_| refused())?;
    if bytes.len() == 64 && pair.public_key().as_ref() != &bytes[32..] {
        return Err(Invalid::new("holds a public key that does not belong to its private key"));
    }
    Ok(Signer::Ed25519(Box::new(pair)))
}

/// The body that receivers get: type, time and data, the data byte for byte as it came.
pub(crate) fn body(event: &Event) -> Bytes {
    let mut body = Vec::with_capacity(event.data.len() + event.event_type.as_str().len() + 80);
    body.extend_from_slice(b"{\"type\":\"");
    // An event type holds no character that JSON escapes.
    body.extend_from_slice(event.event_type.as_str().as_bytes());
    body.extend_from_slice(b"\",\"timestamp\":\"");
    body.extend_from_slice(event.moment().to_string().as_bytes());
    body.extend_from_slice(b"\",\"data\":");
    body.extend_from_slice(&event.data);
    body.push(b'}');
    Bytes::from(body)
}

/// Writes the three `webhook-*` headers of one attempt. `signers` are the secrets that sign now, the current one first.
pub(crate) fn write_headers<'a>(
    id: EventId,
    at: Timestamp,
    body: &[u8],
    signers: impl Iterator<Item = &'a Signer>,
    headers: &mut HeaderMap,
) {
    let (id, timestamp) = (id.to_string(), at.as_secs().to_string());
    let signature = signature_header(&id, &timestamp, body, signers);
    for (name, value) in
        [("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", signature)]
    {
        let value = HeaderValue::from_maybe_shared(Bytes::from(value))
            .expect("ids, digits and base64 are visible ASCII");
        headers.insert(HeaderName::from_static(name), value);
    }
}

fn signature_header<'a>(
    id: &str,
    timestamp: &str,
    body: &[u8],
    signers: impl Iterator<Item = &'a Signer>,
) -> String {
    let mut text = String::with_capacity(64);
    for signer in signers {
        if !text.is_empty() {
            text.push(' ');
        }
        signer.sign(id, timestamp, body, &mut text);
    }
    text
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn the_published_vector_of_standard_webhooks_holds() {
        let signer = Signer::parse(SECRET, Signature::HmacSha256).unwrap();
        let header = signature_header(ID, "1614265330", br#"{"test": 2432232314}"#, [&signer].into_iter());
        assert_eq!(header, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn while_an_old_secret_still_signs_its_signature_follows_after_one_space() {
        let mut rng = StdRng::seed_from_u64(1);
        let new = Signer::generate(Signature::HmacSha256, &mut rng);
        let signers = [&*new, SECRET].map(|secret| Signer::parse(secret, Signature::HmacSha256).unwrap());
        let header = signature_header(ID, "1614265330", br#"{"test": 2432232314}"#, signers.iter());
        let parts: Vec<_> = header.split(' ').collect();
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[1], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn an_ed25519_signature_is_verified_by_its_public_key() {
        let secret = Signer::generate(Signature::Ed25519, &mut StdRng::seed_from_u64(2));
        let signer = Signer::parse(&secret, Signature::Ed25519).unwrap();
        let header = signature_header(ID, "1", b"{}", [&signer].into_iter());
        let signature = STANDARD.decode(header.strip_prefix("v1a,").unwrap()).unwrap();
        let public = signer.public_key().unwrap();
        let public = STANDARD.decode(public.strip_prefix("whpk_").unwrap()).unwrap();
        UnparsedPublicKey::new(&ED25519, public)
            .verify(format!("{ID}.1.{{}}").as_bytes(), &signature)
            .unwrap();
    }

    #[test]
    fn a_secret_of_another_form_is_refused_with_the_form_that_is_wanted() {
        for secret in
            ["", "secret", "whsec_", "whsec_####", "whsec_c2hvcnQ=", "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
        {
            let refused = Signer::parse(secret, Signature::HmacSha256).err().unwrap().to_string();
            assert!(refused.contains("24 to 64 random bytes"), "{secret}: {refused}");
            Signer::parse(secret, Signature::Ed25519).err().unwrap();
        }
    }
}
