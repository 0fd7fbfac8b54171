//! What a receiver saw.

use std::time::Instant;

use bytes::Bytes;

use crate::wire::{Message, value_of};

/// One request exactly as it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// The connection it came on; the receiver counts them from 1.
    pub connection: usize,
    /// The method: `POST`.
    pub method: String,
    /// The request target as it stood in the request line, query included: `/hook?a=%20b`.
    pub target: String,
    /// The header lines in their order, untouched: `Content-Type: application/json`.
    pub header_lines: Vec<String>,
    /// The body; chunks are put together.
    pub body: Bytes,
    /// When the last byte of it had been read.
    pub arrived_at: Instant,
    /// The status that the script answers it with; `None` where the script misbehaves instead.
    pub answered: Option<u16>,
}

impl Received {
    pub(super) fn new(message: Message, connection: usize) -> Self {
        let mut words = message.first_line.split(' ').map(str::to_owned);
        Self {
            connection,
            method: words.next().unwrap_or_default(),
            target: words.next().unwrap_or_default(),
            header_lines: message.header_lines,
            body: message.body.into(),
            arrived_at: now(),
            answered: None,
        }
    }

    /// The target without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The first value of the header `name`, whatever the case of its letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header_lines.iter().find_map(|line| value_of(line, name))
    }

    /// The body as JSON. Panics when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("the body is not JSON ({error}): {:?}", self.text()))
    }

    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

#[expect(clippy::disallowed_methods, reason = "a recorder notes when the real machine received something")]
fn now() -> Instant {
    Instant::now()
}
