//! The words and rules of Postroad, pure: no I/O, no async, no ambient time or chance.
//!
//! Everything above speaks in these types. Text from outside becomes a checked type once, at the edge
//! ([`EndpointUrl`], [`EventType`], [`TenantId`]); behind it nobody checks again. The life of a delivery is one
//! function, [`delivery::transition`]; every limit stands in [`limits`].

pub mod attempt;
pub mod delivery;
pub mod endpoint;
pub mod event;
pub mod ids;
pub mod invalid;
pub mod limits;
pub mod matching;
pub mod retry;
pub mod secret;
pub mod subscription;
pub mod tenant;
pub mod time;

pub use attempt::{Attempt, ErrorClass, RequestHead, ResponseHead};
pub use delivery::{Reason, Status};
pub use endpoint::{CustomHeader, EndpointUrl};
pub use event::{Event, EventType, RegisteredType};
pub use ids::{AttemptId, DeliveryId, EventId, KeyId, SubscriptionId};
pub use invalid::Invalid;
pub use retry::{RetryOverride, RetryPolicy};
pub use secret::SealedSecret;
pub use subscription::{RateLimit, Subscription, SubscriptionNo, SubscriptionSpec, SubscriptionVersion};
pub use tenant::{ProfileNo, Tenant, TenantId, TenantNo};
pub use time::{Clock, Timestamp};
