//! A store in memory, for tests: the same promises as the real ones, kept by the same conformance suite.
//!
//! **Invariants:**
//! * a clone is another handle on the same database: two engines on two clones are two nodes;
//! * one lock around the whole state: an operation is seen as a whole or not at all;
//! * an injected fault strikes before the first write, so that a failed commit wrote nothing.
//!
//! On purpose it is neither durable nor fast: most operations look at every row.

mod audit;
mod commit;
mod config;
mod deliveries;
mod event_types;
mod everywhere;
mod faults;
mod history;
mod keys;
mod lanes;
mod lists;
mod outcomes;
mod profiles;
mod prune;
mod replays;
mod sessions;
mod state;
mod subscription_test;
mod sweep;

use std::sync::Arc;

use async_trait::async_trait;
use faults::Faults;
pub use faults::HeldCommits;
use parking_lot::{Mutex, MutexGuard};
use postroad_domain::{
    ApiKey, Attempt, AuditEntry, Event, EventId, KeyId, ProfileNo, Replay, ReplayId, Subscription,
    SubscriptionId, SubscriptionNo, SubscriptionVersion, Tenant, TenantId, TenantNo, delivery::Delivery,
    ids::DeliveryId, tenant::TenantSpec,
};
use state::State;

use crate::{
    Backlog, CancelDelivery, CancelDeliveryError, CancelReplay, CancelReplayError, ClaimLanes, Commit,
    Committed, ConfigSnapshot, CountReplay, CreateKey, CreateKeyError, CreateReplay, CreateSubscription,
    CreateSubscriptionError, Deactivate, DeleteEventType, DeleteSubscription, DeleteTenant, Fanout,
    Heartbeat, KeyUsed, LaneKey, LaneLease, ListAllDeliveries, ListAllEvents, ListAllSubscriptions,
    ListAudit, ListDeliveries, ListEvents, ListKeys, ListReplays, ListSubscriptionsThen, ListTenants,
    OpenSession, Owned, Page, Prune, PruneAudit, Pruned, PrunedAudit, PutEventType, PutEventTypeError,
    PutProfile, PutTenant, RecordAudit, RecordTest, Refill, Refilled, ReleaseLanes, ReplayCounted,
    ReplayStep, ReplayStepped, RetryDelivery, RetryDeliveryError, RevokeKey, Session, SettingKey,
    StartReplayError, Store, StoreError, StoreStats, StoredKey, StoredProfile, SubscriptionThen, Sweep,
    Swept, UpdateSubscription, UpdateSubscriptionError, WaitingLane, WaitingLanes,
};

/// A store in memory. Cheap to clone; clones share everything, also the injected faults.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    faults: Faults,
}

impl MemoryStore {
    /// An empty store for one node, which owns every lane: what the embedded store is.
    pub fn embedded() -> Self {
        Self::new(State::embedded())
    }

    /// An empty store for many nodes: lanes are leased, and leases run out by the moments that callers pass.
    pub fn clustered() -> Self {
        Self::new(State::clustered())
    }

    fn new(state: State) -> Self {
        Self { shared: Arc::new(Shared { state: Mutex::new(state), faults: Faults::default() }) }
    }

    /// Every commit, every record of a test and every probe fails with `error` until this is called with `None`.
    pub fn fail_commits(&self, error: Option<StoreError>) {
        self.shared.faults.fail_commits(error);
    }

    /// Tenants are put and deleted and subscriptions deleted as asked, and the answer is `error` all the same, until this is
    /// called with `None`.
    pub fn lose_answers(&self, error: Option<StoreError>) {
        self.shared.faults.lose_answers(error);
    }

    /// Every commit that holds an event of this type fails as [`StoreError::Internal`]: the one bad item that must
    /// not fail its neighbours.
    pub fn fail_events_of_type(&self, event_type: &str) {
        self.shared.faults.fail_events_of_type(event_type);
    }

    /// Commits that begin from now on wait until the guard is dropped.
    pub fn hold_commits(&self) -> HeldCommits {
        self.shared.faults.hold_commits()
    }

    /// How many commits succeeded.
    pub fn commits(&self) -> usize {
        self.shared.faults.commits()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock()
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn commit(&self, commit: Arc<Commit>) -> Result<Committed, StoreError> {
        self.shared.faults.pass(&commit).await?;
        let committed = self.state().commit(&commit);
        self.shared.faults.count_commit();
        Ok(committed)
    }

    async fn open_fanouts(&self, limit: usize) -> Result<Vec<Fanout>, StoreError> {
        Ok(self.state().open_fanouts(limit))
    }

    async fn waiting_lanes(&self, page: WaitingLanes) -> Result<Vec<WaitingLane>, StoreError> {
        Ok(self.state().waiting_lanes(page))
    }

    async fn refill(&self, refill: Refill) -> Result<Refilled, StoreError> {
        Ok(self.state().refill(&refill))
    }

    async fn sweep(&self, sweep: Sweep) -> Result<Swept, StoreError> {
        Ok(self.state().sweep(sweep))
    }

    async fn prune(&self, prune: Prune) -> Result<Pruned, StoreError> {
        self.shared.faults.injected_error()?;
        Ok(self.state().prune(&prune))
    }

    async fn open_session(&self, open: OpenSession) -> Result<Session, StoreError> {
        Ok(self.state().open_session(&open))
    }

    async fn heartbeat(&self, beat: Heartbeat) -> Result<Session, StoreError> {
        self.state().heartbeat(beat)
    }

    async fn claim_lanes(&self, claim: ClaimLanes) -> Result<Vec<LaneLease>, StoreError> {
        self.state().claim_lanes(&claim)
    }

    async fn release_lanes(&self, release: ReleaseLanes) -> Result<(), StoreError> {
        self.state().release_lanes(&release);
        Ok(())
    }

    async fn put_tenant(&self, put: PutTenant) -> Result<(Tenant, bool), StoreError> {
        let put = self.state().put_tenant(put);
        self.shared.faults.answer(put)
    }

    async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError> {
        Ok(self.state().tenant_by_id(&id).cloned())
    }

    async fn list_tenants(&self, list: ListTenants) -> Result<Page<Tenant, TenantId>, StoreError> {
        Ok(self.state().list_tenants(&list))
    }

    async fn delete_tenant(&self, delete: DeleteTenant) -> Result<bool, StoreError> {
        let deleted = self.state().delete_tenant(&delete);
        self.shared.faults.answer(deleted)
    }

    async fn config_snapshot(&self, id: TenantId) -> Result<Option<ConfigSnapshot>, StoreError> {
        let state = self.state();
        Ok(state.tenant_by_id(&id).and_then(|tenant| state.config_snapshot(tenant.no)))
    }

    async fn config_snapshot_by_no(&self, no: TenantNo) -> Result<Option<ConfigSnapshot>, StoreError> {
        Ok(self.state().config_snapshot(no))
    }

    async fn create_subscription(
        &self,
        create: CreateSubscription,
    ) -> Result<Subscription, CreateSubscriptionError> {
        self.state().create_subscription(create)
    }

    async fn subscription(
        &self,
        tenant_no: TenantNo,
        id: SubscriptionId,
    ) -> Result<Option<Subscription>, StoreError> {
        Ok(self.state().subscription(tenant_no, id))
    }

    async fn update_subscription(
        &self,
        update: UpdateSubscription,
    ) -> Result<Subscription, UpdateSubscriptionError> {
        self.state().update_subscription(update)
    }

    async fn deactivate(&self, deactivate: Deactivate) -> Result<(), StoreError> {
        self.state().deactivate(deactivate);
        Ok(())
    }

    async fn delete_subscription(&self, delete: DeleteSubscription) -> Result<bool, StoreError> {
        let deleted = self.state().delete_subscription(delete);
        self.shared.faults.answer(deleted)
    }

    async fn subscription_version(
        &self,
        tenant_no: TenantNo,
        no: SubscriptionNo,
        version: i64,
    ) -> Result<Option<SubscriptionVersion>, StoreError> {
        Ok(self.state().subscription_version(tenant_no, no, version))
    }

    async fn tenant_version(
        &self,
        tenant_no: TenantNo,
        version: i64,
    ) -> Result<Option<TenantSpec>, StoreError> {
        Ok(self.state().tenant_version(tenant_no, version))
    }

    async fn put_event_type(&self, put: PutEventType) -> Result<bool, PutEventTypeError> {
        self.state().put_event_type(put)
    }

    async fn delete_event_type(&self, delete: DeleteEventType) -> Result<bool, StoreError> {
        Ok(self.state().delete_event_type(&delete))
    }

    async fn create_key(&self, create: CreateKey) -> Result<ApiKey, CreateKeyError> {
        self.state().create_key(create)
    }

    async fn key_by_hash(&self, hash: [u8; 32]) -> Result<Option<StoredKey>, StoreError> {
        Ok(self.state().key_by_hash(&hash))
    }

    async fn list_keys(&self, list: ListKeys) -> Result<Page<ApiKey, KeyId>, StoreError> {
        Ok(self.state().list_keys(list))
    }

    async fn revoke_key(&self, revoke: RevokeKey) -> Result<bool, StoreError> {
        Ok(self.state().revoke_key(revoke))
    }

    async fn note_key_uses(&self, used: Vec<KeyUsed>) -> Result<(), StoreError> {
        self.state().note_key_uses(&used);
        Ok(())
    }

    async fn record_audit(&self, record: RecordAudit) -> Result<(), StoreError> {
        self.shared.faults.injected_error()?;
        self.state().record_audit(record);
        Ok(())
    }

    async fn list_audit(&self, list: ListAudit) -> Result<Page<AuditEntry, i64>, StoreError> {
        Ok(self.state().list_audit(&list))
    }

    async fn prune_audit(&self, prune: PruneAudit) -> Result<PrunedAudit, StoreError> {
        Ok(self.state().prune_audit(prune))
    }

    async fn list_all_events(&self, list: ListAllEvents) -> Result<Page<Owned<Event>, EventId>, StoreError> {
        Ok(self.state().list_all_events(&list))
    }

    async fn list_all_deliveries(
        &self,
        list: ListAllDeliveries,
    ) -> Result<Page<Owned<Delivery>, String>, StoreError> {
        self.state().list_all_deliveries(&list)
    }

    async fn list_all_subscriptions(
        &self,
        list: ListAllSubscriptions,
    ) -> Result<Page<Owned<Subscription>, SubscriptionNo>, StoreError> {
        Ok(self.state().list_all_subscriptions(&list))
    }

    async fn put_profile(&self, put: PutProfile) -> Result<ProfileNo, StoreError> {
        Ok(self.state().put_profile(put))
    }

    async fn profile(&self, no: ProfileNo) -> Result<Option<StoredProfile>, StoreError> {
        Ok(self.state().profile(no))
    }

    async fn latest_profiles(&self) -> Result<Vec<StoredProfile>, StoreError> {
        Ok(self.state().latest_profiles())
    }

    async fn event(&self, tenant_no: TenantNo, id: EventId) -> Result<Option<Event>, StoreError> {
        Ok(self.state().event(tenant_no, id))
    }

    async fn list_events(&self, list: ListEvents) -> Result<Page<Event, EventId>, StoreError> {
        Ok(self.state().list_events(&list))
    }

    async fn delivery(&self, tenant_no: TenantNo, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        Ok(self.state().delivery(tenant_no, id))
    }

    async fn list_deliveries(&self, list: ListDeliveries) -> Result<Page<Delivery, String>, StoreError> {
        self.state().list_deliveries(&list)
    }

    async fn attempts(&self, tenant_no: TenantNo, id: DeliveryId) -> Result<Vec<Attempt>, StoreError> {
        Ok(self.state().attempts(tenant_no, id))
    }

    async fn retry_delivery(&self, retry: RetryDelivery) -> Result<LaneKey, RetryDeliveryError> {
        self.state().retry_delivery(retry)
    }

    async fn cancel_delivery(&self, cancel: CancelDelivery) -> Result<LaneKey, CancelDeliveryError> {
        self.state().cancel_delivery(cancel)
    }

    async fn record_test(&self, test: RecordTest) -> Result<bool, StoreError> {
        self.shared.faults.injected_error()?;
        Ok(self.state().record_test(test))
    }

    async fn subscriptions_then(
        &self,
        list: ListSubscriptionsThen,
    ) -> Result<Option<Page<SubscriptionThen, SubscriptionId>>, StoreError> {
        Ok(self.state().subscriptions_then(&list))
    }

    async fn create_replay(&self, create: CreateReplay) -> Result<Replay, StartReplayError> {
        self.state().create_replay(&create)
    }

    async fn replay(&self, tenant_no: TenantNo, id: ReplayId) -> Result<Option<Replay>, StoreError> {
        Ok(self.state().replay(tenant_no, id))
    }

    async fn list_replays(&self, list: ListReplays) -> Result<Page<Replay, ReplayId>, StoreError> {
        Ok(self.state().list_replays(&list))
    }

    async fn running_replays(&self, limit: usize) -> Result<Vec<Replay>, StoreError> {
        Ok(self.state().running_replays(limit))
    }

    async fn replay_step(&self, step: ReplayStep) -> Result<Option<ReplayStepped>, StoreError> {
        self.shared.faults.injected_error()?;
        Ok(self.state().replay_step(&step))
    }

    async fn cancel_replay(&self, cancel: CancelReplay) -> Result<Replay, CancelReplayError> {
        self.state().cancel_replay(cancel)
    }

    async fn count_replay(&self, count: CountReplay) -> Result<ReplayCounted, StartReplayError> {
        self.state().count_replay(&count)
    }

    async fn setting(&self, key: SettingKey) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.state().settings.get(&key).cloned())
    }

    async fn put_setting(&self, key: SettingKey, value: Vec<u8>) -> Result<(), StoreError> {
        self.state().settings.insert(key, value);
        Ok(())
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.shared.faults.injected_error()
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        Ok(self.state().backlog())
    }

    fn stats(&self) -> StoreStats {
        StoreStats::default()
    }
}
