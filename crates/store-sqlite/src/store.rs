//! The operations of the seam, each handed to the writer or to a reader.

use std::sync::Arc;

use async_trait::async_trait;
use postroad_domain::{
    ApiKey, Attempt, AuditEntry, DeliveryId, Event, EventId, KeyId, ProfileNo, Replay, ReplayId,
    Subscription, SubscriptionId, SubscriptionNo, SubscriptionVersion, Tenant, TenantId, TenantNo,
    delivery::Delivery, tenant::TenantSpec,
};
use postroad_store::{
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
use rusqlite::Connection;

use crate::{
    SqliteStore,
    limits::LANES_PER_READ,
    maintenance::sweep,
    reading::{
        audit, backlog, deliveries, event_types, events, everywhere, history, keys, lanes, profiles, replays,
        settings, subscriptions, tenants,
    },
    sessions,
    writer::{
        self,
        WhenFull::{GiveUp, UseBallast},
        commit,
    },
};

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, commit: Arc<Commit>) -> Result<Committed, StoreError> {
        let only_outcomes = commit.events.is_empty() && commit.fanouts.is_empty();
        let when_full = if only_outcomes { UseBallast } else { GiveUp };
        self.writer.commit(when_full, commit).await
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
        self.writer.write(GiveUp, move |work| writer::subscriptions::create(work, &create)).await?
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
        self.writer.write(GiveUp, move |work| writer::subscriptions::update(work, &update)).await?
    }

    async fn deactivate(&self, deactivate: Deactivate) -> Result<(), StoreError> {
        self.writer.write(GiveUp, move |work| writer::subscriptions::deactivate(work, &deactivate)).await
    }

    async fn delete_subscription(&self, delete: DeleteSubscription) -> Result<bool, StoreError> {
        self.writer.write(GiveUp, move |work| writer::subscriptions::delete(work, &delete)).await
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

    async fn create_key(&self, create: CreateKey) -> Result<ApiKey, CreateKeyError> {
        self.writer.write(GiveUp, move |work| keys::create(work, &create)).await?
    }

    async fn key_by_hash(&self, hash: [u8; 32]) -> Result<Option<StoredKey>, StoreError> {
        self.readers.read(move |db| keys::by_hash(db, &hash)).await
    }

    async fn list_keys(&self, list: ListKeys) -> Result<Page<ApiKey, KeyId>, StoreError> {
        self.readers.read(move |db| keys::list(db, list)).await
    }

    async fn revoke_key(&self, revoke: RevokeKey) -> Result<bool, StoreError> {
        self.writer.write(GiveUp, move |work| keys::revoke(work, &revoke)).await
    }

    async fn note_key_uses(&self, used: Vec<KeyUsed>) -> Result<(), StoreError> {
        self.writer.write(GiveUp, move |work| keys::note_uses(work, &used)).await
    }

    async fn record_audit(&self, record: RecordAudit) -> Result<(), StoreError> {
        self.writer.write(GiveUp, move |work| audit::record(work.db, &record)).await
    }

    async fn list_audit(&self, list: ListAudit) -> Result<Page<AuditEntry, i64>, StoreError> {
        self.readers.read(move |db| audit::list(db, &list)).await
    }

    async fn prune_audit(&self, prune: PruneAudit) -> Result<PrunedAudit, StoreError> {
        self.writer.write(GiveUp, move |work| audit::prune(work, prune)).await
    }

    async fn list_all_events(&self, list: ListAllEvents) -> Result<Page<Owned<Event>, EventId>, StoreError> {
        self.readers.read(move |db| everywhere::events(db, &list)).await
    }

    async fn list_all_deliveries(
        &self,
        list: ListAllDeliveries,
    ) -> Result<Page<Owned<Delivery>, String>, StoreError> {
        let filter = list.filter.clone();
        let ListAllDeliveries { filter: wanted, after, limit } = list;
        let owner = self.readers.read(move |db| everywhere::owner(db, &filter)).await?;
        let Some(tenant_no) = owner else {
            let before = after.as_deref().map(parse_cursor).transpose()?;
            let page = move |db: &Connection| deliveries::list::page_of_all(db, &wanted, before, limit);
            return self.readers.read(page).await;
        };
        let name =
            self.readers.read(move |db| tenant_no.map_or(Ok(None), |no| everywhere::name(db, no))).await?;
        let Some((tenant_no, tenant)) = tenant_no.zip(name) else {
            return Ok(Page { items: Vec::new(), next: None });
        };
        let page = self.list_deliveries(ListDeliveries { tenant_no, filter: wanted, after, limit }).await?;
        let owned = |item| Owned { tenant: tenant.clone(), tenant_no, item };
        Ok(Page { items: page.items.into_iter().map(owned).collect(), next: page.next })
    }

    async fn list_all_subscriptions(
        &self,
        list: ListAllSubscriptions,
    ) -> Result<Page<Owned<Subscription>, SubscriptionNo>, StoreError> {
        self.readers.read(move |db| everywhere::subscriptions(db, &list)).await
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
        let before = list.after.as_deref().map(parse_cursor).transpose()?;
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
        self.writer.write(GiveUp, move |work| writer::deliveries::retry(work, &retry)).await?
    }

    async fn cancel_delivery(&self, cancel: CancelDelivery) -> Result<LaneKey, CancelDeliveryError> {
        self.writer.write(GiveUp, move |work| writer::deliveries::cancel(work, &cancel)).await?
    }

    async fn record_test(&self, test: RecordTest) -> Result<bool, StoreError> {
        self.writer.write(GiveUp, move |work| commit::record_test(work, &test)).await
    }

    async fn subscriptions_then(
        &self,
        list: ListSubscriptionsThen,
    ) -> Result<Option<Page<SubscriptionThen, SubscriptionId>>, StoreError> {
        self.readers.read(move |db| history::page(db, &list)).await
    }

    async fn create_replay(&self, create: CreateReplay) -> Result<Replay, StartReplayError> {
        self.writer.write(GiveUp, move |work| replays::create(work, &create)).await?
    }

    async fn replay(&self, tenant_no: TenantNo, id: ReplayId) -> Result<Option<Replay>, StoreError> {
        self.readers.read(move |db| replays::by_id(db, tenant_no, id)).await
    }

    async fn list_replays(&self, list: ListReplays) -> Result<Page<Replay, ReplayId>, StoreError> {
        self.readers.read(move |db| replays::list(db, &list)).await
    }

    async fn running_replays(&self, limit: usize) -> Result<Vec<Replay>, StoreError> {
        self.readers.read(move |db| replays::running(db, limit)).await
    }

    async fn replay_step(&self, step: ReplayStep) -> Result<Option<ReplayStepped>, StoreError> {
        self.writer.write(GiveUp, move |work| writer::replays::step(work, &step)).await
    }

    async fn cancel_replay(&self, cancel: CancelReplay) -> Result<Replay, CancelReplayError> {
        self.writer.write(GiveUp, move |work| replays::cancel(work, &cancel)).await?
    }

    async fn count_replay(&self, count: CountReplay) -> Result<ReplayCounted, StartReplayError> {
        let CountReplay { tenant_no, subscription, .. } = count;
        let sub_no =
            self.readers.read(move |db| replays::subscription(db, tenant_no, subscription)).await??;
        let tails = (self.unlisted.events_of(tenant_no), self.unlisted.deliveries_of(sub_no));
        self.readers.read(move |db| replays::count(db, &count, sub_no, tails)).await?
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

fn parse_cursor(text: &str) -> Result<i64, StoreError> {
    deliveries::list::parse_cursor(text).ok_or(StoreError::BadCursor)
}
