//! The words and rules of Postroad, pure: no I/O, no async, no ambient time or chance (but [`hashed`]).
//!
//! Everything above speaks in these types. Text from outside becomes a checked type once, at the edge
//! ([`EndpointUrl`], [`EventType`], [`TenantId`]); behind it nobody checks again. The life of a delivery is one
//! function, [`delivery::transition`]; every limit stands in [`limits`].

pub mod attempt;
pub mod audit;
pub mod connection;
pub mod delivery;
pub mod endpoint;
pub mod event;
pub mod hashed;
pub mod headers;
pub mod ids;
pub mod invalid;
pub mod key;
pub mod limits;
pub mod matching;
pub mod replay;
pub mod retry;
pub mod secret;
pub mod subscription;
pub mod tenant;
pub mod time;
pub mod trace;

pub use attempt::{Attempt, ErrorClass, RequestHead, ResponseHead};
pub use audit::{Actor, AuditAction, AuditEntry};
pub use connection::{HttpVersion, Repeat, TlsSettings};
pub use delivery::{Reason, Status};
pub use endpoint::{CustomHeader, EndpointUrl};
pub use event::{Event, EventOffset, EventType, RegisteredType};
pub use hashed::Hashed;
pub use headers::Headers;
pub use ids::{AttemptId, AuditId, DeliveryId, EventId, KeyId, ReplayId, SubscriptionId};
pub use invalid::Invalid;
pub use key::{ApiKey, CompatibleApi, CredentialKind, KeySpec, Scope};
pub use replay::{Replay, ReplaySelection, ReplayStatus};
pub use retry::{RetryOverride, RetryPolicy};
pub use secret::SealedSecret;
pub use subscription::{
    Grouping, RateLimit, Revision, Subscription, SubscriptionNo, SubscriptionSpec, SubscriptionVersion,
    Target, Verification, VerificationState,
};
pub use tenant::{ProfileNo, Tenant, TenantId, TenantNo};
pub use time::{Clock, Timestamp};
pub use trace::TraceContext;
