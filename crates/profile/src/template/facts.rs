//! What the variables of one rendering stand for.

use std::{borrow::Cow, cell::OnceCell};

use super::{fact::Fact, filter::canonical, filter_error::FilterError, variable::Variable};
use crate::{
    catalogue::{Catalogue, EventEntry},
    input::{AttemptFacts, RenderInput},
    json,
};

/// The facts of one rendering; each is looked up only when a template reads it.
pub(crate) struct Facts<'a> {
    pub(crate) input: &'a RenderInput<'a>,
    /// Where the words for the event's type are.
    pub(crate) catalogue: Option<&'a Catalogue>,
    /// Data appears in its canonical form everywhere.
    pub(crate) canonical_data: bool,
    /// The delivery is written as a group.
    pub(crate) grouped: bool,
    pub(crate) attempt: Option<&'a AttemptFacts>,
    /// The method of the attempt.
    pub(crate) method: Option<&'a str>,
    pub(crate) body: Option<&'a str>,
    pub(crate) signature: Option<&'a str>,
    pub(crate) digest: Option<&'a str>,
    /// Of a handshake.
    pub(crate) challenge: Option<&'a str>,
    /// The canonical data, once a template has read it.
    pub(crate) data: OnceCell<String>,
}

impl<'a> Facts<'a> {
    /// The facts that exist before body, signature and attempt do, of an event that goes alone.
    pub(crate) fn new(
        input: &'a RenderInput<'a>,
        catalogue: Option<&'a Catalogue>,
        canonical_data: bool,
    ) -> Self {
        let data = OnceCell::new();
        Self {
            input,
            catalogue,
            canonical_data,
            grouped: false,
            attempt: None,
            method: None,
            body: None,
            signature: None,
            digest: None,
            challenge: None,
            data,
        }
    }

    /// The same with the signature of one key.
    pub(crate) fn with_digest<'b>(&'b self, digest: &'b str) -> Facts<'b> {
        Facts { digest: Some(digest), signature: None, ..self.again() }
    }

    /// The same once more, for what is to know more than the rest.
    pub(crate) fn again(&self) -> Facts<'_> {
        Facts {
            grouped: self.grouped,
            attempt: self.attempt,
            method: self.method,
            body: self.body,
            signature: self.signature,
            digest: self.digest,
            challenge: self.challenge,
            ..Facts::new(self.input, self.catalogue, self.canonical_data)
        }
    }

    /// The value of a variable.
    pub(crate) fn get(&self, variable: &Variable) -> Result<Fact<'_>, FilterError> {
        let RenderInput { event, more_events, delivery, subscription, tenant, .. } = self.input;
        Ok(match variable {
            Variable::EventId => owned(event.id.to_string()),
            Variable::EventUuid => owned(event.id.uuid().to_string()),
            Variable::EventType => Fact::text(event.event_type.as_str()),
            Variable::EventTitle => {
                let title = self.entry().and_then(|entry| entry.title.as_deref());
                Fact::text(title.unwrap_or(event.event_type.as_str()))
            }
            Variable::EventGroup => {
                Fact::from_optional_text(self.entry().and_then(|entry| entry.group.as_deref()))
            }
            Variable::EventData => Fact::json(self.data()?),
            Variable::EventAttributes => Fact::json(self.attributes()?),
            Variable::EventAttribute(name) => self.attribute(name)?,
            Variable::EventTags => {
                Fact::Json(Cow::Owned(serde_json::Value::from(event.tags.as_slice()).to_string()))
            }
            Variable::EventAcceptedAt => Fact::Time(event.accepted_at),
            Variable::EventOccurredAt => event.occurred_at.map_or(Fact::None, Fact::Time),
            Variable::EventMoment => Fact::Time(event.moment()),
            Variable::EventsCount => {
                Fact::Integer(i64::try_from(more_events.len()).unwrap_or(i64::MAX).saturating_add(1))
            }
            Variable::EventsData => self.all_data()?,
            Variable::MessageId if self.grouped => owned(delivery.id.to_string()),
            Variable::MessageId => owned(event.id.to_string()),
            Variable::DeliveryId => owned(delivery.id.to_string()),
            Variable::DeliveryUuid => owned(delivery.id.uuid().to_string()),
            Variable::DeliveryCreatedAt => Fact::Time(delivery.created_at),
            Variable::DeliveryGrouped => Fact::Boolean(self.grouped),
            Variable::SubscriptionId => owned(subscription.id.to_string()),
            Variable::SubscriptionUuid => owned(subscription.id.uuid().to_string()),
            Variable::SubscriptionName => Fact::from_optional_text(subscription.name),
            Variable::SubscriptionUrl => Fact::text(subscription.url),
            Variable::TenantId => Fact::text(tenant.id),
            Variable::TenantName => Fact::from_optional_text(tenant.name),
            Variable::Option(index) => self.input.options.get(*index),
            Variable::AttemptNumber => {
                self.attempt.map_or(Fact::None, |attempt| Fact::Integer(i64::from(attempt.number)))
            }
            Variable::AttemptAt => self.attempt.map_or(Fact::None, |attempt| Fact::Time(attempt.at)),
            Variable::RequestMethod => Fact::from_optional_text(self.method),
            Variable::Body => Fact::from_optional_text(self.body),
            Variable::Signature => Fact::from_optional_text(self.signature),
            Variable::Digest => Fact::from_optional_text(self.digest),
            Variable::Challenge => Fact::from_optional_text(self.challenge),
            Variable::EndpointName => {
                Fact::from_optional_text(subscription.endpoint.map(|endpoint| endpoint.name.as_str()))
            }
            Variable::EndpointApiKey => {
                Fact::from_optional_text(subscription.endpoint.map(|endpoint| endpoint.api_key.as_str()))
            }
        })
    }

    fn entry(&self) -> Option<&EventEntry> {
        self.catalogue?.entry(self.input.event.event_type.as_str())
    }

    fn data(&self) -> Result<&str, FilterError> {
        let came = text_of(&self.input.event.data)?;
        if !self.canonical_data {
            return Ok(came);
        }
        if self.data.get().is_none() {
            let text = canonical(came)?.into_text().into_owned();
            return Ok(self.data.get_or_init(|| text));
        }
        Ok(self.data.get().map_or(came, String::as_str))
    }

    fn attributes(&self) -> Result<&str, FilterError> {
        let text = text_of(&self.input.event.attributes)?;
        Ok(if text.is_empty() { "{}" } else { text })
    }

    fn attribute(&self, name: &str) -> Result<Fact<'_>, FilterError> {
        let attributes = self.attributes()?;
        let members = json::members(attributes).map_err(|error| FilterError::NotJson(error.to_string()))?;
        let found = members.into_iter().rev().find(|(candidate, _)| candidate == name);
        Ok(found.map_or(Fact::None, |(_, value)| json_fact(value.get())))
    }

    /// The data of all events of the delivery as one JSON list, each byte for byte.
    fn all_data(&self) -> Result<Fact<'_>, FilterError> {
        let more: usize = self.input.more_events.iter().map(|event| event.data.len() + 1).sum();
        let mut list = String::with_capacity(self.input.event.data.len() + more + 2);
        list.push('[');
        list.push_str(self.data()?);
        for event in self.input.more_events {
            list.push(',');
            let came = text_of(&event.data)?;
            if self.canonical_data {
                list.push_str(&canonical(came)?.into_text());
            } else {
                list.push_str(came);
            }
        }
        list.push(']');
        Ok(Fact::Json(Cow::Owned(list)))
    }
}

/// A JSON value as a fact: a text without its quotes, `null` as nothing, the rest as it was written.
pub(crate) fn json_fact(text: &str) -> Fact<'_> {
    match text.as_bytes().first() {
        Some(b'n') => Fact::None,
        Some(b't') => Fact::Boolean(true),
        Some(b'f') => Fact::Boolean(false),
        Some(b'"') => {
            serde_json::from_str::<String>(text).map_or(Fact::json(text), |text| Fact::Text(text.into()))
        }
        // A whole number would lose the sign of a zero.
        _ if text == "-0" => Fact::json(text),
        _ => text.parse().map_or(Fact::json(text), Fact::Integer),
    }
}

fn owned(text: String) -> Fact<'static> {
    Fact::Text(Cow::Owned(text))
}

fn text_of(bytes: &[u8]) -> Result<&str, FilterError> {
    std::str::from_utf8(bytes).map_err(|error| FilterError::NotJson(error.to_string()))
}
