//! The engine: accept, route, send, record. It knows no HTTP server and no SQL.
//!
//! An event comes in through [`AcceptingService::publish`], is matched against its tenant's subscriptions, and becomes durable
//! in a group commit (`commit`). What was committed goes to the lanes (`sending::lanes`), from there to the receivers
//! (`sending::dispatch`); each outcome goes into a later commit. The store is the queue: memory holds only a window of it.
//!
//! The engine is made of wings. Each has a service with its operations, which [`Engine`] leads to; arrows go down only:
//!
//! ```text
//! engine.rs            the Engine: made, started, stopped; nothing else
//!    ├─▶ history         reading what happened, and sending it again
//!    │      └─▶ sending  (live status; what is sent again)
//!    ├─▶ accepting       publish: check, route, hand to the commit, answer
//!    ├─▶ sending         lanes, exchanges, what their answers mean; test deliveries
//!    ├─▶ notifying       mail to contacts, events for the operator
//!    │      └─▶ accepting
//!    └─▶ upkeep          sweeping, forgetting, figures
//!
//! accepting, sending, history ─▶ commit           group commit; tells a listener, which sending implements
//! all of them but commit      ─▶ configuration    tenants, subscriptions, event types, profiles, keys; their cache
//! everything                  ─▶ telemetry, audit, ids, operations, pace, shares
//! ```
//!
//! An operation of `configuration` changes the store and nothing else. Whoever remembers something hears of the change from the
//! store's feed (`postroad_store::Changes`): the cache of tenants and the known keys before each look-up, the lanes and the sweep
//! as soon as it comes.

mod accepting;
mod audit;
mod commit;
mod configuration;
mod engine;
mod history;
mod ids;
mod notifying;
mod operations;
mod pace;
mod sending;
mod shares;
mod telemetry;
mod upkeep;

pub use accepting::body_room::BodyRoom;
pub use accepting::publish::{PublishError, PublishEvent, Published};
pub use accepting::service::AcceptingService;
pub use audit::origin::Origin;
pub use configuration::admin_key::AdminKey;
pub use configuration::credential::hash_key;
pub use configuration::draft::{Faults, RateLimitDraft, text_within, whole_number};
pub use configuration::event_check::EventRefusal;
pub use configuration::event_types::operations::PutTypeError;
pub use configuration::keys::draft::KeyDraft;
pub use configuration::keys::known::{KeyRefusal, KnownKey};
pub use configuration::keys::{CreateKeyFailure, Credential};
pub use configuration::lookup_error::LookupError;
pub use configuration::profiles::{GivenProfile, LoadedProfile, built_in_profiles};
pub use configuration::retention::Retention;
pub use configuration::secret_box::{SecretBox, SecretError};
pub use configuration::service::ConfigurationService;
pub use configuration::subscriptions::{
    CreateError, GroupDraft, HeaderDraft, NewSubscription, PushDraft, RetryDraft, RotateError, Rotation,
    SecretView, SubscriptionDraft, SubscriptionUpdate, SubscriptionView, TargetDraft, UpdateError,
};
pub use configuration::tenants::{PutTenantError, TenantDraft};
pub use configuration::unknown_type::UnknownType;
pub use engine::{Engine, Notifying, Parts, StartError};
pub use history::all_tenants::ListedSubscription;
pub use history::deliveries::{CancelError, DeliveryView, RetryError};
pub use history::explain::Explanation;
pub use history::explain::outcome::{EventOutcome, LastAnswer, Mismatch, Wait};
pub use history::replays::{EndReplayError, NewReplay, ReplayError};
pub use history::service::HistoryService;
pub use sending::handshakes::verify::VerifyError;
pub use sending::send_now::SendNowError;
pub use sending::service::SendingService;
pub use sending::test_delivery::{PreviewError, PreviewEvent, TestError};
pub use shares::{Amount, Share, Shares};
pub use telemetry::metrics::Metrics;
pub use telemetry::trace::TRACE_TARGET;
pub use upkeep::retention::RetentionMetrics;
pub use upkeep::service::UpkeepService;

/// What [`Parts`] names of the boxes below.
pub use postroad_egress::{Egress, OutboundRequest, OutboundResponse, Owner, SendError};
pub use postroad_mail::{Letter, MailError, Mailer};
/// What the operations take and answer of the boxes below.
pub use postroad_profile::{DataRefusal, ExactRequest, FieldProblem};
pub use postroad_store::{
    AuditFilter, DeliveryFilter, EventFilter, Owned, Page, StoreError, SubscriptionFilter,
};
