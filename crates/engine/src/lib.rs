//! The engine: accept, route, send, record. It knows no HTTP server and no SQL.
//!
//! An event comes in through [`Engine::publish`], is matched against its tenant's subscriptions, and becomes durable in
//! a group commit (`commit`). What was committed goes to the lanes (`lanes`), from there to the receivers
//! (`dispatch`); each outcome goes into a later commit. The store is the queue: memory holds only a window of it.

mod admin_key;
mod attempt;
mod audit;
mod body_room;
mod by;
mod commit;
mod config_cache;
mod credential;
mod deliveries;
mod dispatch;
mod event_schema;
mod event_types;
mod events;
mod everywhere;
mod explain;
mod health;
mod ids;
mod keys;
mod lanes;
mod maintenance;
mod metrics;
mod profiles;
mod publish;
mod replays;
mod retention;
mod sealed_settings;
mod secret_box;
mod shaping;
mod shared_room;
mod start;
mod subscriptions;
mod target;
mod tenants;
mod trace;
mod unknown_type;
mod verdict;

pub use admin_key::AdminKey;
pub use body_room::BodyRoom;
pub use by::By;
pub use credential::hash_key;
pub use deliveries::{CancelError, DeliveryView, RetryError};
pub use event_types::PutTypeError;
pub use everywhere::ListedSubscription;
pub use explain::{Explanation, LastAnswer, Mismatch, Outcome, Wait};
pub use keys::{CreateKeyFailure, Credential, KeyRefusal, KnownKey};
pub use metrics::Metrics;
pub use profiles::{GivenProfile, LoadedProfile, built_in_profiles};
pub use publish::{PublishError, PublishEvent, Published};
pub use replays::{EndReplayError, NewReplay, ReplayError};
pub use retention::{Retention, RetentionMetrics};
pub use secret_box::{SecretBox, SecretError};
pub use start::{Engine, Parts, StartError};
pub use subscriptions::{
    CreateError, NewSubscription, PreviewError, PreviewEvent, RotateError, Rotation, SecretView,
    SubscriptionDraft, SubscriptionView, TestError, UpdateError,
};
pub use tenants::PutTenantError;
pub use trace::TRACE_TARGET;
pub use unknown_type::UnknownType;

/// What [`Parts`] names of the box below.
pub use postroad_egress::{Egress, OutboundRequest, OutboundResponse, SendError};
/// What the operations take and answer of the boxes below.
pub use postroad_profile::{DataRefusal, ExactRequest, FieldProblem};
pub use postroad_store::{
    AuditFilter, DeliveryFilter, EventFilter, Owned, Page, StoreError, SubscriptionFilter,
};

use thiserror::Error;

/// Failures of an operation that looks something up in a tenant.
#[derive(Clone, Debug, Error)]
pub enum LookupError {
    /// There is no such tenant.
    #[error("there is no such tenant")]
    NoTenant,
    /// There is no such object in this tenant.
    #[error("there is no such object")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
