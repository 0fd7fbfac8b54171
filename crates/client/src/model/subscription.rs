//! Subscriptions: who wants which events, and how they are sent.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{DeliverySettings, Group, Header, RateLimit, Retry, Secret, Target};
use crate::error::Error;

/// A subscription to create. What is not set has the profile's default.
#[derive(Clone, Debug, Serialize)]
#[must_use]
pub struct NewSubscription {
    delivery: Target,
    #[serde(flatten)]
    further: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<Secret>,
}

impl NewSubscription {
    /// Events are sent to this URL.
    pub fn push(url: impl Into<String>) -> Self {
        Self::of(DeliverySettings::push(url))
    }

    /// Events are sent to an endpoint that the tenant keeps under a name, which an option of its profile names: see [`Self::set`].
    pub fn to_named_endpoint() -> Self {
        Self::of(DeliverySettings::to_named_endpoint())
    }

    /// Events leave like this.
    pub fn of(delivery: impl Into<Target>) -> Self {
        Self { delivery: delivery.into(), further: Map::new(), secret: None }
    }

    /// A name that people see.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.set("name", name.into())
    }

    /// Free text.
    pub fn description(self, text: impl Into<String>) -> Self {
        self.set("description", text.into())
    }

    /// False creates it paused: nothing is sent and nothing is queued for later.
    pub fn active(self, active: bool) -> Self {
        self.set("active", active)
    }

    /// The event types that are wanted, by wire code or title; none of them named means all.
    pub fn events(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        self.set("events", names)
    }

    /// Sets of tags of which one must be within the event's tags.
    pub fn tag_sets(self, sets: Vec<Vec<String>>) -> Self {
        self.set("tag_sets", sets)
    }

    /// A header that is added to each request; where events are pulled there is none.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        if let Target::Push(push) = &mut self.delivery {
            push.headers.push(Header::new(name, value));
        }
        self
    }

    /// Exchanges under way at a time.
    pub fn concurrency(self, count: u32) -> Self {
        self.set("concurrency", count)
    }

    /// How many exchanges may begin within a span of time, such as `1s`.
    pub fn rate_limit(self, count: u32, per: impl Into<String>) -> Self {
        self.set("rate_limit", serde_json::json!({"count": count, "per": per.into()}))
    }

    /// One delivery after the other.
    pub fn ordered(self, ordered: bool) -> Self {
        self.set("ordered", ordered)
    }

    /// How long after an event its delivery is sent, such as `30s`.
    pub fn delay(self, delay: impl Into<String>) -> Self {
        self.set("delay", delay.into())
    }

    /// Your own secret, where the profile lets you give one; by default a fresh one is made.
    pub fn secret(self, secret: impl Into<Secret>) -> Self {
        Self { secret: Some(secret.into()), ..self }
    }

    /// Any further setting, by its name in the API: `retry`, `timeout`, `success`, `group`, `options`.
    pub fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.further.insert(name.to_owned(), value.into());
        self
    }
}

/// What is to change of a subscription: a merge patch (RFC 7396). What is not named stays.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
#[must_use]
pub struct SubscriptionPatch(Map<String, Value>);

impl SubscriptionPatch {
    /// Changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// False pauses, true goes on.
    pub fn active(self, active: bool) -> Self {
        self.set("active", active)
    }

    /// Another URL.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        let delivery = self.0.entry("delivery").or_insert_with(|| Value::Object(Map::new()));
        delivery["url"] = Value::String(url.into());
        self
    }

    /// Another selection of event types; an empty one means all.
    pub fn events(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        self.set("events", names)
    }

    /// Any setting, by its name in the API. A list is replaced as a whole, an object field by field.
    pub fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Any setting to what can be written as JSON.
    ///
    /// # Errors
    ///
    /// [`Error::NotJson`] for what cannot.
    pub fn set_json(self, name: &str, value: &impl Serialize) -> Result<Self, Error> {
        let value = serde_json::to_value(value)?;
        Ok(self.set(name, value))
    }

    /// Sets a setting back to its default.
    pub fn reset(self, name: &str) -> Self {
        self.set(name, Value::Null)
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A subscription.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Subscription {
    /// Its id.
    pub id: String,
    /// Whose it is.
    #[serde(default)]
    pub tenant: String,
    /// A name that people see.
    #[serde(default)]
    pub name: Option<String>,
    /// Free text.
    #[serde(default)]
    pub description: Option<String>,
    /// False: nothing is sent and nothing is queued for later.
    pub active: bool,
    /// How its events leave.
    pub delivery: Target,
    /// The event types that are wanted; empty for all.
    #[serde(default)]
    pub events: Vec<String>,
    /// Sets of tags of which one must be within the event's tags; empty for any.
    #[serde(default)]
    pub tag_sets: Vec<Vec<String>>,
    /// Exchanges under way at a time.
    #[serde(default)]
    pub concurrency: u32,
    /// How many exchanges may begin within a span of time.
    #[serde(default)]
    pub rate_limit: Option<RateLimit>,
    /// One delivery after the other.
    #[serde(default)]
    pub ordered: bool,
    /// An own retry schedule.
    #[serde(default)]
    pub retry: Option<Retry>,
    /// An own deadline of an exchange.
    #[serde(default)]
    pub timeout: Option<String>,
    /// Own statuses that are success.
    #[serde(default)]
    pub success: Option<Vec<String>>,
    /// How long after an event its delivery is sent.
    #[serde(default)]
    pub delay: String,
    /// How its events are sent together; `None` for as the profile does.
    #[serde(default)]
    pub group: Option<Group>,
    /// Whether the tenant's contacts are told by mail when a delivery fails for good.
    #[serde(default)]
    pub notify_on_failure: bool,
    /// The profile's own options; those that are secret are masked.
    #[serde(default)]
    pub options: Value,
    /// The secret: in full where it was just created, else masked; `None` where there is none.
    #[serde(default)]
    pub secret: Option<Secret>,
    /// What receivers verify with, where they need only that; where it was just created.
    #[serde(default)]
    pub public_key: Option<String>,
    /// While it is inactive: `paused` by you, `gone` because its receiver answered 410, `failing` because too many of its
    /// deliveries failed, or for too long, or `unverified` because it has not passed a handshake of the profile.
    #[serde(default)]
    pub inactive_reason: Option<String>,
    /// While it is inactive: since when.
    #[serde(default)]
    pub inactive_since: Option<String>,
    /// The deliveries that failed since the last one that succeeded, where there are any.
    #[serde(default)]
    pub failures: Option<Failures>,
    /// What the handshakes of its profile came to, where one was ever asked for.
    #[serde(default)]
    pub verification: Option<Verification>,
    /// 1 at first; grows with every change.
    #[serde(default)]
    pub version: i64,
    /// When it was created.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// The name of this version for `If-Match`; `None` in lists.
    #[serde(skip)]
    pub etag: Option<String>,
}

/// Deliveries that failed, with no success in between.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Failures {
    /// How many.
    pub count: u32,
    /// When the first of them failed.
    pub since: String,
}

/// What the handshakes of a subscription came to.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Verification {
    /// `pending`, `passed` or `failed`.
    pub state: String,
    /// Since when.
    pub at: String,
    /// Why they failed.
    #[serde(default)]
    pub detail: Option<String>,
}
