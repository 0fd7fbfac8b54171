//! The history, with the disk in front.

use std::sync::Arc;

use async_trait::async_trait;
use postroad_domain::{
    Attempt, AuditEntry, DeliveryId, Event, EventId, Replay, ReplayId, SubscriptionId, TenantNo,
    delivery::{Delivery, StoredBody},
};
use postroad_store::{
    CancelReplay, CancelReplayError, CountReplay, CreateReplay, History, ListAllDeliveries, ListAllEvents,
    ListAudit, ListDeliveries, ListEvents, ListReplays, ListSubscriptionsThen, LogRead, Owned, Page,
    PruneAudit, PrunedAudit, ReadLog, RecordAudit, RecordTest, ReplayCounted, ReplayStep, ReplayStepped,
    StartReplayError, StoreError, SubscriptionThen,
};

use super::SimulatedStore;
use crate::journal::How;

#[async_trait]
impl History for SimulatedStore {
    async fn event(&self, tenant_no: TenantNo, id: EventId) -> Result<Option<Event>, StoreError> {
        self.look("event", self.inner.event(tenant_no, id)).await
    }

    async fn list_events(&self, list: ListEvents) -> Result<Page<Event, EventId>, StoreError> {
        self.look("list_events", self.inner.list_events(list)).await
    }

    async fn list_all_events(&self, list: ListAllEvents) -> Result<Page<Owned<Event>, EventId>, StoreError> {
        self.look("list_all_events", self.inner.list_all_events(list)).await
    }

    async fn read_log(&self, read: ReadLog) -> Result<Option<LogRead>, StoreError> {
        self.look("read_log", self.inner.read_log(read)).await
    }

    async fn delivery(&self, tenant_no: TenantNo, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        self.look("delivery", self.inner.delivery(tenant_no, id)).await
    }

    async fn delivery_events(&self, tenant_no: TenantNo, id: DeliveryId) -> Result<Vec<Event>, StoreError> {
        self.look("delivery_events", self.inner.delivery_events(tenant_no, id)).await
    }

    async fn stored_body(
        &self,
        tenant_no: TenantNo,
        id: DeliveryId,
    ) -> Result<Option<Arc<StoredBody>>, StoreError> {
        self.look("stored_body", self.inner.stored_body(tenant_no, id)).await
    }

    async fn list_deliveries(&self, list: ListDeliveries) -> Result<Page<Delivery, String>, StoreError> {
        self.look("list_deliveries", self.inner.list_deliveries(list)).await
    }

    async fn list_all_deliveries(
        &self,
        list: ListAllDeliveries,
    ) -> Result<Page<Owned<Delivery>, String>, StoreError> {
        self.look("list_all_deliveries", self.inner.list_all_deliveries(list)).await
    }

    async fn attempts(&self, tenant_no: TenantNo, id: DeliveryId) -> Result<Vec<Attempt>, StoreError> {
        self.look("attempts", self.inner.attempts(tenant_no, id)).await
    }

    async fn record_test(&self, test: RecordTest) -> Result<bool, StoreError> {
        self.write(3, self.inner.record_test(test)).await
    }

    async fn subscriptions_then(
        &self,
        list: ListSubscriptionsThen,
    ) -> Result<Option<Page<SubscriptionThen, SubscriptionId>>, StoreError> {
        self.look("subscriptions_then", self.inner.subscriptions_then(list)).await
    }

    async fn create_replay(&self, create: CreateReplay) -> Result<Replay, StartReplayError> {
        self.write(2, self.inner.create_replay(create)).await
    }

    async fn replay(&self, tenant_no: TenantNo, id: ReplayId) -> Result<Option<Replay>, StoreError> {
        self.look("replay", self.inner.replay(tenant_no, id)).await
    }

    async fn list_replays(&self, list: ListReplays) -> Result<Page<Replay, ReplayId>, StoreError> {
        self.look("list_replays", self.inner.list_replays(list)).await
    }

    async fn running_replays(&self, limit: usize) -> Result<Vec<Replay>, StoreError> {
        self.look("running_replays", self.inner.running_replays(limit)).await
    }

    async fn count_replay(&self, count: CountReplay) -> Result<ReplayCounted, StartReplayError> {
        self.look("count_replay", self.inner.count_replay(count)).await
    }

    async fn replay_step(&self, step: ReplayStep) -> Result<Option<ReplayStepped>, StoreError> {
        let tenant_no = step.tenant_no;
        let stepped = self.write(100, self.inner.replay_step(step)).await?;
        for id in stepped.iter().flat_map(|stepped| &stepped.queued) {
            let event = self.now(self.inner.event(tenant_no, id.first_event())).await?;
            if let (Some(event), Some(stepped)) = (event, &stepped) {
                self.note_queued(*id, stepped.lane, &event.data, (How::Again, false));
            }
        }
        Ok(stepped)
    }

    async fn cancel_replay(&self, cancel: CancelReplay) -> Result<Replay, CancelReplayError> {
        self.write(2, self.inner.cancel_replay(cancel)).await
    }

    async fn record_audit(&self, record: RecordAudit) -> Result<(), StoreError> {
        self.write(1, self.inner.record_audit(record)).await
    }

    async fn list_audit(&self, list: ListAudit) -> Result<Page<AuditEntry, i64>, StoreError> {
        self.look("list_audit", self.inner.list_audit(list)).await
    }

    async fn prune_audit(&self, prune: PruneAudit) -> Result<PrunedAudit, StoreError> {
        self.write(10, self.inner.prune_audit(prune)).await
    }
}
