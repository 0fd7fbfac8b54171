//! The operations of [`Queue`], each handed to the writer or to a reader.

use std::sync::Arc;

use async_trait::async_trait;
use postroad_domain::{EventId, TenantNo, delivery::Delivery};
use postroad_store::{
    Backlog, CancelDelivery, CancelDeliveryError, Commit, Committed, Fanout, LaneKey, Prune, Pruned, Queue,
    Refill, Refilled, RetryDelivery, RetryDeliveryError, SendNow, SendNowError, SentNow, StoreError,
    StoreStats, Sweep, Swept, WaitingLane, WaitingLanes,
};

use super::SqliteStore;
use crate::{
    limits::LANES_PER_READ,
    maintenance::{prune, sweep},
    reading::{backlog, fanouts, lanes},
    writer::{
        self,
        WhenFull::{GiveUp, UseBallast},
    },
};

#[async_trait]
impl Queue for SqliteStore {
    async fn commit(&self, commit: Arc<Commit>) -> Result<Committed, StoreError> {
        let only_outcomes = commit.events.is_empty() && commit.fanouts.is_empty();
        let when_full = if only_outcomes { UseBallast } else { GiveUp };
        self.writer.commit(when_full, commit).await
    }

    async fn open_fanouts(
        &self,
        after: Option<(TenantNo, EventId)>,
        limit: usize,
    ) -> Result<Vec<Fanout>, StoreError> {
        self.readers.read(move |db| fanouts::open(db, after, limit)).await
    }

    async fn waiting_lanes(&self, page: WaitingLanes) -> Result<Vec<WaitingLane>, StoreError> {
        let mut waiting = Vec::new();
        let mut position = Some(page.after.unwrap_or(lanes::BEFORE_ALL));
        // Lanes that may not be sent are passed over, however many there are, in one short reading after the other.
        while let Some(after) = position.filter(|_| waiting.len() < page.limit) {
            let limit = page.limit - waiting.len();
            let found = self.readers.read(move |db| lanes::waiting(db, after, limit, LANES_PER_READ)).await?;
            waiting.extend(found.lanes);
            position = found.position;
        }
        Ok(waiting)
    }

    async fn refill(&self, refill: Refill) -> Result<Refilled, StoreError> {
        self.readers.read(move |db| lanes::refill(db, &refill)).await
    }

    async fn retry_delivery(&self, retry: RetryDelivery) -> Result<Delivery, RetryDeliveryError> {
        self.writer
            .write_for(retry.tenant_no, GiveUp, move |work| writer::deliveries::retry(work, &retry))
            .await?
    }

    async fn cancel_delivery(&self, cancel: CancelDelivery) -> Result<LaneKey, CancelDeliveryError> {
        self.writer
            .write_for(cancel.tenant_no, GiveUp, move |work| writer::deliveries::cancel(work, &cancel))
            .await?
    }

    async fn send_now(&self, send: SendNow) -> Result<SentNow, SendNowError> {
        self.writer
            .write_for(send.tenant_no, GiveUp, move |work| writer::send_now::send_now(work, &send))
            .await?
    }

    async fn sweep(&self, sweep: Sweep) -> Result<Swept, StoreError> {
        self.writer.write(GiveUp, move |work| sweep::sweep(work, sweep)).await
    }

    async fn prune(&self, rule: Prune) -> Result<Pruned, StoreError> {
        let step = self.writer.write_step(move |work| prune::prune(work, &rule)).await;
        step.map(|(pruned, time)| Pruned { took: time.took, others_took: time.others_took, ..pruned })
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        let mut count = backlog::Count::new();
        loop {
            let (counted, result) = self
                .readers
                .read(move |db| {
                    count.step(db)?;
                    let result = count.result(db)?;
                    Ok((count, result))
                })
                .await?;
            if let Some(result) = result {
                return Ok(result);
            }
            count = counted;
        }
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.writer.probe().await
    }

    fn stats(&self) -> StoreStats {
        self.gauges.stats()
    }
}
