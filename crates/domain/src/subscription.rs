//! A subscription: who wants which events and how.

mod record;

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    connection::{HttpVersion, TlsSettings},
    endpoint::{CustomHeader, EndpointUrl},
    event::EventType,
    ids::SubscriptionId,
    limits::CONCURRENCY,
    retry::RetryOverride,
    secret::SealedSecret,
    tenant::TenantNo,
    time::Timestamp,
};

/// The subscription's number inside the store; never reused, never shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionNo(pub i64);

/// A webhook: where, how and at which pace deliveries are sent. What only a push subscription has lies here.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    /// Where to; `None` where the option of its profile that does so names one of its tenant's endpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<EndpointUrl>,
    /// One of the profile's methods; `None` for its first.
    #[serde(default)]
    pub method: Option<String>,
    /// One of the profile's content types; `None` for its first.
    #[serde(default)]
    pub content_type: Option<String>,
    /// The customer's own headers, in their order.
    pub headers: Vec<CustomHeader>,
    /// The whole value of the `Authorization` header.
    pub authorization: Option<String>,
    /// The client certificate and the trusted authorities; `None` for no certificate and the machine's authorities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsSettings>,
    /// The newest version of HTTP; `None` for the profile's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_version: Option<HttpVersion>,
    /// Exchanges under way at a time.
    #[serde(default = "default_concurrency")]
    pub concurrency: u32,
    /// How many exchanges may begin within a span of time; `None` for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// One delivery after the other: the next one goes out when the one before has ended.
    #[serde(default)]
    pub ordered: bool,
    /// An own retry schedule; `None` for the profile's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryOverride>,
    /// An own deadline of an exchange; `None` for the profile's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Own statuses that mean success, such as `2xx` or `200`; `None` for the profile's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<Vec<String>>,
    /// How long after an event its delivery is sent for the first time.
    #[serde(default, skip_serializing_if = "Duration::is_zero")]
    pub delay: Duration,
    /// How its events are sent together; `None` for as the profile does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Grouping>,
    /// Whether the tenant's contacts are told by mail when a delivery fails for good.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub notify_on_failure: bool,
}

/// The events of a span of time are sent together, in one delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grouping {
    /// How long a group takes events, from its first one on.
    pub window: Duration,
    /// A group with so many events is full; `None` for the profile's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_events: Option<u32>,
    /// A group with so many bytes of data is full; `None` for the profile's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
}

impl Push {
    /// A webhook to a URL with every other setting at its default.
    pub const fn to(url: EndpointUrl) -> Self {
        Self::with(Some(url))
    }

    /// One that its options lead to an endpoint of its tenant, with every other setting at its default.
    pub const fn to_named_endpoint() -> Self {
        Self::with(None)
    }

    const fn with(url: Option<EndpointUrl>) -> Self {
        Self {
            url,
            method: None,
            content_type: None,
            headers: Vec::new(),
            authorization: None,
            tls: None,
            http_version: None,
            concurrency: default_concurrency(),
            rate_limit: None,
            ordered: false,
            retry: None,
            timeout: None,
            success: None,
            delay: Duration::ZERO,
            group: None,
            notify_on_failure: false,
        }
    }
}

impl fmt::Debug for Push {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers and authorization hold the customer's credentials.
        out.debug_struct("Push").field("url", &self.url).field("method", &self.method).finish_non_exhaustive()
    }
}

const fn default_concurrency() -> u32 {
    CONCURRENCY.default
}

/// A cursor over the tenant's log, which the customer reads in batches. What only a pull subscription has lies here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pull {
    /// A batch ends with the event that reaches this many bytes of data.
    pub max_batch_bytes: u32,
}

/// How a subscription's events leave: pushed to a URL, or pulled by the customer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every subscription is pushed; a box would cost each of them"
)]
pub enum Target {
    /// Each event is sent to a URL.
    Push(Push),
    /// The customer reads the log.
    Pull(Pull),
}

/// At most `count` exchanges begin within any span of the length `per`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// At least one.
    pub count: u32,
    /// Greater than zero.
    pub per: Duration,
}

/// What the customer configured; checked. `record.rs` has its stored form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "record::SpecRecord", into = "record::SpecRecord")]
pub struct SubscriptionSpec {
    /// A name that people see.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// `false` pauses: nothing is sent and nothing is queued for later.
    pub active: bool,
    /// How its events leave.
    pub target: Target,
    /// The event types that are wanted; empty for all.
    pub events: Vec<EventType>,
    /// Sets of tags of which one must be within the event's tags; empty for any.
    pub tag_sets: Vec<Vec<String>>,
    /// The profile's own options, as JSON text.
    pub options: String,
    /// In the store only: the secret ones of these settings, encrypted. Their places above are empty then. The engine takes
    /// them out before it writes and puts them back after it has read.
    pub sealed: Option<String>,
}

impl SubscriptionSpec {
    /// A push subscription to every event with every setting at its default.
    pub fn to(url: EndpointUrl) -> Self {
        Self::of(Target::Push(Push::to(url)))
    }

    /// A subscription to every event with every setting at its default.
    pub fn of(target: Target) -> Self {
        Self {
            name: None,
            description: None,
            active: true,
            target,
            events: Vec::new(),
            tag_sets: Vec::new(),
            options: no_options(),
            sealed: None,
        }
    }

    /// The settings of a push subscription; `None` for a pull one.
    pub const fn push(&self) -> Option<&Push> {
        match &self.target {
            Target::Push(push) => Some(push),
            Target::Pull(_) => None,
        }
    }

    /// The same, to change them.
    pub const fn push_mut(&mut self) -> Option<&mut Push> {
        match &mut self.target {
            Target::Push(push) => Some(push),
            Target::Pull(_) => None,
        }
    }

    /// Whether the tenant's contacts are told of its deliveries that fail.
    pub fn notifies(&self) -> bool {
        self.push().is_some_and(|push| push.notify_on_failure)
    }
}

fn no_options() -> String {
    "{}".to_owned()
}

/// Why a subscription is inactive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InactiveReason {
    /// The customer set `active` to false. What waits is cancelled.
    Paused,
    /// The receiver answered 410 Gone. What waits is held until it expires, and goes out on activation.
    Gone,
    /// Too many deliveries failed, or for too long, and none succeeded in between. What waits is cancelled.
    Failing,
    /// A handshake that must pass before anything is sent has not passed. What waits is held until it expires, and goes out when
    /// it has.
    Unverified,
}

impl InactiveReason {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Paused, Self::Gone, Self::Failing, Self::Unverified];

    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Gone => "gone",
            Self::Failing => "failing",
            Self::Unverified => "unverified",
        }
    }

    /// Whether what waits is held until the subscription is active again; else it is cancelled.
    pub const fn holds(self) -> bool {
        match self {
            Self::Gone | Self::Unverified => true,
            Self::Paused | Self::Failing => false,
        }
    }
}

/// Deliveries of a subscription that failed one after the other: none succeeded since the first of them. One that was cancelled
/// is none of them, and neither is a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failures {
    /// How many.
    pub count: u32,
    /// When the first of them ended.
    pub since: Timestamp,
}

/// What the handshakes of a subscription came to, the last time that they were made or asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// The version of the subscription whose change asked for them, or in which somebody else did.
    pub version: i64,
    /// How they went.
    pub state: VerificationState,
    /// Since when it is so.
    pub at: Timestamp,
    /// Why they failed, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// How the handshakes of a subscription went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerificationState {
    /// They have not been made yet.
    Pending,
    /// The receiver answered each as the profile expects it.
    Passed,
    /// It did not.
    Failed,
}

impl VerificationState {
    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Passed => "passed",
            Self::Failed => "failed",
        }
    }
}

/// A subscription as it was at one of its versions: what a delivery of that version is shaped and signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionVersion {
    /// What the customer had configured.
    pub spec: SubscriptionSpec,
    /// The secrets of that version, the current one first.
    pub secrets: Vec<SealedSecret>,
}

/// What a change of a subscription is made from: its version, and why Postroad had made it inactive. Neither that nor a handshake
/// that passes is a version, but whoever read the subscription before it has not seen it as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The version.
    pub version: i64,
    /// Why Postroad had made it inactive; `None` where it had not: a pause is in the version.
    pub stopped: Option<InactiveReason>,
}

/// A version that Postroad had not made inactive.
impl From<i64> for Revision {
    fn from(version: i64) -> Self {
        Self { version, stopped: None }
    }
}

/// `v3`, or `v3.gone`: the text of an entity tag.
impl fmt::Display for Revision {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "v{}", self.version)?;
        self.stopped.map_or(Ok(()), |reason| write!(out, ".{}", reason.as_str()))
    }
}

impl Subscription {
    /// As it is now.
    pub fn revision(&self) -> Revision {
        let reason = self.inactive.map(|(reason, _)| reason);
        Revision { version: self.version, stopped: reason.filter(|reason| *reason != InactiveReason::Paused) }
    }
}

/// A stored subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Number inside the store.
    pub no: SubscriptionNo,
    /// Public id.
    pub id: SubscriptionId,
    /// Whose it is.
    pub tenant_no: TenantNo,
    /// 1 at first, grows with each change of what is configured or of the secrets, not where Postroad makes it inactive, or
    /// active behind its handshakes: deliveries name the one that they are shaped with.
    pub version: i64,
    /// What the customer configured.
    pub spec: SubscriptionSpec,
    /// Set while it is not active.
    pub inactive: Option<(InactiveReason, Timestamp)>,
    /// The deliveries that failed while it was active, up to the next that succeeds or the next activation. They count as
    /// they end, and make no version: a picture that is kept may be behind.
    pub failures: Option<Failures>,
    /// What its handshakes came to; `None` where none was ever asked for.
    pub verification: Option<Verification>,
    /// The current secret first, then older ones that may still sign.
    pub secrets: Vec<SealedSecret>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
