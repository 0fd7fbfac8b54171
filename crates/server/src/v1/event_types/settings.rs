//! What a caller may set of an event type: the fields, and how they are checked.

use postroad_domain::{
    EventType, RegisteredType,
    limits::{
        DESCRIPTION_CHARS_MAX, EVENT_TYPE_EXAMPLE_BYTES_MAX, EVENT_TYPE_SCHEMA_BYTES_MAX, NAME_CHARS_MAX,
    },
};
use postroad_engine::text_within;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{
    check::{Carried, Faults, body},
    envelope::{Envelope, Enveloped},
    problem::{Code, Problem},
};

body! {
    /// What a caller may set of an event type.
    #[derive(Debug, Serialize, ToSchema)]
    #[schema(as = TenantEventTypeSettings)]
    pub(crate) struct EventTypeSettings {
        /// The name people see; accepted wherever the code is.
        title: Option<String>,
        /// Where it stands in the catalogue.
        group: Option<String>,
        /// When it happens.
        description: Option<String>,
        /// Data as it may come, of at most 64 KiB; tests of subscriptions send it.
        #[schema(value_type = Option<Value>)]
        example: Carried,
        /// A JSON Schema of at most 64 KiB, by default of draft 2020-12: data that does not fit is refused. `format` is
        /// an annotation and is not checked. Without an `example` a test sends made-up data that may not fit.
        #[schema(value_type = Option<Value>)]
        schema: Carried,
    }
}

impl Enveloped<2> for EventTypeSettings {
    const CARRIED: [&'static str; 2] = ["example", "schema"];
}

impl EventTypeSettings {
    /// As it is shown.
    ///
    /// Errors: when the store gives back what is not the JSON that was put in.
    pub(super) fn of(registered: &RegisteredType) -> Result<Self, Problem> {
        Ok(Self {
            title: registered.title.clone(),
            group: registered.group.clone(),
            description: registered.description.clone(),
            example: registered.example.as_deref().map(raw).transpose()?.into(),
            schema: registered.schema.as_deref().map(raw).transpose()?.into(),
        })
    }
}

/// Checks a body.
pub(super) fn read(name: EventType, body: &str) -> Result<RegisteredType, Problem> {
    let envelope: Envelope<'_, EventTypeSettings, 2> = Envelope::read(body, "")?;
    let faults = Faults::default();
    let [example, schema] = envelope.carried;
    let example = carried(example, EVENT_TYPE_EXAMPLE_BYTES_MAX, "example", &faults);
    let schema = carried(schema, EVENT_TYPE_SCHEMA_BYTES_MAX, "schema", &faults);
    // Whether it is a schema is for the engine to check; that it is none at all is seen from its first letter.
    if schema.as_deref().is_some_and(|text| !text.starts_with(['{', 't', 'f'])) {
        faults.add("schema", "must be an object, true or false");
    }
    let EventTypeSettings { title, group, description, .. } = envelope.small("", &faults);
    let text = |name, text: Option<String>, min, max| {
        text.and_then(|text| faults.check(name, text_within(text, min, max)))
    };
    let title = text("title", title, 1, NAME_CHARS_MAX);
    let group = text("group", group, 1, NAME_CHARS_MAX);
    let description = text("description", description, 0, DESCRIPTION_CHARS_MAX);
    faults.finish(Some(RegisteredType { name, title, group, description, example, schema }))
}

/// The text of a value that is kept as it came; null is the same as absent.
fn carried(raw: Option<&RawValue>, bytes_max: usize, name: &str, faults: &Faults) -> Option<String> {
    let text = raw.map(RawValue::get).filter(|text| *text != "null")?;
    if text.len() > bytes_max {
        faults.add(name, format!("is longer than {bytes_max} bytes"));
        return None;
    }
    Some(text.to_owned())
}

fn raw(json: &str) -> Result<Box<RawValue>, Problem> {
    RawValue::from_string(json.to_owned()).map_err(|error| {
        tracing::error!(%error, "a stored event type is not JSON");
        Problem::new(Code::Internal, "The event type could not be read. The server's log says why.")
    })
}
