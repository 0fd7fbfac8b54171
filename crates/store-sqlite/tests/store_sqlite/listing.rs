//! Lists are whole whether their newest entries are in memory, on their way into the tables or there.

use std::{path::Path, sync::Arc, time::Duration};

use postroad_domain::{DeliveryId, EventId, Subscription, Tenant};
use postroad_store::{DeliveryFilter, EventFilter, ListDeliveries, ListEvents, Store, conformance::World};
use rusqlite::Connection;

use crate::common::open;

/// Every event of a tenant by pages of three.
async fn events(store: &Arc<dyn Store>, tenant: &Tenant) -> Vec<EventId> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let list = ListEvents { tenant_no: tenant.no, filter: EventFilter::default(), after, limit: 3 };
        let page = store.list_events(list).await.unwrap();
        found.extend(page.items.iter().map(|event| event.id));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

/// Every delivery of a tenant, or of one of its subscriptions, by pages of three.
async fn deliveries(
    store: &Arc<dyn Store>,
    tenant: &Tenant,
    subscription: Option<&Subscription>,
) -> Vec<DeliveryId> {
    let filter = DeliveryFilter { subscription: subscription.map(|of| of.id), ..DeliveryFilter::default() };
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let list = ListDeliveries { tenant_no: tenant.no, filter: filter.clone(), after, limit: 3 };
        let page = store.list_deliveries(list).await.unwrap();
        found.extend(page.items.iter().map(|delivery| delivery.id));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

/// Listed events and listed deliveries, by the tables alone.
fn entries(folder: &Path) -> (i64, i64) {
    let db = Connection::open(folder.join("postroad.db")).unwrap();
    let count = |table| db.query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0)).unwrap();
    (count("event_listing"), count("delivery_listing"))
}

#[tokio::test]
async fn lists_are_whole_before_during_and_after_each_batch_and_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    let (tenant, one) = world.tenant_with_subscription().await;
    let two = world.subscription(&tenant).await;
    let foreign = world.tenant("foreign").await;
    let (mut all_events, mut all, mut of_one) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=60 {
        let queued = world.accept(&tenant, &[&one, &two]).await;
        world.accept(&foreign, &[]).await;
        all_events.insert(0, queued[0].event.id);
        all.splice(0..0, queued.iter().rev().map(|delivery| delivery.id));
        of_one.insert(0, queued[0].id);
        if round % 7 == 0 {
            drop(world);
            world = World::new(Arc::new(open(folder.path()))).await;
            world.advance(Duration::from_secs(60 * round));
        }
        assert_eq!(events(&world.store, &tenant).await, all_events, "round {round}");
        assert_eq!(deliveries(&world.store, &tenant, None).await, all, "round {round}");
        assert_eq!(deliveries(&world.store, &tenant, Some(&one)).await, of_one, "round {round}");
    }
    let (events, deliveries) = entries(folder.path());
    assert!(events > 100 && deliveries > 100, "most are in the tables: {events} and {deliveries}");
}

#[tokio::test]
async fn a_deleted_tenant_leaves_no_entry_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    let (doomed, subscription) = world.tenant_with_subscription().await;
    let (other, of_other) = (world.tenant("other").await, 30);
    for _ in 0..30 {
        world.accept_one(&doomed, &subscription).await;
    }
    world.delete_tenant(&doomed).await;
    for _ in 0..of_other {
        world.accept(&other, &[]).await;
        world.sweep_all(3).await;
    }
    let (events, deliveries) = entries(folder.path());
    assert!(events > 0 && events <= of_other, "{events}");
    assert_eq!(deliveries, 0);
    assert_eq!(self::events(&world.store, &other).await.len(), 30);
}
