//! The seam to the database: operations of the domain, one params struct each.
//!
//! The database is the queue: what must still be sent lives here and nowhere else. The engine gathers what is waiting
//! and calls [`Store::commit`]; everything in one call becomes durable together, or nothing of it does.
//!
//! **Invariants** that every store keeps, and that the suite in `conformance` checks:
//! * what an operation answered is durable: a crash a microsecond later loses nothing of it;
//! * a delivery that is not final has exactly one place in the queue of its lane, and a final one has none;
//! * a tenant never sees another tenant's rows;
//! * nothing is written for a tenant whose configuration changed since the caller matched against it.
//!
//! On purpose the store knows no HTTP, no clock and no chance: moments and ids come from the caller.

mod audit;
mod commit;
mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod everywhere;
mod history;
mod keys;
mod lanes;
pub mod memory;
mod profiles;
mod prune;
mod read;
mod replay;
mod session;
mod settings;
mod subscription_test;

use std::sync::Arc;

use async_trait::async_trait;
pub use audit::{AuditFilter, ListAudit, NewAudit, PruneAudit, PrunedAudit, RecordAudit};
pub use commit::{
    AcceptResult, Commit, Committed, Fanout, FanoutTarget, Idempotency, NewDelivery, NewEvent, Next, Outcome,
    OutcomeResult,
};
pub use config::{
    ConfigSnapshot, CreateSubscription, Deactivate, DeleteEventType, DeleteSubscription, DeleteTenant,
    ListTenants, PutEventType, PutTenant, SubscriptionChange, UpdateSubscription,
};
pub use error::{
    CancelDeliveryError, CancelReplayError, CreateKeyError, CreateSubscriptionError, PutEventTypeError,
    RetryDeliveryError, StartReplayError, StoreError, UpdateSubscriptionError,
};
pub use everywhere::{ListAllDeliveries, ListAllEvents, ListAllSubscriptions, Owned, SubscriptionFilter};
pub use history::{ListSubscriptionsThen, SubscriptionThen, Then};
pub use keys::{CreateKey, KeyUsed, ListKeys, RevokeKey, StoredKey};
pub use lanes::{
    BacklogBudget, LaneKey, QueuedDelivery, Refill, Refilled, Sweep, Swept, WaitingLane, WaitingLanes,
};
use postroad_domain::{
    ApiKey, Attempt, AuditEntry, Event, EventId, KeyId, ProfileNo, Replay, ReplayId, Subscription,
    SubscriptionId, SubscriptionNo, SubscriptionVersion, Tenant, TenantId, TenantNo, Timestamp,
    delivery::Delivery, ids::DeliveryId, tenant::TenantSpec,
};
pub use profiles::{PutProfile, StoredProfile};
pub use prune::{Prune, Pruned, TenantRetention};
pub use read::{
    CancelDelivery, DeliveryFilter, EventFilter, ListDeliveries, ListEvents, Page, RetryDelivery,
};
pub use replay::{
    CancelReplay, CountReplay, CreateReplay, ListReplays, ReplayCounted, ReplayStep, ReplayStepped,
};
pub use session::{ClaimLanes, Heartbeat, LaneLease, OpenSession, ReleaseLanes, Session, SessionId};
pub use settings::SettingKey;
pub use subscription_test::RecordTest;

/// Figures that a store knows without looking at rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Bytes of the write-ahead log, where there is one.
    pub wal_bytes: u64,
    /// Bytes of the database's files.
    pub file_bytes: u64,
}

/// What waits in all lanes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Deliveries that are not final.
    pub waiting: u64,
    /// When the event of the oldest of them was accepted.
    pub oldest: Option<Timestamp>,
}

/// Durable memory of events, deliveries, attempts and configuration.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    // --- the hot path ----------------------------------------------------------------------------------------------

    /// Makes events, outcomes and the next steps of large fan-outs durable in one transaction. Results stand in the
    /// order of the input. On an error nothing was written; the caller still has its commit and may try again.
    async fn commit(&self, commit: Arc<Commit>) -> Result<Committed, StoreError>;

    /// Fan-outs that a commit left unfinished, oldest first: what a restart goes on with.
    async fn open_fanouts(&self, limit: usize) -> Result<Vec<Fanout>, StoreError>;

    // --- lanes -----------------------------------------------------------------------------------------------------

    /// The lanes in which something waits, by key, each with its next due time.
    async fn waiting_lanes(&self, page: WaitingLanes) -> Result<Vec<WaitingLane>, StoreError>;

    /// The next deliveries of one lane that are due and that the caller does not hold yet.
    async fn refill(&self, refill: Refill) -> Result<Refilled, StoreError>;

    /// Makes watermarks real in steps: cancels waiting deliveries of paused and deleted subscriptions, fails expired
    /// ones of lanes that are not sending and the oldest of those that are beyond their budget, erases what deleted
    /// tenants left.
    async fn sweep(&self, sweep: Sweep) -> Result<Swept, StoreError>;

    /// Erases the oldest events that need not be kept any more, in a step.
    async fn prune(&self, prune: Prune) -> Result<Pruned, StoreError>;

    // --- sessions and leases ---------------------------------------------------------------------------------------

    /// Registers a node. On an embedded store there is only one and it owns every lane.
    async fn open_session(&self, open: OpenSession) -> Result<Session, StoreError>;

    /// Extends a session's lease by the store's own clock; [`StoreError::SessionLost`] when it had run out.
    async fn heartbeat(&self, beat: Heartbeat) -> Result<Session, StoreError>;

    /// Takes the lanes that nobody else holds, or whose holder's session ran out; answers those that were taken.
    async fn claim_lanes(&self, claim: ClaimLanes) -> Result<Vec<LaneLease>, StoreError>;

    /// Gives lanes back.
    async fn release_lanes(&self, release: ReleaseLanes) -> Result<(), StoreError>;

    // --- configuration ---------------------------------------------------------------------------------------------

    /// Creates or replaces a tenant; answers it and whether it is new.
    async fn put_tenant(&self, put: PutTenant) -> Result<(Tenant, bool), StoreError>;

    /// One tenant.
    async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError>;

    /// Tenants by id.
    async fn list_tenants(&self, list: ListTenants) -> Result<Page<Tenant, TenantId>, StoreError>;

    /// Hides a tenant at once; [`Store::sweep`] erases its rows. Answers whether there was one.
    async fn delete_tenant(&self, delete: DeleteTenant) -> Result<bool, StoreError>;

    /// A tenant with all its subscriptions as one consistent picture: what events are matched against.
    async fn config_snapshot(&self, id: TenantId) -> Result<Option<ConfigSnapshot>, StoreError>;

    /// The same, found by the tenant's number: what a lane starts from.
    async fn config_snapshot_by_no(&self, no: TenantNo) -> Result<Option<ConfigSnapshot>, StoreError>;

    /// Creates a subscription.
    async fn create_subscription(
        &self,
        create: CreateSubscription,
    ) -> Result<Subscription, CreateSubscriptionError>;

    /// One subscription of the tenant.
    async fn subscription(
        &self,
        tenant_no: TenantNo,
        id: SubscriptionId,
    ) -> Result<Option<Subscription>, StoreError>;

    /// Changes a subscription that still has the expected version. Setting it inactive cancels what waits.
    async fn update_subscription(
        &self,
        update: UpdateSubscription,
    ) -> Result<Subscription, UpdateSubscriptionError>;

    /// Makes a subscription inactive because its receiver said that it is gone; what waits is held. It is no new version
    /// of the subscription, but the tenant's `config_version` grows. Nothing happens when it is inactive already.
    async fn deactivate(&self, deactivate: Deactivate) -> Result<(), StoreError>;

    /// Deletes a subscription and cancels what waits. Answers whether there was one.
    async fn delete_subscription(&self, delete: DeleteSubscription) -> Result<bool, StoreError>;

    /// A subscription as it was at one of its versions, also a deleted one.
    async fn subscription_version(
        &self,
        tenant_no: TenantNo,
        no: SubscriptionNo,
        version: i64,
    ) -> Result<Option<SubscriptionVersion>, StoreError>;

    /// What the caller had set of a tenant at one of its versions.
    async fn tenant_version(
        &self,
        tenant_no: TenantNo,
        version: i64,
    ) -> Result<Option<TenantSpec>, StoreError>;

    /// Adds or replaces an event type of a tenant; answers whether it is new. The tenant's `config_version` grows.
    async fn put_event_type(&self, put: PutEventType) -> Result<bool, PutEventTypeError>;

    /// Removes an event type of a tenant. Answers whether there was one. The tenant's `config_version` grows.
    async fn delete_event_type(&self, delete: DeleteEventType) -> Result<bool, StoreError>;

    // --- keys ------------------------------------------------------------------------------------------------------

    /// Keeps a new key of a tenant.
    async fn create_key(&self, create: CreateKey) -> Result<ApiKey, CreateKeyError>;

    /// The key with this hash, also one that has expired or was revoked. None of a deleted tenant is found.
    async fn key_by_hash(&self, hash: [u8; 32]) -> Result<Option<StoredKey>, StoreError>;

    /// Keys of a tenant that are not revoked, by id.
    async fn list_keys(&self, list: ListKeys) -> Result<Page<ApiKey, KeyId>, StoreError>;

    /// Revokes a key. Answers whether there was one that was not revoked.
    async fn revoke_key(&self, revoke: RevokeKey) -> Result<bool, StoreError>;

    /// Notes when keys were last used; an earlier moment than the known one changes nothing, and neither does a key that is
    /// not there.
    async fn note_key_uses(&self, used: Vec<KeyUsed>) -> Result<(), StoreError>;

    // --- the audit -------------------------------------------------------------------------------------------------

    /// Writes an entry about something that changes nothing else, unless a recent one says the same. No entry is earlier
    /// than the one before it, also where the clock was set back.
    async fn record_audit(&self, record: RecordAudit) -> Result<(), StoreError>;

    /// Entries, newest first. What an entry says of the data of a deleted tenant is not shown any more.
    async fn list_audit(&self, list: ListAudit) -> Result<Page<AuditEntry, i64>, StoreError>;

    /// Forgets entries, in a step: first the oldest of tenants that have too many, then the oldest of all.
    async fn prune_audit(&self, prune: PruneAudit) -> Result<PrunedAudit, StoreError>;

    // --- lists over all tenants ------------------------------------------------------------------------------------

    /// Events of all tenants, newest first.
    async fn list_all_events(&self, list: ListAllEvents) -> Result<Page<Owned<Event>, EventId>, StoreError>;

    /// Deliveries of all tenants, newest event first.
    async fn list_all_deliveries(
        &self,
        list: ListAllDeliveries,
    ) -> Result<Page<Owned<Delivery>, String>, StoreError>;

    /// Subscriptions of all tenants, newest first.
    async fn list_all_subscriptions(
        &self,
        list: ListAllSubscriptions,
    ) -> Result<Page<Owned<Subscription>, SubscriptionNo>, StoreError>;

    // --- profiles --------------------------------------------------------------------------------------------------

    /// Keeps a profile's files and answers their number: the same as before where the digest is known.
    async fn put_profile(&self, put: PutProfile) -> Result<ProfileNo, StoreError>;

    /// One profile as it was.
    async fn profile(&self, no: ProfileNo) -> Result<Option<StoredProfile>, StoreError>;

    /// Of each name the profile that was put last.
    async fn latest_profiles(&self) -> Result<Vec<StoredProfile>, StoreError>;

    // --- reading and changing single deliveries --------------------------------------------------------------------

    /// One event of the tenant.
    async fn event(&self, tenant_no: TenantNo, id: EventId) -> Result<Option<Event>, StoreError>;

    /// Events of the tenant, newest first.
    async fn list_events(&self, list: ListEvents) -> Result<Page<Event, EventId>, StoreError>;

    /// One delivery of the tenant.
    async fn delivery(&self, tenant_no: TenantNo, id: DeliveryId) -> Result<Option<Delivery>, StoreError>;

    /// Deliveries of the tenant, newest first.
    async fn list_deliveries(&self, list: ListDeliveries) -> Result<Page<Delivery, String>, StoreError>;

    /// The attempts made for a delivery, first to last.
    async fn attempts(&self, tenant_no: TenantNo, id: DeliveryId) -> Result<Vec<Attempt>, StoreError>;

    /// Puts a finished delivery at the tail of its lane.
    async fn retry_delivery(&self, retry: RetryDelivery) -> Result<LaneKey, RetryDeliveryError>;

    /// Takes a waiting delivery out of its lane; answers the lane.
    async fn cancel_delivery(&self, cancel: CancelDelivery) -> Result<LaneKey, CancelDeliveryError>;

    /// Writes a test of a subscription that was made. Answers false, and writes nothing, when its tenant or subscription
    /// is gone.
    async fn record_test(&self, test: RecordTest) -> Result<bool, StoreError>;

    // --- replays and explanations ----------------------------------------------------------------------------------

    /// What each subscription of a tenant was when an event came; `None` when there is no such event.
    async fn subscriptions_then(
        &self,
        list: ListSubscriptionsThen,
    ) -> Result<Option<Page<SubscriptionThen, SubscriptionId>>, StoreError>;

    /// Begins a replay; nothing is queued before its first step.
    async fn create_replay(&self, create: CreateReplay) -> Result<Replay, StartReplayError>;

    /// One replay of the tenant.
    async fn replay(&self, tenant_no: TenantNo, id: ReplayId) -> Result<Option<Replay>, StoreError>;

    /// Replays of the tenant, newest first.
    async fn list_replays(&self, list: ListReplays) -> Result<Page<Replay, ReplayId>, StoreError>;

    /// The replays of all tenants that run: what a restart goes on with.
    async fn running_replays(&self, limit: usize) -> Result<Vec<Replay>, StoreError>;

    /// Goes a step further with a replay: its progress and what it queues are one transaction. `None` when it is gone.
    async fn replay_step(&self, step: ReplayStep) -> Result<Option<ReplayStepped>, StoreError>;

    /// Calls a replay off; what it has queued stays queued.
    async fn cancel_replay(&self, cancel: CancelReplay) -> Result<Replay, CancelReplayError>;

    /// Counts what a replay would queue, in one short reading.
    async fn count_replay(&self, count: CountReplay) -> Result<ReplayCounted, StartReplayError>;

    // --- the store itself ------------------------------------------------------------------------------------------

    /// A small value kept for the whole installation.
    async fn setting(&self, key: SettingKey) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps such a value.
    async fn put_setting(&self, key: SettingKey, value: Vec<u8>) -> Result<(), StoreError>;

    /// Proves by a durable write that the store can take one.
    async fn probe(&self) -> Result<(), StoreError>;

    /// How much waits and since when. Reads the whole queue, in bounded reads: for a metric now and then, not for a
    /// request.
    async fn backlog(&self) -> Result<Backlog, StoreError>;

    /// Figures for `/metrics`.
    fn stats(&self) -> StoreStats;
}
