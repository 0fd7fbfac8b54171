//! What the writer remembers of budgets and of forgetting is found again after opening.

use std::{sync::Arc, time::Duration};

use postroad_domain::{
    EventOffset, Reason, Status, SubscriptionSpec, TenantNo,
    subscription::{Failures, InactiveReason},
};
use postroad_store::{
    BacklogBudget, Deactivation, Failing, LaneKey, ListFailing, LogRead, Next, Prune, ReadLog,
    SubscriptionChange, conformance::World,
};
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
async fn failures_are_counted_on_after_opening() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let well = world.subscription(&tenant).await;
    let mut waiting = Vec::new();
    for _ in 0..4 {
        waiting.push(world.accept_one(&tenant, &subscription).await);
    }
    let sent = world.accept_one(&tenant, &well).await;
    world.record(&sent, Next::Succeeded).await;
    world.record(&waiting[0], Next::Failed(Reason::Exhausted)).await;
    let since = world.now();
    world.record(&waiting[1], Next::Failed(Reason::Exhausted)).await;
    drop(world);

    let mut world = World::new(Arc::new(open(folder.path()))).await;
    world.advance(AGE);
    let list = ListFailing { count_min: 2, after: None, limit: 9 };
    let lane = LaneKey { tenant_no: tenant.no, subscription_no: subscription.no };
    let failures = Failures { count: 2, since };
    assert_eq!(world.store.failing_subscriptions(list).await.unwrap(), [Failing { lane, failures }]);
    let outcome = world.outcome(&waiting[2], Next::Failed(Reason::Exhausted));
    let failing = world.commit(Vec::new(), vec![outcome], Vec::new()).await.failing;
    let failures = Failures { count: 3, since };
    assert_eq!(failing, [Failing { lane, failures }]);
    assert!(world.deactivate_for(&subscription, Deactivation::Failing(failures)).await);
    drop(world);

    let mut world = World::new(Arc::new(open(folder.path()))).await;
    world.advance(2 * AGE);
    let stored = world.store.subscription(tenant.no, subscription.id).await.unwrap().unwrap();
    assert_eq!(stored.failures, Some(failures));
    assert!(matches!(stored.inactive, Some((InactiveReason::Failing, _))), "{:?}", stored.inactive);
    assert_eq!(world.look(&waiting[3]).await.status, Status::Cancelled);
    assert!(world.refill(&subscription).await.deliveries.is_empty());
    assert!(world.store.failing_subscriptions(list).await.unwrap().is_empty(), "it is inactive");
    let active = SubscriptionSpec { active: true, ..stored.spec.clone() };
    let active = world.change(&stored, SubscriptionChange::Spec(Box::new(active))).await;
    assert_eq!((active.inactive, active.failures), (None, None));
    drop(world);

    let world = World::new(Arc::new(open(folder.path()))).await;
    let stored = world.store.subscription(tenant.no, subscription.id).await.unwrap().unwrap();
    assert_eq!(stored.failures, None);
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

#[tokio::test]
async fn offsets_go_on_after_opening_whatever_was_listed_or_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let other = world.tenant("other").await;
    // What the events of a world name.
    Connection::open(folder.path().join("postroad.db"))
        .unwrap()
        .execute_batch("INSERT INTO profile_version SELECT value, 'standard', CAST(value AS BLOB), 10, x'' FROM json_each('[1,2,3,4,5,6,7,8,9]')")
        .unwrap();
    let mut expected = 1;
    for round in 1..=40_u32 {
        world.accept(&other, &[]).await;
        let queued = world.accept_one(&tenant, &subscription).await;
        let log = log_of(&world, tenant.no, expected).await;
        let newest = log.entries.last().unwrap();
        assert_eq!((newest.event, newest.offset.0), (queued.event.id, expected), "round {round}");
        expected += 1;
        if round % 4 == 0 {
            let mut test = world.test_of(&tenant, &subscription, true);
            test.tenant_version = tenant.version;
            world.store.record_test(test).await.unwrap();
        }
        world.record(&queued, Next::Succeeded).await;
        if round % 7 == 0 {
            world.advance(2 * AGE);
            world.prune_all(Duration::from_millis(if round % 2 == 0 { 0 } else { 60 }), 1_000).await;
        }
        if round % 3 == 0 {
            drop(world);
            assert_eq!(check(folder.path()).unwrap().damages, []);
            world = World::new(Arc::new(open(folder.path()))).await;
            world.advance(10 * round * AGE);
            assert_eq!(log_of(&world, tenant.no, 0).await.end.0, expected, "round {round}");
        }
    }
}

async fn log_of(world: &World, tenant_no: TenantNo, from: u64) -> LogRead {
    let read = ReadLog { tenant_no, from: EventOffset(from), types: Vec::new(), limit: 100 };
    world.store.read_log(read).await.unwrap().unwrap()
}
