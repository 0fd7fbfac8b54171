//! What the writer remembers of budgets and of forgetting is found again after opening.

use std::{sync::Arc, time::Duration};

use postroad_domain::{Reason, Status};
use postroad_store::{BacklogBudget, Next, Prune, conformance::World};
use postroad_store_sqlite::check::check;
use rusqlite::Connection;

use crate::common::open;

const AGE: Duration = Duration::from_secs(600);

#[tokio::test]
async fn what_waits_is_counted_again_after_opening_and_the_oldest_fail() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut queued = Vec::new();
    for _ in 0..6 {
        queued.push(world.accept_one(&tenant, &subscription).await);
    }
    drop(world);
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    world.advance(AGE);
    let budget = BacklogBudget { deliveries: 4, bytes: u64::MAX };
    assert_eq!(world.sweep_within(budget, 10).await.overflowed, 2);
    for (index, delivery) in queued.iter().enumerate() {
        let expected =
            if index < 2 { (Status::Failed, Some(Reason::BacklogFull)) } else { (Status::Queued, None) };
        let delivery = world.look(delivery).await;
        assert_eq!((delivery.status, delivery.reason), expected, "{index}");
    }
}

#[tokio::test]
async fn an_event_that_was_half_erased_is_finished_after_opening() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    let tenant = world.tenant("acme").await;
    let mut subscriptions = Vec::new();
    for _ in 0..5 {
        subscriptions.push(world.subscription(&tenant).await);
    }
    let to: Vec<_> = subscriptions.iter().collect();
    for delivery in world.accept(&tenant, &to).await {
        world.record(&delivery, Next::Succeeded).await;
    }
    world.advance(2 * AGE);
    let (at, time_max) = (world.now(), AGE);
    let rule =
        Prune { at, age_max: Some(AGE), bytes_max: None, tenants: Arc::default(), rows_max: 2, time_max };
    assert!(world.store.prune(rule.clone()).await.unwrap().more);
    drop(world);
    let left = |table: &str| -> i64 {
        let db = Connection::open(folder.path().join("postroad.db")).unwrap();
        db.query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0)).unwrap()
    };
    assert!(left("delivery") > 0 && left("event") == 0, "the rest is still to go");
    assert_eq!(check(folder.path()).unwrap().damages, [], "and is no damage");
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    world.advance(2 * AGE);
    world.prune_by(rule).await;
    for table in ["event", "delivery", "attempt", "event_listing", "delivery_listing"] {
        assert_eq!(left(table), 0, "{table}");
    }
    let next = world.accept_one(&tenant, &subscriptions[0]).await;
    assert_eq!(next.handle >> 12, 2, "its number is not given out again");
}

#[tokio::test]
async fn what_is_forgotten_while_its_entries_are_on_their_way_leaves_none_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    for round in 0..120 {
        let queued = world.accept_one(&tenant, &subscription).await;
        world.record(&queued, Next::Succeeded).await;
        if round % 5 == 4 {
            world.prune_all(Duration::from_millis(20), 7).await;
        }
    }
    world.advance(AGE);
    world.prune_all(Duration::ZERO, 1_000).await;
    let db = Connection::open(folder.path().join("postroad.db")).unwrap();
    for table in ["event", "delivery", "attempt", "event_listing", "delivery_listing"] {
        let left: i64 = db.query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0)).unwrap();
        assert_eq!(left, 0, "{table}");
    }
    for _ in 0..60 {
        world.accept(&tenant, &[]).await;
    }
    let orphans = "SELECT count(*) FROM event_listing l WHERE l.event_no NOT IN (SELECT event_no FROM event)";
    assert_eq!(db.query_row(orphans, (), |row| row.get::<_, i64>(0)).unwrap(), 0);
}
