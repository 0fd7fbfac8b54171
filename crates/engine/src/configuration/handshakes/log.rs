//! How a handshake stands in the log: as a test of the type [`EventType::HANDSHAKE`], whose data says what was made and what it came
//! to, and holds the body that was sent.

use bytes::Bytes;
use postroad_domain::{Event, EventType, limits::VERIFICATION_DETAIL_CHARS_MAX};
use serde::{Deserialize, Serialize};

/// The data of the event.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HandshakeRecord {
    /// Its number in the profile, from 1.
    pub(crate) handshake: usize,
    /// `POST`.
    pub(crate) method: String,
    /// Whether it must pass before anything is sent.
    pub(crate) blocking: bool,
    /// Whether the receiver answered as the profile expects it.
    pub(crate) passed: bool,
    /// Why not.
    pub(crate) detail: Option<String>,
    /// What was sent; empty for nothing.
    pub(crate) body: String,
}

impl HandshakeRecord {
    pub(crate) fn to_data(&self) -> Bytes {
        // Made of texts and numbers: it cannot fail.
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

/// The body of a handshake that was logged; `None` for any other event.
pub(crate) fn logged_body(event: &Event) -> Option<Bytes> {
    if !is_handshake(event.test, &event.event_type) {
        return None;
    }
    let record: HandshakeRecord = serde_json::from_slice(&event.data).ok()?;
    Some(record.body.into())
}

/// Whether a delivery of an event of this type is a handshake that was logged.
pub(crate) fn is_handshake(test: bool, event_type: &EventType) -> bool {
    test && event_type.is_handshake()
}

/// What is said of a handshake that failed, no longer than it may be.
pub(crate) fn detail(text: &str) -> String {
    text.chars().take(VERIFICATION_DETAIL_CHARS_MAX).collect()
}
