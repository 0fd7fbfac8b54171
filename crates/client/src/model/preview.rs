//! The request of an event, made and not sent.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::Header;
use crate::error::Error;

/// An event to look at.
#[derive(Clone, Debug, Default, Serialize)]
#[must_use]
pub struct NewPreview {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    event_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    occurred_at: Option<String>,
}

impl NewPreview {
    /// An event of this type with these data.
    ///
    /// # Errors
    ///
    /// [`Error::NotJson`] for data that cannot be written as JSON.
    pub fn new(event_type: impl Into<String>, data: &(impl Serialize + ?Sized)) -> Result<Self, Error> {
        let data = to_raw_value(data)?;
        Ok(Self { event_type: Some(event_type.into()), data: Some(data), ..Self::default() })
    }

    /// The example of an event type, as a test would send it; without one, of the first that the subscription selects.
    pub fn example(event_type: Option<&str>) -> Self {
        Self { event_type: event_type.map(str::to_owned), ..Self::default() }
    }

    /// The attributes that the profile declares, an object.
    ///
    /// # Errors
    ///
    /// [`Error::NotJson`] for what cannot be written as JSON.
    pub fn attributes(self, attributes: &(impl Serialize + ?Sized)) -> Result<Self, Error> {
        Ok(Self { attributes: Some(to_raw_value(attributes)?), ..self })
    }

    /// When it happened, in RFC 3339; by default now.
    pub fn occurred_at(self, moment: impl Into<String>) -> Self {
        Self { occurred_at: Some(moment.into()), ..self }
    }
}

/// A request as it would be sent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct PreviewedRequest {
    /// The method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// In the order they would be sent.
    pub headers: Vec<Header>,
    /// The body as text.
    pub body: String,
}
