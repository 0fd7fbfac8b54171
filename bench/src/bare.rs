//! The work without the server: the generator itself posts the bodies, signed as Standard Webhooks asks, to the receiver.

use super::{
    signing::{ID_DIGITS, SECONDS_DIGITS, SIGNATURE_CHARS, Signing},
    template::{EVENT_TYPE, Template, data},
};

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

#[cfg(test)]
mod tests {
    use aws_lc_rs::hmac;
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;
    use crate::pace::Turn;

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
