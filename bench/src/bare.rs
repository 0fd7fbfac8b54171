//! The work without the server: the generator itself posts the bodies, signed as Standard Webhooks asks, to the receiver.

use std::ops::Range;

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    mark::write_digits,
    pace::Turn,
    template::{EVENT_TYPE, Template, data},
};

const ID_DIGITS: usize = 26;
const SECONDS_DIGITS: usize = 10;
/// Characters of an HMAC-SHA256 in base64.
const SIGNATURE_CHARS: usize = 44;

/// The request that posts one event to `/subscription`.
pub(super) fn template(host: &str, subscription: u64, data_bytes: usize) -> Template {
    let body = format!(
        r#"{{"type":"{EVENT_TYPE}","timestamp":"2026-11-21T00:00:00.000000Z","data":{}}}"#,
        data(data_bytes)
    );
    let head = format!(
        "POST /{subscription} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\nuser-agent: bench\r\n\
         webhook-id: evt_{id}\r\nwebhook-timestamp: {seconds}\r\nwebhook-signature: v1,{signature}\r\n\
         content-length: {length}\r\n\r\n",
        id = "0".repeat(ID_DIGITS),
        seconds = "0".repeat(SECONDS_DIGITS),
        signature = "0".repeat(SIGNATURE_CHARS),
        length = body.len()
    );
    let signing = Signing::new(&head);
    Template::signed(head + &body, signing)
}

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
    fn new(head: &str) -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_request_carries_a_signature_that_verifies() {
        let mut template = template("x:1", 3, 1_024);
        let text = String::from_utf8(
            template.fill(Turn { number: 9, sent_micros: 1_614_265_330_000_000 }, 0).to_vec(),
        );
        let text = text.unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let (id, seconds) = (header("webhook-id: "), header("webhook-timestamp: "));
        assert_eq!((id, seconds), ("evt_00000000000000000000000009", "1614265330"));
        let signature = STANDARD.decode(header("webhook-signature: v1,")).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
        hmac::verify(&key, format!("{id}.{seconds}.{body}").as_bytes(), &signature).unwrap();
        assert!(head.starts_with("POST /3 ") && head.contains(&format!("content-length: {}", body.len())));
    }
}
