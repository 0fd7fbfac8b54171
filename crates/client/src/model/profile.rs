//! Profiles: the wire formats that tenants' receivers expect.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

/// The wire contract of one product.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Profile {
    /// What a tenant names.
    pub name: String,
    /// The name people see.
    #[serde(default)]
    pub title: String,
    /// What it is.
    #[serde(default)]
    pub description: String,
    /// The same digest makes the same requests.
    #[serde(default)]
    pub digest: String,
    /// The catalogue.
    #[serde(default)]
    pub event_types: Vec<EventType>,
    /// Whether types outside the catalogue are accepted.
    #[serde(default)]
    pub open_events: bool,
    /// What a subscription gets that sets nothing of its own.
    pub policy: Policy,
    /// What tenants, subscriptions and events may or must set.
    #[serde(default)]
    pub option_schema: Value,
    /// The product's own words for the states of a delivery, where it has them.
    #[serde(default)]
    pub words: BTreeMap<String, String>,
    /// The product's own words for things on pages, where it has them.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// The product's own API that is served to tenants of this profile.
    #[serde(default)]
    pub compat: Option<String>,
}

/// A type of events.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct EventType {
    /// The wire code.
    pub name: String,
    /// The name people see; accepted wherever the code is.
    #[serde(default)]
    pub title: Option<String>,
    /// The number by which the product's own API names it.
    #[serde(default)]
    pub number: Option<u32>,
    /// Where it stands in the catalogue.
    #[serde(default)]
    pub group: Option<String>,
    /// When it happens.
    #[serde(default)]
    pub description: Option<String>,
    /// Data as it may come.
    #[serde(default)]
    pub example: Option<Box<RawValue>>,
    /// The attributes that belong to the example.
    #[serde(default)]
    pub example_attributes: Option<Box<RawValue>>,
    /// `published` or `plausible`.
    #[serde(default)]
    pub example_is: String,
}

/// How deliveries are tried.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Policy {
    /// The retry schedule.
    pub retry: PolicyRetry,
    /// The deadline of an exchange.
    #[serde(default)]
    pub timeout: String,
    /// The statuses that are success.
    #[serde(default)]
    pub success: Vec<String>,
    /// What 410 does: `deactivate` or `failure`.
    #[serde(default)]
    pub gone: String,
    /// When so many deliveries failed without a success in between, the subscription becomes inactive; `None` for never.
    #[serde(default)]
    pub deactivate_after_failures: Option<u32>,
    /// What `Retry-After` does: `honour` or `ignore`.
    #[serde(default)]
    pub retry_after: String,
    /// Whether a receiver that keeps failing gets one request after each pause: `on` or `off`.
    #[serde(default)]
    pub breaker: String,
    /// What happens to a request whose kept connection ends before a byte of the answer: `always` sends it once more, `unsent`
    /// only where the receiver cannot have acted on it.
    #[serde(default)]
    pub repeat: String,
    /// Exchanges of one subscription under way at a time.
    #[serde(default)]
    pub concurrency: u32,
    /// Whether receivers get the `traceparent` of the event.
    #[serde(default)]
    pub trace_context: bool,
    /// Which events are sent together in one delivery; `None` for none, unless a subscription says so.
    #[serde(default)]
    pub group: Option<PolicyGroup>,
}

/// How events are sent together.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct PolicyGroup {
    /// The regular expression that the types of these events match; `None` for all types.
    #[serde(default)]
    pub events: Option<String>,
    /// How long a group takes events.
    pub window: String,
    /// Where windows begin: `first`, `clock`, or the option that decides.
    #[serde(default)]
    pub align: String,
    /// What a group of one event looks like: `list`, `event`, or the option that decides.
    #[serde(default)]
    pub single: String,
    /// The most events of a group.
    #[serde(default)]
    pub max_events: u32,
    /// The most bytes of their data.
    #[serde(default)]
    pub max_bytes: u64,
}

/// A retry schedule.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct PolicyRetry {
    /// Attempts, the first included.
    pub attempts: u32,
    /// The gap after the first, second, … failed attempt; the last one repeats.
    #[serde(default)]
    pub backoff: Vec<String>,
    /// Each gap is lengthened by up to this share of itself, in percent.
    #[serde(default)]
    pub jitter_percent: u32,
}
