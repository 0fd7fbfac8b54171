//! Event types that a tenant adds to the catalogue of its profile.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::error::Error;

/// An event type of a tenant's own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TenantEventType {
    /// The wire code.
    #[serde(skip_serializing)]
    pub name: String,
    /// The name people see; accepted wherever the code is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where it stands in the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// When it happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Data as it may come; tests of subscriptions send it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<Box<RawValue>>,
    /// A JSON Schema: data that does not fit is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Box<RawValue>>,
}

impl TenantEventType {
    /// A type of this name with nothing else.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// With a JSON Schema.
    ///
    /// # Errors
    ///
    /// [`Error::NotJson`] for what cannot be written as JSON.
    #[must_use = "the type is answered and not changed"]
    pub fn with_schema(self, schema: &(impl Serialize + ?Sized)) -> Result<Self, Error> {
        Ok(Self { schema: Some(to_raw_value(schema)?), ..self })
    }

    /// With an example.
    ///
    /// # Errors
    ///
    /// [`Error::NotJson`] for what cannot be written as JSON.
    #[must_use = "the type is answered and not changed"]
    pub fn with_example(self, example: &(impl Serialize + ?Sized)) -> Result<Self, Error> {
        Ok(Self { example: Some(to_raw_value(example)?), ..self })
    }
}
