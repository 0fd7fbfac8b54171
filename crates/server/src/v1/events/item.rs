//! One event as it is sent: an envelope of known names around data that nobody looks into.
//!
//! **Invariants**
//! * `data` and `attributes` stay byte for byte what came: key order, number spelling and escapes are the caller's.
//! * A name that stands twice in the envelope is refused: nobody can say which value is meant.

use std::fmt;

use bytes::Bytes;
use postroad_domain::{
    EventType, Invalid, Timestamp,
    limits::{ATTRIBUTES_BYTES_MAX, IDEMPOTENCY_KEY_CHARS_MAX, TAG_CHARS_MAX, TAGS_MAX},
};
use postroad_engine::PublishEvent;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, error::Category, value::RawValue};
use utoipa::ToSchema;

use crate::{
    check::{Faults, Field, Object, Shape},
    json,
    problem::{Code, Problem},
    query::parse_time,
};

/// Data is copied out of its request unless it is most of it. A slice would keep the whole buffer of the connection, or
/// the whole batch, in memory as long as the event waits there, and a lane counts the bytes of its events only.
const SLICED_SHARE_MAX: usize = 2;
/// Below this size a copy costs nothing, and the connection's buffer is larger than its requests.
const COPIED_BYTES_MAX: usize = 16 * 1024;

/// An event to publish.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "read by the OpenAPI document only; `Envelope` reads the bytes")]
pub(crate) struct NewEvent {
    /// What happened: `lead.created`.
    #[schema(rename = "type", max_length = 128)]
    type_: String,
    /// Any JSON value; receivers get exactly these bytes.
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

/// The names that are small enough to be parsed.
const SMALL: Shape = Shape::of(&["type", "data", "tags", "attributes", "occurred_at", "id"]);

/// Checks one event. `item` is its text within `request`, `path` its place there, `key` what the header names.
pub(super) fn read(
    item: &str,
    request: &Bytes,
    path: &str,
    key: Option<String>,
) -> Result<PublishEvent, Problem> {
    let envelope: Envelope<'_> = serde_json::from_str(item).map_err(|error| match error.classify() {
        // The envelope itself finds only one fault: that it is none.
        Category::Data => Problem::invalid_field(path, "must be an object"),
        Category::Syntax | Category::Eof | Category::Io => json::malformed(&error),
    })?;
    if let Some(name) = envelope.repeated {
        let detail =
            format!("The key `{name}` stands twice in the event, so that nobody can say which is meant.");
        return Err(Problem::new(Code::DuplicateKey, detail));
    }
    let faults = Faults::default();
    let data = envelope.data;
    if data.is_none() {
        faults.add(&join(path, "data"), "is required; it may be any JSON value, also null");
    }
    let attributes = envelope.attributes.and_then(|raw| read_attributes(raw, path, &faults));
    let small = Field::new(path.to_owned(), Value::Object(envelope.small), &faults).object(&SMALL);
    let event = small.and_then(|small| read_small(small, key)).zip(data).map(|(small, data)| PublishEvent {
        event_type: small.event_type,
        data: carried(data, request),
        tags: small.tags,
        attributes: attributes.map(|raw| carried(raw, request)).unwrap_or_default(),
        occurred_at: small.occurred_at,
        idempotency: small.key.map(|key| (key, request.slice_ref(item.as_bytes()))),
    });
    faults.finish(event)
}

/// What is parsed of an event.
struct Small {
    event_type: EventType,
    tags: Vec<String>,
    occurred_at: Option<Timestamp>,
    key: Option<String>,
}

fn read_small(mut fields: Object<'_>, key: Option<String>) -> Option<Small> {
    let event_type = fields.required("type").and_then(|field| field.parsed(EventType::parse));
    let tags = fields.field("tags");
    let tags = tags.and_then(|field| field.list(TAGS_MAX, |tag| tag.text_within(1, TAG_CHARS_MAX)));
    let occurred_at = fields.field("occurred_at").and_then(|field| field.parsed(parse_time));
    let id = fields.field("id").and_then(|field| field.text_within(1, IDEMPOTENCY_KEY_CHARS_MAX));
    Some(Small { event_type: event_type?, tags: tags.unwrap_or_default(), occurred_at, key: key.or(id) })
}

fn read_attributes<'a>(raw: &'a RawValue, path: &str, faults: &Faults) -> Option<&'a RawValue> {
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

/// The parts of an event's text: the large ones as they are, the small ones parsed.
#[derive(Default)]
struct Envelope<'a> {
    data: Option<&'a RawValue>,
    attributes: Option<&'a RawValue>,
    small: serde_json::Map<String, Value>,
    repeated: Option<String>,
}

impl<'de> Deserialize<'de> for Envelope<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Envelope<'de>, A::Error> {
        let mut envelope = Envelope::default();
        while let Some((name, value)) = entries.next_entry::<String, &RawValue>()? {
            let is_repeated = match name.as_str() {
                "data" => envelope.data.replace(value).is_some(),
                "attributes" => envelope.attributes.replace(value).is_some(),
                _ => envelope.small.insert(name.clone(), small_value(&name, value)).is_some(),
            };
            if is_repeated {
                envelope.repeated.get_or_insert(name);
            }
        }
        Ok(envelope)
    }
}

/// The value of a name that is read. What is too deep or holds half a surrogate pair is no text that could be meant, so
/// it becomes a value of a wrong kind; what stands behind unknown names is not parsed at all.
fn small_value(name: &str, raw: &RawValue) -> Value {
    if !SMALL.known.contains(&name) {
        return Value::Bool(false);
    }
    serde_json::from_str(raw.get()).unwrap_or(Value::Bool(false))
}
