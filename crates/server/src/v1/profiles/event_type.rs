//! An event type of a profile's catalogue.

use postroad_profile::{EventEntry, ExampleOrigin};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::problem::{Code, Problem};

/// A type of events.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventType)]
pub(crate) struct EventTypeJson {
    /// The wire code.
    name: String,
    /// The name people see; accepted wherever the code is.
    title: Option<String>,
    /// The number by which the product's own API names it, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = u32)]
    number: Option<u32>,
    /// Where it stands in the catalogue.
    group: Option<String>,
    /// When it happens.
    description: Option<String>,
    /// Data as it may come, exactly as the profile has it.
    #[schema(value_type = Value)]
    example: Box<RawValue>,
    /// The attributes that belong to the example.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = Object)]
    example_attributes: Option<Box<RawValue>>,
    /// `published`: the product published such data; `plausible`: it did not, this is how it could look.
    example_is: &'static str,
}

impl EventTypeJson {
    /// Errors: when an example is not the JSON that it was when the profile was loaded.
    pub(super) fn of(entry: &EventEntry) -> Result<Self, Problem> {
        Ok(Self {
            name: entry.name.clone(),
            title: entry.title.clone(),
            number: entry.number,
            group: entry.group.clone(),
            description: entry.description.clone(),
            example: raw(&entry.example)?,
            example_attributes: entry.example_attributes.as_deref().map(raw).transpose()?,
            example_is: word_of(entry.example_is),
        })
    }
}

fn word_of(origin: ExampleOrigin) -> &'static str {
    match origin {
        ExampleOrigin::Published => "published",
        ExampleOrigin::Plausible => "plausible",
    }
}

fn raw(json: &str) -> Result<Box<RawValue>, Problem> {
    RawValue::from_string(json.to_owned()).map_err(|error| {
        tracing::error!(%error, "an example of a loaded profile is not JSON");
        Problem::new(Code::Internal, "The profile could not be read. The server's log says why.")
    })
}
