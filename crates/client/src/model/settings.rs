//! Parts of a subscription's settings.

use serde::{Deserialize, Serialize};

use super::Secret;

/// How the events of a subscription leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Target {
    /// Each event is sent to a URL.
    Push(DeliverySettings),
    /// The customer reads the log. This version's server refuses to create one.
    Pull(PullSettings),
}

impl Target {
    /// Where and how events are sent; `None` where they are pulled.
    pub const fn push(&self) -> Option<&DeliverySettings> {
        match self {
            Self::Push(push) => Some(push),
            Self::Pull(_) => None,
        }
    }
}

impl From<DeliverySettings> for Target {
    fn from(push: DeliverySettings) -> Self {
        Self::Push(push)
    }
}

impl From<PullSettings> for Target {
    fn from(pull: PullSettings) -> Self {
        Self::Pull(pull)
    }
}

/// How the log is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PullSettings {
    /// A batch ends with the event that reaches this many bytes of data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_batch_bytes: Option<u32>,
    /// Where reading begins, at creation only: `end`, `oldest` or a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
}

impl PullSettings {
    /// With the defaults of the server.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Where and how a subscription is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeliverySettings {
    /// Where to; `None` where an option of the profile names an endpoint of the tenant in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The method; by default the profile's first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The content type; by default the profile's first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Own headers, in their order.
    #[serde(default)]
    pub headers: Vec<Header>,
    /// The whole value of the header `Authorization`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<Secret>,
    /// Client certificate and trusted authorities; `None` for none, and those that the server's machine trusts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsSettings>,
    /// The newest version of HTTP that is offered to an https receiver: `1.1` or `2`; by default the profile's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_version: Option<String>,
}

impl DeliverySettings {
    /// Each event is sent to this URL.
    pub fn push(url: impl Into<String>) -> Self {
        Self::with(Some(url.into()))
    }

    /// Each event is sent to the endpoint of the tenant that an option of the profile names.
    pub fn to_named_endpoint() -> Self {
        Self::with(None)
    }

    fn with(url: Option<String>) -> Self {
        Self {
            url,
            method: None,
            content_type: None,
            headers: Vec::new(),
            authorization: None,
            tls: None,
            http_version: None,
        }
    }
}

/// Who Postroad is in TLS, and whom it trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TlsSettings {
    /// PEM: the certificate that the receiver is shown, then those between it and its root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<String>,
    /// PEM: the key of the certificate. In answers it is masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_key: Option<Secret>,
    /// PEM: the authorities that may sign the receiver's certificate, in place of those that the machine trusts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
}

/// A header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Header {
    /// A header with this name and value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// At most `count` within any span of the length `per`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RateLimit {
    /// How many.
    pub count: u32,
    /// Such as `1s` or `1m`.
    pub per: String,
}

impl RateLimit {
    /// At most `count` within any span of the length `per`, such as `1s`.
    pub fn new(count: u32, per: impl Into<String>) -> Self {
        Self { count, per: per.into() }
    }
}

/// How events are sent together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Group {
    /// How long a group takes events, such as `60s`.
    pub window: String,
    /// A group with so many events is full; `None` for the profile's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_events: Option<u32>,
    /// The same for the bytes of their data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
}

/// How often and with which gaps a delivery is tried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Retry {
    /// Attempts, the first included; `None` for one more than there are gaps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// The gap after the first, second, … failed attempt, such as `10s`; `None` for the profile's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Vec<String>>,
}
