//! Signing a request that is written once and then only patched, as Standard Webhooks asks.

use std::ops::Range;

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{mark::write_digits, pace::Turn};

/// Digits of an event's number in its id.
pub(super) const ID_DIGITS: usize = 26;
/// Digits of a time in seconds.
pub(super) const SECONDS_DIGITS: usize = 10;
/// Characters of an HMAC-SHA256 in base64.
pub(super) const SIGNATURE_CHARS: usize = 44;

/// Where the headers of a signed request change, and with what they are signed.
#[derive(Debug)]
pub(super) struct Signing {
    key: hmac::Key,
    id: Range<usize>,
    seconds: Range<usize>,
    signature: Range<usize>,
    body_start: usize,
}

impl Signing {
    /// The places in the head of a request.
    pub(super) fn new(head: &str) -> Self {
        let after = |name: &str, length: usize| {
            let start = head.find(name).map_or(0, |start| start + name.len());
            start..start + length
        };
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]),
            id: after("webhook-id: ", "evt_".len() + ID_DIGITS),
            seconds: after("webhook-timestamp: ", SECONDS_DIGITS),
            signature: after("webhook-signature: v1,", SIGNATURE_CHARS),
            body_start: head.len(),
        }
    }

    /// Writes id, time and signature into the request.
    pub(super) fn sign(&self, bytes: &mut [u8], turn: Turn) {
        write_digits(&mut bytes[self.id.start + "evt_".len()..self.id.end], turn.number);
        write_digits(&mut bytes[self.seconds.clone()], turn.sent_micros / 1_000_000);
        let mut context = hmac::Context::with_key(&self.key);
        for part in
            [&bytes[self.id.clone()], b".", &bytes[self.seconds.clone()], b".", &bytes[self.body_start..]]
        {
            context.update(part);
        }
        let mut text = [0; SIGNATURE_CHARS];
        let written = STANDARD.encode_slice(context.sign(), &mut text);
        debug_assert_eq!(written.ok(), Some(SIGNATURE_CHARS));
        bytes[self.signature.clone()].copy_from_slice(&text);
    }
}
