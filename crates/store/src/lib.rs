//! The seam to the database: operations of the domain, one params struct each, in five traits that one object implements.
//!
//! | trait | what it holds |
//! |---|---|
//! | [`Queue`] | what must still be sent: commits, lanes, the background work on them |
//! | [`Configuration`] | tenants, subscriptions, event types, keys, profiles |
//! | [`History`] | events, deliveries, attempts, replays, the audit |
//! | [`Notices`] | what contacts must still be told by mail |
//! | [`Cluster`] | nodes, the lanes they own, the feed of changes |
//!
//! [`Store`] is all five. Whoever needs only one of them takes only that one: `Arc<dyn Store>` becomes
//! `Arc<dyn Configuration>` by itself.
//!
//! The database is the queue: what must still be sent lives here and nowhere else. The engine gathers what is waiting
//! and calls [`Queue::commit`]; everything in one call becomes durable together, or nothing of it does.
//!
//! **Invariants** that every store keeps, and that the suite in `conformance` checks, beside those of each trait:
//! * what an operation answered is durable: a crash a microsecond later loses nothing of it;
//! * a tenant never sees another tenant's rows.
//!
//! On purpose the store knows no HTTP, no clock and no rng: moments and ids come from the caller. No word of one database
//! stands in the traits.
//!
//! The memory store and the suite are behind the features `memory` and `conformance`: only tests ask for them.

mod cluster;
mod configuration;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod history;
#[cfg(feature = "memory")]
pub mod memory;
mod notices;
mod queue;

pub use cluster::{
    Change, ChangeKinds, Changes, ClaimLanes, Cluster, Feed, Heartbeat, LaneLease, OpenSession, ReleaseLanes,
    Session, SessionId,
};
pub use configuration::{
    AskVerification, ConfigSnapshot, Configuration, CreateKey, CreateSubscription, Deactivate, Deactivation,
    DeleteEventType, DeleteSubscription, DeleteTenant, KeyUsed, ListFailing, ListKeys, ListTenants,
    PendingVerifications, PutEventType, PutProfile, PutTenant, RecordVerification, Redirected, RevokeKey,
    SettingKey, StoredKey, StoredProfile, SubscriptionChange, TenantChange, UpdateSubscription,
};
pub use error::{
    CancelDeliveryError, CancelReplayError, CreateKeyError, CreateSubscriptionError, PutEventTypeError,
    RetryDeliveryError, SendNowError, StartReplayError, StoreError, UpdateSubscriptionError,
};
pub use history::{
    AuditFilter, CancelReplay, CountReplay, CreateReplay, DeliveryFilter, EventFilter, History,
    ListAllDeliveries, ListAllEvents, ListAllSubscriptions, ListAudit, ListDeliveries, ListEvents,
    ListReplays, ListSubscriptionsThen, LogEntry, LogRead, NewAudit, Owned, Page, PruneAudit, PrunedAudit,
    ReadLog, RecordAudit, RecordTest, ReplayCounted, ReplayStep, ReplayStepped, SubscriptionFilter,
    SubscriptionThen, Then,
};
pub use notices::{
    AskMail, CloseDigest, DueDigest, DueMail, Mail, MailNo, MailSettled, Notice, NoticeKind, Notices,
    WarnContacts,
};
pub use queue::{
    AcceptResult, Backlog, BacklogBudget, CancelDelivery, Commit, Committed, Failing, Fanout, FanoutTarget,
    Group, GroupKey, GroupTarget, GrowingBacklog, Idempotency, LaneKey, NewDelivery, NewEvent, Next, Outcome,
    OutcomeResult, Prune, Pruned, Queue, QueuedDelivery, Refill, Refilled, RetryDelivery, SendNow, SentNow,
    SentNowPlace, StoreStats, Sweep, Swept, TenantRetention, WaitingLane, WaitingLanes,
};

/// A whole store: durable memory of events, deliveries, attempts and configuration. Whatever implements the five traits is
/// one.
pub trait Store: Queue + Configuration + History + Notices + Cluster {}

impl<S: Queue + Configuration + History + Notices + Cluster> Store for S {}
