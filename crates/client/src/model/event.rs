//! Events: what happened in a tenant.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::error::Error;

/// An event to publish.
#[derive(Clone, Debug, Serialize)]
#[must_use]
pub struct NewEvent {
    #[serde(rename = "type")]
    event_type: String,
    data: Box<RawValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    occurred_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deliver_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
}

impl NewEvent {
    /// An event of this type, by wire code or title. A `RawValue` as data is sent byte for byte as it is.
    ///
    /// # Errors
    ///
    /// [`Error::NotJson`] for data that cannot be written as JSON: a map whose keys are no texts.
    pub fn new(event_type: impl Into<String>, data: &(impl Serialize + ?Sized)) -> Result<Self, Error> {
        Ok(Self {
            event_type: event_type.into(),
            data: to_raw_value(data)?,
            tags: Vec::new(),
            attributes: None,
            occurred_at: None,
            deliver_at: None,
            id: None,
        })
    }

    /// Your own name for the event: published again under the same one within 7 days, it is the same event. Without it the
    /// client makes one up for each call, so that its own repeats publish nothing twice.
    pub fn idempotency_key(self, key: impl Into<String>) -> Self {
        Self { id: Some(key.into()), ..self }
    }

    /// Words that the tag sets of subscriptions match.
    pub fn tags(self, tags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { tags: tags.into_iter().map(Into::into).collect(), ..self }
    }

    /// The attributes that the profile declares, an object.
    ///
    /// # Errors
    ///
    /// [`Error::NotJson`] for what cannot be written as JSON.
    pub fn attributes(self, attributes: &(impl Serialize + ?Sized)) -> Result<Self, Error> {
        Ok(Self { attributes: Some(to_raw_value(attributes)?), ..self })
    }

    /// When it happened, in RFC 3339; by default, when it is accepted.
    pub fn occurred_at(self, moment: impl Into<String>) -> Self {
        Self { occurred_at: Some(moment.into()), ..self }
    }

    /// A moment, in RFC 3339, before which it is not sent.
    pub fn deliver_at(self, moment: impl Into<String>) -> Self {
        Self { deliver_at: Some(moment.into()), ..self }
    }
}

/// A durable event: no crash loses it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Accepted {
    /// Its id.
    pub id: String,
    /// The wire code of its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// When it was accepted.
    pub accepted_at: String,
    /// How many deliveries it was routed to.
    pub deliveries: u32,
    /// The idempotency key was used before with the same bytes: this is the event of that time.
    #[serde(default)]
    pub duplicate: bool,
}

/// An event.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// Its id, the same in every attempt.
    pub id: String,
    /// Whose it is; in lists over all tenants only.
    #[serde(default)]
    pub tenant: Option<String>,
    /// What happened.
    #[serde(rename = "type")]
    pub event_type: String,
    /// When it was accepted.
    pub accepted_at: String,
    /// When it happened, if the publisher said so.
    #[serde(default)]
    pub occurred_at: Option<String>,
    /// Words that tag sets match.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The attributes.
    #[serde(default)]
    pub attributes: Option<Box<RawValue>>,
    /// The data exactly as it came.
    pub data: Box<RawValue>,
    /// How many deliveries it was routed to.
    #[serde(default)]
    pub deliveries: u32,
    /// It was made to test a subscription.
    #[serde(default)]
    pub test: bool,
}
