//! One event as it is sent: an envelope of known names around data that nobody looks into.
//!
//! **Invariant:** `data` and `attributes` stay byte for byte what came: key order, number spelling and escapes are the
//! caller's.

use std::fmt;

use bytes::Bytes;
use postroad_domain::{
    Invalid, Timestamp,
    limits::{ATTRIBUTES_BYTES_MAX, IDEMPOTENCY_KEY_CHARS_MAX, NAME_CHARS_MAX, TAG_CHARS_MAX, TAGS_MAX},
};
use postroad_engine::{self as engine, PublishEvent, text_within};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{
    check::{BoundedVec, Carried, Faults, body},
    envelope::{Envelope, Enveloped},
    problem::Problem,
};

/// Data is copied out of its request unless it is most of it. A slice would keep the whole buffer of the connection, or
/// the whole batch, in memory as long as the event waits there, and a lane counts the bytes of its events only.
const SLICED_SHARE_MAX: usize = 2;
/// Below this size a copy costs nothing, and the connection's buffer is larger than its requests.
const COPIED_BYTES_MAX: usize = 16 * 1024;

body! {
    /// An event to publish.
    #[derive(ToSchema)]
    pub(crate) struct NewEvent {
        /// What happened, by the wire code or the title of an event type: `lead.created`.
        r#type: String,
        /// Any JSON value that the profile takes; receivers get exactly these bytes, unless the profile says otherwise.
        #[schema(value_type = Value)]
        #[expect(dead_code, reason = "the envelope carries it; here are its name and description")]
        data: Carried,
        /// Words that tag sets match; at most 32 of at most 128 characters.
        #[schema(value_type = Option<Vec<String>>)]
        tags: Option<BoundedVec<String, TAGS_MAX>>,
        /// The attributes that the profile declares; at most 16 KiB.
        #[schema(value_type = Option<Object>)]
        #[expect(dead_code, reason = "the envelope carries it; here are its name and description")]
        attributes: Carried,
        /// When it happened; by default, when it is accepted.
        #[schema(value_type = Option<String>, format = DateTime)]
        occurred_at: Option<Timestamp>,
        /// It is not sent before: a moment up to 30 days from now, and within the time for which events are kept. Not for events that
        /// a subscription sends together with others.
        #[schema(value_type = Option<String>, format = DateTime)]
        deliver_at: Option<Timestamp>,
        /// The idempotency key, where there is no header `Idempotency-Key`.
        id: Option<String>,
    }
}

impl Enveloped<2> for NewEvent {
    const CARRIED: [&'static str; 2] = ["data", "attributes"];
}

/// Checks one event. `item` is its text within `request`, `path` its place there, `key` what the header names.
pub(super) fn read(
    item: &str,
    request: &Bytes,
    path: &str,
    key: Option<String>,
) -> Result<PublishEvent, Problem> {
    let envelope: Envelope<'_, NewEvent, 2> = Envelope::read(item, path)?;
    let faults = Faults::default();
    let [data, attributes] = envelope.carried;
    let data = read_data(data, path, &faults);
    let attributes = attributes.and_then(|raw| read_attributes(raw, path, &faults));
    let new = envelope.small(path, &faults);
    let small = faults.then(|faults| new.within_limits(path, faults));
    let event = small.zip(data).map(|(small, data)| PublishEvent {
        event_type: small.event_type,
        data: carried(data, request),
        tags: small.tags,
        attributes: attributes.map(|raw| carried(raw, request)).unwrap_or_default(),
        occurred_at: small.occurred_at,
        deliver_at: small.deliver_at,
        idempotency: key.or(small.id).map(|key| (key, request.slice_ref(item.as_bytes()))),
        trace: None,
    });
    faults.finish(event)
}

/// What is parsed of an event, within its limits. Whether there is such a type the profile and the tenant decide.
struct Small {
    event_type: String,
    tags: Vec<String>,
    occurred_at: Option<Timestamp>,
    deliver_at: Option<Timestamp>,
    id: Option<String>,
}

impl NewEvent {
    fn within_limits(self, path: &str, faults: &mut engine::Faults) -> Option<Small> {
        let of = |name| Place { path, name };
        let event_type = faults.check(of("type"), text_within(self.r#type, 1, NAME_CHARS_MAX));
        let tag = |faults: &mut engine::Faults, field: fmt::Arguments<'_>, tag| {
            faults.check(field, text_within(tag, 1, TAG_CHARS_MAX))
        };
        let tags = self.tags.map(|tags| faults.list(of("tags"), (tags.into_inner(), TAGS_MAX), tag));
        let id = self.id.map(|id| text_within(id, 1, IDEMPOTENCY_KEY_CHARS_MAX));
        let id = id.and_then(|checked| faults.check(of("id"), checked));
        Some(Small {
            event_type: event_type?,
            tags: tags.unwrap_or_default(),
            occurred_at: self.occurred_at,
            deliver_at: self.deliver_at,
            id,
        })
    }
}

/// The data, which is any JSON value.
fn read_data<'a>(data: Option<&'a RawValue>, path: &str, faults: &Faults) -> Option<&'a RawValue> {
    if data.is_none() {
        faults.add(
            &Place { path, name: "data" }.to_string(),
            "is required; it may be any JSON value, also null",
        );
    }
    data
}

/// The attributes, an object; `None` also where they are null.
pub(in crate::v1) fn read_attributes<'a>(
    raw: &'a RawValue,
    path: &str,
    faults: &Faults,
) -> Option<&'a RawValue> {
    let text = raw.get();
    let problem = match text.as_bytes().first() {
        Some(b'n') => return None,
        Some(b'{') if text.len() <= ATTRIBUTES_BYTES_MAX => return Some(raw),
        Some(b'{') => Invalid::new(format!("is longer than {ATTRIBUTES_BYTES_MAX} bytes")),
        _ => Invalid::new("must be an object"),
    };
    faults.add(&Place { path, name: "attributes" }.to_string(), problem.to_string());
    None
}

fn carried(raw: &RawValue, request: &Bytes) -> Bytes {
    let bytes = raw.get().as_bytes();
    let is_most = bytes.len() >= COPIED_BYTES_MAX && request.len() <= bytes.len() * SLICED_SHARE_MAX;
    if is_most { request.slice_ref(bytes) } else { Bytes::copy_from_slice(bytes) }
}

/// Where a member of an event stands in the request; only written down where it is at fault.
struct Place<'a> {
    path: &'a str,
    name: &'a str,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.path.is_empty() { "" } else { "." };
        write!(out, "{}{separator}{}", self.path, self.name)
    }
}
