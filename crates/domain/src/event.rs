//! An event: something that happened in a tenant; immutable once accepted.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    ids::EventId, invalid::Invalid, limits::EVENT_TYPE_CHARS_MAX, tenant::ProfileNo, time::Timestamp,
    trace::TraceContext,
};

/// The name of a kind of event: `lead.created`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventType(String);

impl EventType {
    /// The type under which the handshakes of a profile are logged, as tests. Nobody publishes it, and no tenant or profile has an
    /// event type of that name.
    pub const HANDSHAKE: &str = "postroad.handshake";

    /// The type of a handshake.
    pub fn handshake() -> Self {
        Self(Self::HANDSHAKE.to_owned())
    }

    /// Whether it is [`Self::HANDSHAKE`].
    pub fn is_handshake(&self) -> bool {
        self.0 == Self::HANDSHAKE
    }

    /// Checks an event type: 1 to 128 of letters, digits, `_`, `.`, `-`, `/` and `:`, beginning with a letter or digit.
    /// A profile may narrow this to its catalogue.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let mut bytes = text.bytes();
        let starts_well = bytes.next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let goes_on_well = bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_.-/:".contains(&byte));
        if starts_well && goes_on_well && text.len() <= EVENT_TYPE_CHARS_MAX {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new(format!(
            "must be 1 to {EVENT_TYPE_CHARS_MAX} letters, digits, '_', '.', '-', '/' or ':', and begin with a letter \
             or digit, as in lead.created"
        )))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl TryFrom<String> for EventType {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<EventType> for String {
    fn from(event_type: EventType) -> Self {
        event_type.0
    }
}

/// An event's place in its tenant's log: it counts the events of that tenant from 1 in the order in which they were
/// accepted. Numbers may be left out. It is never the installation's own number, whose gaps would show one tenant
/// everybody's traffic. At most 2⁵¹.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventOffset(pub u64);

impl EventOffset {
    /// The offset of a tenant's first event.
    pub const FIRST: Self = Self(1);

    /// The offset behind this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// An accepted event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Ours, the same in every attempt.
    pub id: EventId,
    /// What happened.
    pub event_type: EventType,
    /// When we took it.
    pub accepted_at: Timestamp,
    /// When it happened, if the caller said so.
    pub occurred_at: Option<Timestamp>,
    /// Words that tag sets match.
    pub tags: Vec<String>,
    /// The attributes the profile declares, as the JSON object that came; empty when none came.
    pub attributes: Bytes,
    /// The data exactly as it came: key order, number spelling and escapes are the caller's.
    pub data: Bytes,
    /// How many deliveries it was routed to.
    pub deliveries: u32,
    /// The profile that its deliveries are shaped by; `None` for the tenant's current one, in events from before profiles
    /// were stored.
    pub profile: Option<ProfileNo>,
    /// The tenant's version that its deliveries are shaped with.
    pub tenant_version: i64,
    /// The span that published it, where its caller or this server traces.
    pub trace: Option<Box<TraceContext>>,
    /// It was made by Postroad to test a subscription.
    pub test: bool,
}

impl Event {
    /// When it happened, or else when we took it.
    pub fn moment(&self) -> Timestamp {
        self.occurred_at.unwrap_or(self.accepted_at)
    }

    /// Bytes of its data and its attributes.
    pub fn bytes(&self) -> usize {
        self.data.len() + self.attributes.len()
    }
}

/// An event type that a tenant adds to its profile's catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredType {
    /// The wire code.
    pub name: EventType,
    /// The name that people see; accepted wherever the code is.
    pub title: Option<String>,
    /// The heading under which it is listed.
    pub group: Option<String>,
    /// When it happens.
    pub description: Option<String>,
    /// Example data, as JSON text.
    pub example: Option<String>,
    /// A JSON Schema that data must fit, as JSON text.
    pub schema: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_type_is_a_name_and_not_free_text() {
        for text in ["lead.created", "ideaRequest.attachedToIdea", "urn:x/y-1_2", "7"] {
            assert_eq!(EventType::parse(text).unwrap().as_str(), text);
        }
        for text in ["", ".a", "a b", "a\n", "ä", &"a".repeat(129)] {
            EventType::parse(text).unwrap_err();
        }
        assert_eq!(EventType::parse(EventType::HANDSHAKE), Ok(EventType::handshake()));
    }
}
