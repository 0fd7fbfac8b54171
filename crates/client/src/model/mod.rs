//! What calls take and answer, in the words of the API.
//!
//! Times are RFC 3339 texts in UTC, spans such as `24h` are texts too. Answers are `#[non_exhaustive]`: a newer server says
//! more, and a newer client shows more.

mod audit;
mod batch;
mod delivery;
mod event;
mod event_type;
mod explanation;
mod inspected;
mod key;
mod preview;
mod profile;
mod replay;
mod secret;
mod settings;
mod subscription;
mod tenant;

pub(crate) use self::batch::{Batch, BatchResults};
pub use self::{
    audit::AuditEntry,
    batch::BatchResult,
    delivery::{
        Attempt, AttemptError, AttemptRequest, AttemptResponse, Delivery, DeliveryStatus, ErrorClass,
    },
    event::{Accepted, Event, NewEvent},
    event_type::TenantEventType,
    explanation::{ExplainedOutcome, Explanation},
    inspected::InspectedRequest,
    key::{CredentialKind, Key, NewKey, Scope},
    preview::{NewPreview, PreviewedRequest},
    profile::{EventType, Policy, PolicyGroup, PolicyRetry, Profile},
    replay::{NewReplay, Replay, ReplaySelection, ReplayStatus},
    secret::{Secret, SubscriptionSecret},
    settings::{DeliverySettings, Group, Header, PullSettings, RateLimit, Retry, Target, TlsSettings},
    subscription::{Failures, NewSubscription, Subscription, SubscriptionPatch, Verification},
    tenant::{Tenant, TenantSettings},
};
