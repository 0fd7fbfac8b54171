//! Deliveries: events on their way, with each attempt.

use serde::Deserialize;

use super::Header;
use crate::words::words;

words! {
    /// Where a delivery stands.
    DeliveryStatus {
        /// It waits for its next attempt.
        Queued = "queued",
        /// An attempt is under way.
        Delivering = "delivering",
        /// It has arrived.
        Succeeded = "succeeded",
        /// It has ended without having arrived.
        Failed = "failed",
        /// It was called off.
        Cancelled = "cancelled",
    }
}

words! {
    /// Why no response came.
    ErrorClass {
        /// The name could not be resolved.
        Dns = "dns",
        /// No connection, or it broke.
        Connect = "connect",
        /// No TLS.
        Tls = "tls",
        /// No answer in time.
        Timeout = "timeout",
        /// The address must not be called.
        Blocked = "blocked",
        /// The receiver does not speak HTTP.
        Protocol = "protocol",
        /// The subscription's script failed.
        Script = "script",
    }
}

/// A delivery.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Delivery {
    /// Its id.
    pub id: String,
    /// Whose it is; in lists over all tenants only.
    #[serde(default)]
    pub tenant: Option<String>,
    /// Where it goes.
    pub subscription: String,
    /// The events it carries.
    #[serde(default)]
    pub events: Vec<String>,
    /// Their type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// Why it failed or was cancelled: `exhausted`, `expired`, `operator`, …
    #[serde(default)]
    pub reason: Option<String>,
    /// Attempts made so far.
    #[serde(default)]
    pub attempts_made: u32,
    /// When it was created.
    pub created_at: String,
    /// When the next attempt is due, while it waits.
    #[serde(default)]
    pub due_at: Option<String>,
    /// When it ended.
    #[serde(default)]
    pub finished_at: Option<String>,
    /// It was sent to test its subscription.
    #[serde(default)]
    pub test: bool,
    /// First to last; empty in lists, and where the key may not read deliveries.
    #[serde(default)]
    pub attempts: Vec<Attempt>,
}

/// One HTTP exchange.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Attempt {
    /// Its id.
    pub id: String,
    /// 1 for the first of the delivery.
    pub number: u32,
    /// When it began.
    pub at: String,
    /// From the look-up of the name to the end of the body.
    #[serde(default)]
    pub duration_ms: u64,
    /// The request went out a second time within this attempt, over a new connection.
    #[serde(default)]
    pub repeated: bool,
    /// What was sent.
    pub request: AttemptRequest,
    /// What came back; `None` when nothing did.
    #[serde(default)]
    pub response: Option<AttemptResponse>,
    /// Why nothing came back; `None` when something did.
    #[serde(default)]
    pub error: Option<AttemptError>,
}

/// A request as it was sent, its secrets masked.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct AttemptRequest {
    /// The method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// In the order they were sent.
    #[serde(default)]
    pub headers: Vec<Header>,
    /// The body as text; `None` when it cannot be made again.
    #[serde(default)]
    pub body: Option<String>,
}

/// A response as it came.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct AttemptResponse {
    /// The HTTP status.
    pub status: u16,
    /// In the order they came.
    #[serde(default)]
    pub headers: Vec<Header>,
    /// The beginning of the body as text.
    #[serde(default)]
    pub body: String,
    /// Not all of it is here: the body was longer or had not ended in time, or headers were left out or cut.
    #[serde(default)]
    pub truncated: bool,
}

/// Why no response came.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct AttemptError {
    /// The kind of failure.
    pub class: ErrorClass,
    /// What happened.
    #[serde(default)]
    pub message: String,
}
