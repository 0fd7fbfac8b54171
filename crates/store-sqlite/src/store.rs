//! The operations of the seam, each handed to the writer or to a reader.

use std::sync::Arc;

use async_trait::async_trait;
use postroad_domain::{
    Attempt, DeliveryId, Event, EventId, ProfileNo, Subscription, SubscriptionId, SubscriptionNo,
    SubscriptionVersion, Tenant, TenantId, TenantNo, delivery::Delivery, tenant::TenantSpec,
};
use postroad_store::{
    Backlog, CancelDelivery, CancelDeliveryError, ClaimLanes, Commit, Committed, ConfigSnapshot,
    CreateSubscription, CreateSubscriptionError, Deactivate, DeleteEventType, DeleteSubscription,
    DeleteTenant, Fanout, Heartbeat, LaneKey, LaneLease, ListDeliveries, ListEvents, ListTenants,
    OpenSession, Page, Prune, Pruned, PutEventType, PutEventTypeError, PutProfile, PutTenant, RecordTest,
    Refill, Refilled, ReleaseLanes, RetryDelivery, RetryDeliveryError, Session, SettingKey, Store,
    StoreError, StoreStats, StoredProfile, Sweep, Swept, UpdateSubscription, UpdateSubscriptionError,
    WaitingLane, WaitingLanes,
};

use crate::{
    SqliteStore, backlog, commit, deliveries, event_types, events, lanes,
    limits::LANES_PER_READ,
    profiles, sessions, settings, subscriptions, sweep, tenants,
    writer::WhenFull::{GiveUp, UseBallast},
};

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, commit: Arc<Commit>) -> Result<Committed, StoreError> {
        let only_outcomes = commit.events.is_empty() && commit.fanouts.is_empty();
        let when_full = if only_outcomes { UseBallast } else { GiveUp };
        self.writer.write(when_full, move |work| commit::commit(work, &commit)).await
    }

    async fn open_fanouts(&self, limit: usize) -> Result<Vec<Fanout>, StoreError> {
        self.readers.read(move |db| commit::open_fanouts(db, limit)).await
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

    async fn sweep(&self, sweep: Sweep) -> Result<Swept, StoreError> {
        self.writer.write(GiveUp, move |work| sweep::sweep(work, sweep)).await
    }

    async fn prune(&self, prune: Prune) -> Result<Pruned, StoreError> {
        self.writer.prune(prune).await
    }

    async fn open_session(&self, _: OpenSession) -> Result<Session, StoreError> {
        Ok(self.sessions.open())
    }

    async fn heartbeat(&self, beat: Heartbeat) -> Result<Session, StoreError> {
        Ok(sessions::session(beat.session))
    }

    async fn claim_lanes(&self, claim: ClaimLanes) -> Result<Vec<LaneLease>, StoreError> {
        Ok(sessions::claim(claim))
    }

    async fn release_lanes(&self, _: ReleaseLanes) -> Result<(), StoreError> {
        Ok(())
    }

    async fn put_tenant(&self, put: PutTenant) -> Result<(Tenant, bool), StoreError> {
        self.writer.write(GiveUp, move |work| tenants::put(work, &put)).await
    }

    async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError> {
        self.readers.read(move |db| tenants::by_id(db, &id)).await
    }

    async fn list_tenants(&self, list: ListTenants) -> Result<Page<Tenant, TenantId>, StoreError> {
        self.readers.read(move |db| tenants::list(db, &list)).await
    }

    async fn delete_tenant(&self, delete: DeleteTenant) -> Result<bool, StoreError> {
        self.writer.write(GiveUp, move |work| tenants::delete(work, &delete)).await
    }

    async fn config_snapshot(&self, id: TenantId) -> Result<Option<ConfigSnapshot>, StoreError> {
        self.readers.read(move |db| tenants::snapshot(db, &id)).await
    }

    async fn config_snapshot_by_no(&self, no: TenantNo) -> Result<Option<ConfigSnapshot>, StoreError> {
        self.readers.read(move |db| tenants::snapshot_by_no(db, no)).await
    }

    async fn create_subscription(
        &self,
        create: CreateSubscription,
    ) -> Result<Subscription, CreateSubscriptionError> {
        self.writer.write(GiveUp, move |work| subscriptions::change::create(work, &create)).await?
    }

    async fn subscription(
        &self,
        tenant_no: TenantNo,
        id: SubscriptionId,
    ) -> Result<Option<Subscription>, StoreError> {
        self.readers.read(move |db| subscriptions::by_id(db, tenant_no, id)).await
    }

    async fn update_subscription(
        &self,
        update: UpdateSubscription,
    ) -> Result<Subscription, UpdateSubscriptionError> {
        self.writer.write(GiveUp, move |work| subscriptions::change::update(work, &update)).await?
    }

    async fn deactivate(&self, deactivate: Deactivate) -> Result<(), StoreError> {
        self.writer.write(GiveUp, move |work| subscriptions::change::deactivate(work, &deactivate)).await
    }

    async fn delete_subscription(&self, delete: DeleteSubscription) -> Result<bool, StoreError> {
        self.writer.write(GiveUp, move |work| subscriptions::change::delete(work, &delete)).await
    }

    async fn subscription_version(
        &self,
        tenant_no: TenantNo,
        no: SubscriptionNo,
        version: i64,
    ) -> Result<Option<SubscriptionVersion>, StoreError> {
        self.readers.read(move |db| subscriptions::version(db, tenant_no, no, version)).await
    }

    async fn tenant_version(
        &self,
        tenant_no: TenantNo,
        version: i64,
    ) -> Result<Option<TenantSpec>, StoreError> {
        self.readers.read(move |db| tenants::version(db, tenant_no, version)).await
    }

    async fn put_event_type(&self, put: PutEventType) -> Result<bool, PutEventTypeError> {
        self.writer.write(GiveUp, move |work| event_types::put(work, &put)).await?
    }

    async fn delete_event_type(&self, delete: DeleteEventType) -> Result<bool, StoreError> {
        self.writer.write(GiveUp, move |work| event_types::delete(work, &delete)).await
    }

    async fn put_profile(&self, put: PutProfile) -> Result<ProfileNo, StoreError> {
        self.writer.write(GiveUp, move |work| profiles::put(work, &put)).await
    }

    async fn profile(&self, no: ProfileNo) -> Result<Option<StoredProfile>, StoreError> {
        self.readers.read(move |db| profiles::by_no(db, no)).await
    }

    async fn latest_profiles(&self) -> Result<Vec<StoredProfile>, StoreError> {
        self.readers.read(profiles::latest).await
    }

    async fn event(&self, tenant_no: TenantNo, id: EventId) -> Result<Option<Event>, StoreError> {
        self.readers.read(move |db| events::by_id(db, tenant_no, id)).await
    }

    async fn list_events(&self, list: ListEvents) -> Result<Page<Event, EventId>, StoreError> {
        let tail = self.unlisted.events_of(list.tenant_no);
        self.readers.read(move |db| events::list(db, &list, &tail)).await
    }

    async fn delivery(&self, tenant_no: TenantNo, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        self.readers.read(move |db| deliveries::by_id(db, tenant_no, id)).await
    }

    async fn list_deliveries(&self, list: ListDeliveries) -> Result<Page<Delivery, String>, StoreError> {
        let parse = |text| deliveries::list::parse_cursor(text).ok_or(StoreError::BadCursor);
        let before = list.after.as_deref().map(parse).transpose()?;
        let subscription = list.filter.subscription.filter(|_| list.filter.event.is_none());
        let tail = if let Some(id) = subscription {
            let tenant_no = list.tenant_no;
            let sub_no = self.readers.read(move |db| subscriptions::number(db, tenant_no, id)).await?;
            sub_no.map(|no| self.unlisted.deliveries_of(SubscriptionNo(no))).unwrap_or_default()
        } else {
            self.unlisted.events_of(list.tenant_no)
        };
        self.readers.read(move |db| deliveries::list::page(db, &list, before, tail)).await
    }

    async fn attempts(&self, tenant_no: TenantNo, id: DeliveryId) -> Result<Vec<Attempt>, StoreError> {
        self.readers.read(move |db| deliveries::attempts(db, tenant_no, id)).await
    }

    async fn retry_delivery(&self, retry: RetryDelivery) -> Result<LaneKey, RetryDeliveryError> {
        self.writer.write(GiveUp, move |work| deliveries::change::retry(work, &retry)).await?
    }

    async fn cancel_delivery(&self, cancel: CancelDelivery) -> Result<LaneKey, CancelDeliveryError> {
        self.writer.write(GiveUp, move |work| deliveries::change::cancel(work, &cancel)).await?
    }

    async fn record_test(&self, test: RecordTest) -> Result<bool, StoreError> {
        self.writer.write(GiveUp, move |work| commit::record_test(work, &test)).await
    }

    async fn setting(&self, key: SettingKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.readers.read(move |db| settings::get(db, key)).await
    }

    async fn put_setting(&self, key: SettingKey, value: Vec<u8>) -> Result<(), StoreError> {
        self.writer.write(GiveUp, move |work| settings::put(work, key, &value)).await
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.writer.probe().await
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

    fn stats(&self) -> StoreStats {
        self.gauges.stats()
    }
}
