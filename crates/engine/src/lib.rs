//! The engine: accept, route, send, record. It knows no HTTP server and no SQL.
//!
//! An event comes in through [`Engine::publish`], is matched against its tenant's subscriptions, and becomes durable in
//! a group commit (`commit`). What was committed goes to the lanes (`lanes`), from there to the receivers
//! (`dispatch`); each outcome goes into a later commit. The store is the queue: memory holds only a window of it.

mod accepting;
mod commit;
mod configuration;
mod engine;
mod history;
mod ids;
mod sending;
mod shared_room;
mod telemetry;
mod upkeep;

pub use accepting::body_room::BodyRoom;
pub use accepting::publish::{PublishError, PublishEvent, Published};
pub use configuration::actor::By;
pub use configuration::admin_key::AdminKey;
pub use configuration::credential::hash_key;
pub use configuration::draft::{Faults, RateLimitDraft, text_within, whole_number};
pub use configuration::event_types::PutTypeError;
pub use configuration::keys::{CreateKeyFailure, Credential, KeyDraft, KeyRefusal, KnownKey};
pub use configuration::profiles::{GivenProfile, LoadedProfile, built_in_profiles};
pub use configuration::secret_box::{SecretBox, SecretError};
pub use configuration::subscriptions::{
    CreateError, HeaderDraft, NewSubscription, PreviewError, PreviewEvent, PushDraft, RetryDraft,
    RotateError, Rotation, SecretView, SubscriptionDraft, SubscriptionUpdate, SubscriptionView, TargetDraft,
    TestError, UpdateError,
};
pub use configuration::tenants::{PutTenantError, TenantDraft};
pub use configuration::unknown_type::UnknownType;
pub use engine::{Engine, Parts, StartError};
pub use history::all_tenants::ListedSubscription;
pub use history::deliveries::{CancelError, DeliveryView, RetryError};
pub use history::explain::{Explanation, LastAnswer, Mismatch, Outcome, Wait};
pub use history::replays::{EndReplayError, NewReplay, ReplayError};
pub use telemetry::metrics::Metrics;
pub use telemetry::trace::TRACE_TARGET;
pub use upkeep::retention::{Retention, RetentionMetrics};

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
