//! The operations of [`History`], each handed to the writer or to a reader.

use std::sync::Arc;

use async_trait::async_trait;
use postroad_domain::{
    Attempt, AuditEntry, DeliveryId, Event, EventId, Replay, ReplayId, SubscriptionId, SubscriptionNo,
    TenantNo,
    delivery::{Delivery, StoredBody},
};
use postroad_store::{
    CancelReplay, CancelReplayError, CountReplay, CreateReplay, History, ListAllDeliveries, ListAllEvents,
    ListAudit, ListDeliveries, ListEvents, ListReplays, ListSubscriptionsThen, LogRead, Owned, Page,
    PruneAudit, PrunedAudit, ReadLog, RecordAudit, RecordTest, ReplayCounted, ReplayStep, ReplayStepped,
    StartReplayError, StoreError, SubscriptionThen,
};
use rusqlite::Connection;

use super::SqliteStore;
use crate::{
    maintenance,
    reading::{all_tenants, audit, deliveries, events, history, log, replays, subscriptions},
    writer::{self, WhenFull::GiveUp, commit},
};

#[async_trait]
impl History for SqliteStore {
    async fn event(&self, tenant_no: TenantNo, id: EventId) -> Result<Option<Event>, StoreError> {
        self.readers.read_for(tenant_no, move |db| events::by_id(db, tenant_no, id)).await
    }

    async fn list_events(&self, list: ListEvents) -> Result<Page<Event, EventId>, StoreError> {
        let tail = self.unlisted.events_of(list.tenant_no);
        self.readers.read_for(list.tenant_no, move |db| events::list(db, &list, &tail)).await
    }

    async fn list_all_events(&self, list: ListAllEvents) -> Result<Page<Owned<Event>, EventId>, StoreError> {
        self.readers.read(move |db| all_tenants::events(db, &list)).await
    }

    async fn read_log(&self, read: ReadLog) -> Result<Option<LogRead>, StoreError> {
        let tail = self.unlisted.events_of(read.tenant_no);
        self.readers.read_for(read.tenant_no, move |db| log::read(db, &read, &tail)).await
    }

    async fn delivery(&self, tenant_no: TenantNo, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        self.readers.read_for(tenant_no, move |db| deliveries::by_id(db, tenant_no, id)).await
    }

    async fn delivery_events(&self, tenant_no: TenantNo, id: DeliveryId) -> Result<Vec<Event>, StoreError> {
        self.readers.read_for(tenant_no, move |db| deliveries::events(db, tenant_no, id)).await
    }

    async fn stored_body(
        &self,
        tenant_no: TenantNo,
        id: DeliveryId,
    ) -> Result<Option<Arc<StoredBody>>, StoreError> {
        self.readers.read_for(tenant_no, move |db| deliveries::stored_body(db, tenant_no, id)).await
    }

    async fn list_deliveries(&self, list: ListDeliveries) -> Result<Page<Delivery, String>, StoreError> {
        let before = list.after.as_deref().map(parse_cursor).transpose()?;
        let subscription = list.filter.subscription.filter(|_| list.filter.event.is_none());
        let tail = if let Some(id) = subscription {
            let tenant_no = list.tenant_no;
            let sub_no =
                self.readers.read_for(tenant_no, move |db| subscriptions::number(db, tenant_no, id)).await?;
            sub_no.map(|no| self.unlisted.deliveries_of(SubscriptionNo(no))).unwrap_or_default()
        } else {
            self.unlisted.events_of(list.tenant_no)
        };
        self.readers.read_for(list.tenant_no, move |db| deliveries::list::page(db, &list, before, tail)).await
    }

    async fn list_all_deliveries(
        &self,
        list: ListAllDeliveries,
    ) -> Result<Page<Owned<Delivery>, String>, StoreError> {
        let filter = list.filter.clone();
        let ListAllDeliveries { filter: wanted, after, limit } = list;
        let owner = self.readers.read(move |db| all_tenants::owner(db, &filter)).await?;
        let Some(tenant_no) = owner else {
            let before = after.as_deref().map(parse_cursor).transpose()?;
            let page = move |db: &Connection| deliveries::list::page_of_all(db, &wanted, before, limit);
            return self.readers.read(page).await;
        };
        let name =
            self.readers.read(move |db| tenant_no.map_or(Ok(None), |no| all_tenants::name(db, no))).await?;
        let Some((tenant_no, tenant)) = tenant_no.zip(name) else {
            return Ok(Page { items: Vec::new(), next: None });
        };
        let page = self.list_deliveries(ListDeliveries { tenant_no, filter: wanted, after, limit }).await?;
        let owned = |item| Owned { tenant: tenant.clone(), tenant_no, item };
        Ok(Page { items: page.items.into_iter().map(owned).collect(), next: page.next })
    }

    async fn attempts(&self, tenant_no: TenantNo, id: DeliveryId) -> Result<Vec<Attempt>, StoreError> {
        self.readers.read_for(tenant_no, move |db| deliveries::attempts(db, tenant_no, id)).await
    }

    async fn record_test(&self, test: RecordTest) -> Result<bool, StoreError> {
        self.writer.write_for(test.tenant_no, GiveUp, move |work| commit::record_test(work, &test)).await
    }

    async fn subscriptions_then(
        &self,
        list: ListSubscriptionsThen,
    ) -> Result<Option<Page<SubscriptionThen, SubscriptionId>>, StoreError> {
        self.readers.read_for(list.tenant_no, move |db| history::page(db, &list)).await
    }

    async fn create_replay(&self, create: CreateReplay) -> Result<Replay, StartReplayError> {
        self.writer
            .write_for(create.tenant_no, GiveUp, move |work| writer::replays::create(work, &create))
            .await?
    }

    async fn replay(&self, tenant_no: TenantNo, id: ReplayId) -> Result<Option<Replay>, StoreError> {
        self.readers.read_for(tenant_no, move |db| replays::by_id(db, tenant_no, id)).await
    }

    async fn list_replays(&self, list: ListReplays) -> Result<Page<Replay, ReplayId>, StoreError> {
        self.readers.read_for(list.tenant_no, move |db| replays::list(db, &list)).await
    }

    async fn running_replays(&self, limit: usize) -> Result<Vec<Replay>, StoreError> {
        self.readers.read(move |db| replays::running(db, limit)).await
    }

    async fn count_replay(&self, count: CountReplay) -> Result<ReplayCounted, StartReplayError> {
        let CountReplay { tenant_no, subscription, .. } = count;
        let sub_no = self
            .readers
            .read_for(tenant_no, move |db| replays::subscription(db, tenant_no, subscription))
            .await??;
        let tails = (self.unlisted.events_of(tenant_no), self.unlisted.deliveries_of(sub_no));
        self.readers.read_for(tenant_no, move |db| replays::count(db, &count, sub_no, tails)).await?
    }

    async fn replay_step(&self, step: ReplayStep) -> Result<Option<ReplayStepped>, StoreError> {
        self.writer.write_for(step.tenant_no, GiveUp, move |work| writer::replays::step(work, &step)).await
    }

    async fn cancel_replay(&self, cancel: CancelReplay) -> Result<Replay, CancelReplayError> {
        self.writer
            .write_for(cancel.tenant_no, GiveUp, move |work| writer::replays::cancel(work, &cancel))
            .await?
    }

    async fn record_audit(&self, record: RecordAudit) -> Result<(), StoreError> {
        self.writer.write(GiveUp, move |work| writer::audit::record(work.db, &record)).await
    }

    async fn list_audit(&self, list: ListAudit) -> Result<Page<AuditEntry, i64>, StoreError> {
        self.readers.read(move |db| audit::list(db, &list)).await
    }

    async fn prune_audit(&self, prune: PruneAudit) -> Result<PrunedAudit, StoreError> {
        self.writer.write(GiveUp, move |work| maintenance::audit::prune(work, prune)).await
    }
}

fn parse_cursor(text: &str) -> Result<i64, StoreError> {
    deliveries::list::parse_cursor(text).ok_or(StoreError::BadCursor)
}
