//! The queue, with the disk in front and a note of what goes through it.

use std::sync::Arc;

use async_trait::async_trait;
use postroad_domain::{DeliveryId, EventId, TenantNo, delivery::Delivery};
use postroad_store::{
    AcceptResult, Backlog, CancelDelivery, CancelDeliveryError, Commit, Committed, DeliveryFilter, Fanout,
    LaneKey, ListDeliveries, Prune, Pruned, Queue, QueuedDelivery, Refill, Refilled, RetryDelivery,
    RetryDeliveryError, SendNow, SendNowError, SentNow, StoreError, StoreStats, Sweep, Swept, WaitingLane,
    WaitingLanes,
};

use super::SimulatedStore;
use crate::{
    journal::{How, Recorded, What, Written},
    network::event_of,
};

#[async_trait]
impl Queue for SimulatedStore {
    async fn commit(&self, commit: Arc<Commit>) -> Result<Committed, StoreError> {
        let written = written(&commit, self.disk.count_commit());
        self.journal.note(What::CommitBegins(written));
        let alone = self.disk.writer().await;
        let sync_took = self.disk.write_takes(written.rows).await;
        self.disk.may_die(false).await;
        let committed = match self.disk.may_write() {
            Ok(()) => self.now(self.inner.commit(Arc::clone(&commit))).await,
            Err(error) => Err(error),
        };
        if let Ok(committed) = &committed {
            self.note_committed(&commit, committed, written.no).await;
        }
        drop(alone);
        self.disk.answer_takes().await;
        self.disk.may_die(true).await;
        let told = committed.as_ref().map(|_| ()).map_err(ToString::to_string);
        self.journal.note(What::CommitEnds(written.no, told));
        committed.map(|committed| Committed { sync_took, ..committed })
    }

    async fn open_fanouts(
        &self,
        after: Option<(TenantNo, EventId)>,
        limit: usize,
    ) -> Result<Vec<Fanout>, StoreError> {
        self.now(self.inner.open_fanouts(after, limit)).await
    }

    async fn waiting_lanes(&self, page: WaitingLanes) -> Result<Vec<WaitingLane>, StoreError> {
        self.now(self.inner.waiting_lanes(page)).await
    }

    async fn refill(&self, refill: Refill) -> Result<Refilled, StoreError> {
        let bytes = |refilled: &Refilled| refilled.deliveries.iter().map(QueuedDelivery::bytes).sum();
        self.read("refill", self.inner.refill(refill), bytes).await
    }

    async fn retry_delivery(&self, retry: RetryDelivery) -> Result<Delivery, RetryDeliveryError> {
        let tenant_no = retry.tenant_no;
        let before = self.now(self.inner.delivery(tenant_no, retry.id)).await?;
        let retried = self.write(2, self.inner.retry_delivery(retry)).await?;
        let lane = LaneKey { tenant_no, subscription_no: retried.subscription_no };
        // One that waits only does so for less long.
        if before.is_some_and(|before| before.status.is_final()) {
            self.note_again(tenant_no, retried.id, lane).await;
        }
        Ok(retried)
    }

    async fn send_now(&self, send: SendNow) -> Result<SentNow, SendNowError> {
        self.write(send.limit.min(100), self.inner.send_now(send)).await
    }

    async fn cancel_delivery(&self, cancel: CancelDelivery) -> Result<LaneKey, CancelDeliveryError> {
        self.write(2, self.inner.cancel_delivery(cancel)).await
    }

    async fn sweep(&self, sweep: Sweep) -> Result<Swept, StoreError> {
        let mut budget = sweep.budget;
        if let Some(deliveries) = self.durable.backlog_max() {
            budget.deliveries = budget.deliveries.min(deliveries);
        }
        self.write(5, self.inner.sweep(Sweep { budget, ..sweep })).await
    }

    async fn prune(&self, prune: Prune) -> Result<Pruned, StoreError> {
        // The memory store would look at every row for nothing.
        if prune.age_max.is_none() && prune.bytes_max.is_none() && prune.tenants.is_empty() {
            return Ok(Pruned::default());
        }
        self.write(5, self.inner.prune(prune)).await
    }

    /// A figure that costs a look at every row and decides nothing.
    async fn backlog(&self) -> Result<Backlog, StoreError> {
        Ok(Backlog::default())
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.write(1, self.inner.probe()).await
    }

    fn stats(&self) -> StoreStats {
        self.inner.stats()
    }
}

impl SimulatedStore {
    async fn note_committed(&self, commit: &Commit, committed: &Committed, no: u32) {
        for (event, result) in commit.events.iter().zip(&committed.events) {
            let AcceptResult::Accepted { deliveries: created } = result else { continue };
            for delivery in &event.deliveries {
                let subscription_no = delivery.target.subscription_no;
                let lane = LaneKey { tenant_no: event.tenant_no, subscription_no };
                let is_group = delivery.target.group.is_some();
                if is_group && created.iter().all(|created| created.id != delivery.id) {
                    self.note_joined(lane, event.id, &event.data).await;
                } else {
                    self.note_queued(delivery.id, lane, &event.data, (How::Accepted, is_group));
                }
            }
        }
        for queued in &committed.fanned_out {
            let mut steps = commit.fanouts.iter();
            let step = steps.find(|step| step.event_id == queued.event.id);
            let mut targets = step.into_iter().flat_map(|step| &step.targets);
            let target = targets.find(|target| target.subscription_no == queued.lane.subscription_no);
            let is_group = target.is_some_and(|target| target.group.is_some());
            self.note_queued(queued.id, queued.lane, &queued.event.data, (How::FannedOut, is_group));
        }
        for step in &commit.fanouts {
            for target in step.targets.iter().filter(|target| target.group.is_some()) {
                let lane = LaneKey { tenant_no: step.tenant_no, subscription_no: target.subscription_no };
                let is_created = |queued: &&QueuedDelivery| {
                    queued.event.id == step.event_id && queued.lane.subscription_no == target.subscription_no
                };
                if committed.fanned_out.iter().find(is_created).is_none()
                    && let Ok(Some(event)) = self.now(self.inner.event(step.tenant_no, step.event_id)).await
                {
                    self.note_joined(lane, step.event_id, &event.data).await;
                }
            }
        }
        for (outcome, result) in commit.outcomes.iter().zip(&committed.outcomes) {
            self.journal.note(What::Recorded(Recorded {
                commit: no,
                delivery: outcome.id,
                lane: outcome.lane,
                tried: outcome.attempt.is_some(),
                next: outcome.next,
                result: *result,
            }));
        }
    }

    async fn note_again(&self, tenant_no: TenantNo, id: DeliveryId, lane: LaneKey) {
        let first: EventId = id.first_event();
        if let Ok(Some(event)) = self.now(self.inner.event(tenant_no, first)).await {
            self.note_queued(id, lane, &event.data, (How::Again, false));
        }
    }

    /// An event has no delivery of its own to a lane: it was added to one, unless its subscription was paused meanwhile.
    async fn note_joined(&self, lane: LaneKey, event: EventId, data: &[u8]) {
        let filter = DeliveryFilter { event: Some(event), ..DeliveryFilter::default() };
        let list = ListDeliveries { tenant_no: lane.tenant_no, filter, after: None, limit: usize::MAX };
        let listed = self.now(self.inner.list_deliveries(list)).await.map(|page| page.items);
        let mut its = listed.unwrap_or_default().into_iter();
        let joined = its
            .find(|found| found.subscription_no == lane.subscription_no && found.id.first_event() != event);
        if let (Some(joined), Some(event)) = (joined, event_of(data)) {
            self.journal.note(What::Joined(joined.id, lane, event));
        }
    }
}

fn written(commit: &Commit, no: u32) -> Written {
    let deliveries = commit.events.iter().map(|event| 1 + event.deliveries.len()).sum::<usize>();
    let targets = commit.fanouts.iter().map(|fanout| fanout.targets.len()).sum::<usize>();
    let outcomes = commit.outcomes.len();
    Written { no, events: commit.events.len(), outcomes, rows: deliveries + targets + outcomes }
}
