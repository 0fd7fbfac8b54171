//! What happened: events, deliveries with their attempts, the audit; and what is made of it again: explanations and replays.
//!
//! **Invariants:**
//! * a tenant never sees another tenant's rows;
//! * a page of a list looks at a bounded number of rows, so a rare filter gives short pages with a `next` and holds nobody up;
//! * a step of a replay and what it queues are one transaction.

mod all_tenants;
mod audit;
mod log;
mod read;
mod replay;
mod subscriptions_then;
mod test_delivery;

pub use all_tenants::{ListAllDeliveries, ListAllEvents, ListAllSubscriptions, Owned, SubscriptionFilter};
use std::sync::Arc;

use async_trait::async_trait;
pub use audit::{AuditFilter, ListAudit, NewAudit, PruneAudit, PrunedAudit, RecordAudit};
pub use log::{LogEntry, LogRead, ReadLog};
use postroad_domain::{
    Attempt, AuditEntry, Event, EventId, Replay, ReplayId, SubscriptionId, TenantNo,
    delivery::{Delivery, StoredBody},
    ids::DeliveryId,
};
pub use read::{DeliveryFilter, EventFilter, ListDeliveries, ListEvents, Page};
pub use replay::{
    CancelReplay, CountReplay, CreateReplay, ListReplays, ReplayCounted, ReplayStep, ReplayStepped,
};
pub use subscriptions_then::{ListSubscriptionsThen, SubscriptionThen, Then};
pub use test_delivery::RecordTest;

use crate::error::{CancelReplayError, StartReplayError, StoreError};

/// The record of what was accepted and sent.
#[async_trait]
pub trait History: Send + Sync + 'static {
    // --- events ------------------------------------------------------------------------------------------------------

    /// One event of the tenant.
    async fn event(&self, tenant_no: TenantNo, id: EventId) -> Result<Option<Event>, StoreError>;

    /// Events of the tenant, newest first.
    async fn list_events(&self, list: ListEvents) -> Result<Page<Event, EventId>, StoreError>;

    /// Events of all tenants, newest first.
    async fn list_all_events(&self, list: ListAllEvents) -> Result<Page<Owned<Event>, EventId>, StoreError>;

    /// Events of the tenant from an offset on, oldest first; `None` when there is no such tenant.
    ///
    /// An entry that was seen keeps its offset, offsets ascend in the order of commits, and none is ever given twice: not
    /// after a crash, and not when the newest events were forgotten.
    async fn read_log(&self, read: ReadLog) -> Result<Option<LogRead>, StoreError>;

    // --- deliveries --------------------------------------------------------------------------------------------------

    /// One delivery of the tenant.
    async fn delivery(&self, tenant_no: TenantNo, id: DeliveryId) -> Result<Option<Delivery>, StoreError>;

    /// All events of a delivery, in the order in which they are sent; none when there is no such delivery.
    async fn delivery_events(&self, tenant_no: TenantNo, id: DeliveryId) -> Result<Vec<Event>, StoreError>;

    /// What the first attempt of a delivery sent, where it was kept.
    async fn stored_body(
        &self,
        tenant_no: TenantNo,
        id: DeliveryId,
    ) -> Result<Option<Arc<StoredBody>>, StoreError>;

    /// Deliveries of the tenant, newest first.
    async fn list_deliveries(&self, list: ListDeliveries) -> Result<Page<Delivery, String>, StoreError>;

    /// Deliveries of all tenants, newest event first.
    async fn list_all_deliveries(
        &self,
        list: ListAllDeliveries,
    ) -> Result<Page<Owned<Delivery>, String>, StoreError>;

    /// The attempts made for a delivery, first to last.
    async fn attempts(&self, tenant_no: TenantNo, id: DeliveryId) -> Result<Vec<Attempt>, StoreError>;

    /// Writes a test of a subscription that was made. Answers false, and writes nothing, when its tenant or subscription
    /// is gone.
    async fn record_test(&self, test: RecordTest) -> Result<bool, StoreError>;

    // --- explanations ------------------------------------------------------------------------------------------------

    /// What each subscription of a tenant was when an event came; `None` when there is no such event.
    async fn subscriptions_then(
        &self,
        list: ListSubscriptionsThen,
    ) -> Result<Option<Page<SubscriptionThen, SubscriptionId>>, StoreError>;

    // --- replays -----------------------------------------------------------------------------------------------------

    /// Begins a replay; nothing is queued before its first step.
    async fn create_replay(&self, create: CreateReplay) -> Result<Replay, StartReplayError>;

    /// One replay of the tenant.
    async fn replay(&self, tenant_no: TenantNo, id: ReplayId) -> Result<Option<Replay>, StoreError>;

    /// Replays of the tenant, newest first.
    async fn list_replays(&self, list: ListReplays) -> Result<Page<Replay, ReplayId>, StoreError>;

    /// The replays of all tenants that run: what a restart goes on with.
    async fn running_replays(&self, limit: usize) -> Result<Vec<Replay>, StoreError>;

    /// Counts what a replay would queue, in one short reading.
    async fn count_replay(&self, count: CountReplay) -> Result<ReplayCounted, StartReplayError>;

    /// Goes a step further with a replay: its progress and what it queues are one transaction. `None` when it is gone.
    async fn replay_step(&self, step: ReplayStep) -> Result<Option<ReplayStepped>, StoreError>;

    /// Calls a replay off; what it has queued stays queued.
    async fn cancel_replay(&self, cancel: CancelReplay) -> Result<Replay, CancelReplayError>;

    // --- the audit ---------------------------------------------------------------------------------------------------

    /// Writes an entry about something that changes nothing else, unless a recent one says the same. No entry is earlier
    /// than the one before it, also where the clock was set back.
    async fn record_audit(&self, record: RecordAudit) -> Result<(), StoreError>;

    /// Entries, newest first. What an entry says of the data of a deleted tenant is not shown any more.
    async fn list_audit(&self, list: ListAudit) -> Result<Page<AuditEntry, i64>, StoreError>;

    /// Forgets entries, in a step: first the oldest of tenants that have too many, then the oldest of all.
    async fn prune_audit(&self, prune: PruneAudit) -> Result<PrunedAudit, StoreError>;
}
