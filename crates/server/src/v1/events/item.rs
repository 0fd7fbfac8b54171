//! One event as it is sent: an envelope of known names around data that nobody looks into.
//!
//! **Invariant:** `data` and `attributes` stay byte for byte what came: key order, number spelling and escapes are the
//! caller's.

use bytes::Bytes;
use postroad_domain::{
    Invalid, Timestamp,
    limits::{ATTRIBUTES_BYTES_MAX, IDEMPOTENCY_KEY_CHARS_MAX, NAME_CHARS_MAX, TAG_CHARS_MAX, TAGS_MAX},
};
use postroad_engine::PublishEvent;
use serde_json::{Value, value::RawValue};
use utoipa::ToSchema;

use crate::{
    check::{Faults, Object, Shape},
    envelope::{Envelope, Names},
    problem::Problem,
    query::parse_time,
};

/// Data is copied out of its request unless it is most of it. A slice would keep the whole buffer of the connection, or
/// the whole batch, in memory as long as the event waits there, and a lane counts the bytes of its events only.
const SLICED_SHARE_MAX: usize = 2;
/// Below this size a copy costs nothing, and the connection's buffer is larger than its requests.
const COPIED_BYTES_MAX: usize = 16 * 1024;

/// An event to publish.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "read by the OpenAPI document only; `read` reads the bytes")]
pub(crate) struct NewEvent {
    /// What happened, by the wire code or the title of an event type: `lead.created`.
    #[schema(rename = "type", max_length = 255)]
    type_: String,
    /// Any JSON value that the profile takes; receivers get exactly these bytes, unless the profile says otherwise.
    #[schema(value_type = Value)]
    data: Value,
    /// Words that tag sets match; at most 32 of at most 128 characters.
    #[schema(max_items = 32)]
    tags: Option<Vec<String>>,
    /// The attributes that the profile declares; at most 16 KiB.
    #[schema(value_type = Option<Object>)]
    attributes: Option<Value>,
    /// When it happened; by default, when it is accepted.
    #[schema(format = DateTime)]
    occurred_at: Option<String>,
    /// The idempotency key, where there is no header `Idempotency-Key`.
    #[schema(max_length = 128)]
    id: Option<String>,
}

static NAMES: Names<2> = Names {
    shape: Shape::of(&["type", "data", "tags", "attributes", "occurred_at", "id"]),
    carried: ["data", "attributes"],
};

/// Checks one event. `item` is its text within `request`, `path` its place there, `key` what the header names.
pub(super) fn read(
    item: &str,
    request: &Bytes,
    path: &str,
    key: Option<String>,
) -> Result<PublishEvent, Problem> {
    let envelope = Envelope::read(item, path, &NAMES)?;
    let faults = Faults::default();
    let [data, attributes] = envelope.carried;
    let data = read_data(data, path, &faults);
    let attributes = attributes.and_then(|raw| read_attributes(raw, path, &faults));
    let small = envelope.small(path, &faults);
    let event = small.and_then(|small| read_small(small, key)).zip(data).map(|(small, data)| PublishEvent {
        event_type: small.event_type,
        data: carried(data, request),
        tags: small.tags,
        attributes: attributes.map(|raw| carried(raw, request)).unwrap_or_default(),
        occurred_at: small.occurred_at,
        idempotency: small.key.map(|key| (key, request.slice_ref(item.as_bytes()))),
        trace: None,
    });
    faults.finish(event)
}

/// What is parsed of an event.
struct Small {
    event_type: String,
    tags: Vec<String>,
    occurred_at: Option<Timestamp>,
    key: Option<String>,
}

fn read_small(mut fields: Object<'_>, key: Option<String>) -> Option<Small> {
    let event_type = read_type(&mut fields);
    let tags = fields.field("tags");
    let tags = tags.and_then(|field| field.list(TAGS_MAX, |tag| tag.text_within(1, TAG_CHARS_MAX)));
    let occurred_at = fields.field("occurred_at").and_then(|field| field.parsed(parse_time));
    let id = fields.field("id").and_then(|field| field.text_within(1, IDEMPOTENCY_KEY_CHARS_MAX));
    Some(Small { event_type: event_type?, tags: tags.unwrap_or_default(), occurred_at, key: key.or(id) })
}

/// The name or title of an event type. Whether there is such a type the profile and the tenant decide.
fn read_type(fields: &mut Object<'_>) -> Option<String> {
    fields.required("type").and_then(|field| field.text_within(1, NAME_CHARS_MAX))
}

/// The data, which is any JSON value.
fn read_data<'a>(data: Option<&'a RawValue>, path: &str, faults: &Faults) -> Option<&'a RawValue> {
    if data.is_none() {
        faults.add(&join(path, "data"), "is required; it may be any JSON value, also null");
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
    faults.add(&join(path, "attributes"), problem.to_string());
    None
}

fn carried(raw: &RawValue, request: &Bytes) -> Bytes {
    let bytes = raw.get().as_bytes();
    let is_most = bytes.len() >= COPIED_BYTES_MAX && request.len() <= bytes.len() * SLICED_SHARE_MAX;
    if is_most { request.slice_ref(bytes) } else { Bytes::copy_from_slice(bytes) }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
