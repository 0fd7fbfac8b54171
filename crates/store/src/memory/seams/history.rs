//! The memory store's history.

use async_trait::async_trait;
use postroad_domain::{
    Attempt, AuditEntry, DeliveryId, Event, EventId, Replay, ReplayId, SubscriptionId, TenantNo,
    delivery::Delivery,
};

use crate::{
    CancelReplay, CancelReplayError, CountReplay, CreateReplay, History, ListAllDeliveries, ListAllEvents,
    ListAudit, ListDeliveries, ListEvents, ListReplays, ListSubscriptionsThen, Owned, Page, PruneAudit,
    PrunedAudit, RecordAudit, RecordTest, ReplayCounted, ReplayStep, ReplayStepped, StartReplayError,
    StoreError, SubscriptionThen, memory::MemoryStore,
};

#[async_trait]
impl History for MemoryStore {
    async fn event(&self, tenant_no: TenantNo, id: EventId) -> Result<Option<Event>, StoreError> {
        Ok(self.state().event(tenant_no, id))
    }

    async fn list_events(&self, list: ListEvents) -> Result<Page<Event, EventId>, StoreError> {
        Ok(self.state().list_events(&list))
    }

    async fn list_all_events(&self, list: ListAllEvents) -> Result<Page<Owned<Event>, EventId>, StoreError> {
        Ok(self.state().list_all_events(&list))
    }

    async fn delivery(&self, tenant_no: TenantNo, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        Ok(self.state().delivery(tenant_no, id))
    }

    async fn list_deliveries(&self, list: ListDeliveries) -> Result<Page<Delivery, String>, StoreError> {
        self.state().list_deliveries(&list)
    }

    async fn list_all_deliveries(
        &self,
        list: ListAllDeliveries,
    ) -> Result<Page<Owned<Delivery>, String>, StoreError> {
        self.state().list_all_deliveries(&list)
    }

    async fn attempts(&self, tenant_no: TenantNo, id: DeliveryId) -> Result<Vec<Attempt>, StoreError> {
        Ok(self.state().attempts(tenant_no, id))
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

    async fn count_replay(&self, count: CountReplay) -> Result<ReplayCounted, StartReplayError> {
        self.state().count_replay(&count)
    }

    async fn replay_step(&self, step: ReplayStep) -> Result<Option<ReplayStepped>, StoreError> {
        self.shared.faults.injected_error()?;
        Ok(self.state().replay_step(&step))
    }

    async fn cancel_replay(&self, cancel: CancelReplay) -> Result<Replay, CancelReplayError> {
        self.state().cancel_replay(cancel)
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
}
