//! The memory store's queue.

use std::sync::Arc;

use async_trait::async_trait;
use postroad_domain::{EventId, TenantNo, delivery::Delivery};

use crate::{
    Backlog, CancelDelivery, CancelDeliveryError, Commit, Committed, Fanout, LaneKey, Prune, Pruned, Queue,
    Refill, Refilled, RetryDelivery, RetryDeliveryError, SendNow, SendNowError, SentNow, StoreError,
    StoreStats, Sweep, Swept, WaitingLane, WaitingLanes, memory::MemoryStore,
};

#[async_trait]
impl Queue for MemoryStore {
    async fn commit(&self, commit: Arc<Commit>) -> Result<Committed, StoreError> {
        self.shared.faults.pass(&commit).await?;
        let committed = self.state().commit(&commit);
        self.shared.faults.count_commit();
        Ok(committed)
    }

    async fn open_fanouts(
        &self,
        after: Option<(TenantNo, EventId)>,
        limit: usize,
    ) -> Result<Vec<Fanout>, StoreError> {
        Ok(self.state().open_fanouts(after, limit))
    }

    async fn waiting_lanes(&self, page: WaitingLanes) -> Result<Vec<WaitingLane>, StoreError> {
        Ok(self.state().waiting_lanes(page))
    }

    async fn refill(&self, refill: Refill) -> Result<Refilled, StoreError> {
        Ok(self.state().refill(&refill))
    }

    async fn retry_delivery(&self, retry: RetryDelivery) -> Result<Delivery, RetryDeliveryError> {
        self.state().retry_delivery(retry)
    }

    async fn cancel_delivery(&self, cancel: CancelDelivery) -> Result<LaneKey, CancelDeliveryError> {
        self.state().cancel_delivery(cancel)
    }

    async fn send_now(&self, send: SendNow) -> Result<SentNow, SendNowError> {
        self.state().send_now(send)
    }

    async fn sweep(&self, sweep: Sweep) -> Result<Swept, StoreError> {
        Ok(self.state().sweep(sweep))
    }

    async fn prune(&self, prune: Prune) -> Result<Pruned, StoreError> {
        self.shared.faults.injected_error()?;
        Ok(self.state().prune(&prune))
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        Ok(self.state().backlog())
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.shared.faults.injected_error()
    }

    fn stats(&self) -> StoreStats {
        StoreStats::default()
    }
}
