//! What helps to verify a request: which headers matter, and how they are computed where a standard says so.
//!
//! On purpose it knows no product: what a product's signature is made of is in its profile.

use crate::inspector::recorded::Recorded;

/// What stands in the name of a header that carries a signature or a credential, and what to do with it. The first that
/// fits counts.
const WORDS: [(&str, &str); 7] = [
    ("webhook-id", "the same in every attempt: know by it what you have had already"),
    ("idempotency", "the same in every attempt: know by it what you have had already"),
    ("timestamp", "refuse a request that is older than a few minutes"),
    ("signature", "compute it over the body's bytes as received and compare in constant time"),
    ("hmac", "compute it over the body's bytes as received and compare in constant time"),
    ("authorization", "a credential: compare it in constant time"),
    ("api-key", "a credential: compare it in constant time"),
];
/// The header that says that a request follows Standard Webhooks, and the two that are signed with the body.
const STANDARD: [&str; 3] = ["webhook-signature", "webhook-id", "webhook-timestamp"];

/// What to do with a header, where it matters for verification.
pub(super) fn of_header(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    WORDS.iter().find(|(word, _)| name.contains(word)).map(|(_, hint)| *hint)
}

/// How the request is signed, where its headers say so.
pub(super) fn of_request(request: &Recorded) -> Option<String> {
    let [_, id, timestamp] = STANDARD.map(|name| request.header(name));
    request.header(STANDARD[0])?;
    Some(format!(
        "Standard Webhooks: v1 is the base64 of HMAC-SHA256 over `{}.{}.` followed by the body's bytes, with the base64 \
         behind `whsec_` as its key; v1a is an ed25519 signature of the same bytes.",
        id?, timestamp?
    ))
}
