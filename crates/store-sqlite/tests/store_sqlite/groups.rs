//! Groups and stored bodies in the tables: what they cost a delivery that has neither, what the check says of them.

use std::{path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use postroad_domain::{EventId, Subscription, Tenant, delivery::StoredBody};
use postroad_store::{
    AcceptResult, BacklogBudget, DeliveryFilter, GroupKey, GroupTarget, ListDeliveries,
    ListSubscriptionsThen, Next, Outcome, QueuedDelivery, WaitingLanes, conformance::World,
};
use postroad_store_sqlite::check::check;
use rusqlite::Connection;

use crate::common::open;

fn database(folder: &Path) -> Connection {
    Connection::open(folder.join("postroad.db")).unwrap()
}

/// A delivery with three events whose first attempt failed and left its body.
pub(crate) async fn group(
    world: &mut World,
    tenant: &Tenant,
    to: &Subscription,
) -> (QueuedDelivery, Vec<EventId>) {
    let (key, window_ms) = (GroupKey([7; 16]), 60_000);
    let group = GroupTarget { key, window_ms, is_aligned: false, events_max: 100, bytes_max: 1_000 };
    let mut new = Vec::new();
    for _ in 0..3 {
        let mut event = world.event(tenant, &[to]).await;
        event.deliveries[0].target.group = Some(group);
        new.push(event);
    }
    let events = new.iter().map(|new| new.id).collect();
    let AcceptResult::Accepted { deliveries } = world.commit_events(new).await.remove(0) else {
        panic!("the first event was not accepted");
    };
    let (opened, due) = (deliveries[0].clone(), deliveries[0].due);
    let body = Arc::new(StoredBody { method: None, url: None, body: Bytes::from_static(b"made") });
    let failed = world.outcome(&opened, Next::Queued { due, tries: 1 });
    world.commit_outcome(Outcome { body: Some(body), ..failed }).await;
    world.advance(Duration::from_secs(120));
    (opened, events)
}

#[tokio::test]
async fn a_delivery_of_one_event_never_looks_at_the_tables_of_groups() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    database(folder.path()).execute_batch("DROP TABLE member; DROP TABLE delivery_body").unwrap();
    let queued = world.accept_one(&tenant, &subscription).await;
    let due = world.now();
    world.record(&queued, Next::Queued { due, tries: 1 }).await;
    let again = world.refill(&subscription).await.deliveries.remove(0);
    world.record(&again, Next::Succeeded).await;
    assert_eq!(world.look(&queued).await.attempts, 2);
    assert_eq!(world.store.delivery_events(tenant.no, queued.id).await.unwrap().len(), 1);
    assert_eq!(world.store.stored_body(tenant.no, queued.id).await.unwrap(), None);
    let filter = DeliveryFilter { subscription: Some(subscription.id), ..DeliveryFilter::default() };
    let list = ListDeliveries { tenant_no: tenant.no, filter, after: None, limit: 10 };
    assert_eq!(world.store.list_deliveries(list).await.unwrap().items.len(), 1);
    world.accept_one(&tenant, &subscription).await;
    assert_eq!(world.sweep_within(BacklogBudget { deliveries: 0, bytes: 0 }, 10).await.overflowed, 1);
    world.advance(Duration::from_secs(600));
    assert_eq!(world.prune_all(Duration::from_secs(60), 100).await.events, 2);
}

/// It waited for the end of its window, as the store did not know any more that nothing else kept it.
#[tokio::test]
async fn a_group_that_is_full_goes_out_at_once_also_behind_a_restart() {
    let small = |events_max| GroupTarget {
        key: GroupKey([7; 16]),
        window_ms: 60_000,
        is_aligned: false,
        events_max,
        bytes_max: 1_000,
    };
    // Nothing but the window keeps the first, the delay of an event the second: within the window, and beyond its end.
    for delay in [None, Some(Duration::from_secs(30)), Some(Duration::from_secs(90))] {
        let folder = tempfile::tempdir().unwrap();
        let mut world = World::new(Arc::new(open(folder.path()))).await;
        let (tenant, subscription) = world.tenant_with_subscription().await;
        let mut due = world.now();
        for number in 1..=4 {
            let mut event = world.event(&tenant, &[&subscription]).await;
            let target = &mut event.deliveries[0].target;
            target.group = Some(small(4));
            if let Some(delay) = delay.filter(|_| number == 2) {
                due = world.now().after(delay);
                target.due = due;
            }
            world.commit_event(event).await;
            let (at, id) = (world.now(), tenant.id.clone());
            drop(world);
            world = World::new(Arc::new(open(folder.path()))).await;
            world.advance(at.since(world.now()));
            assert!(world.store.tenant(id).await.unwrap().is_some());
        }
        let waiting = world.store.waiting_lanes(WaitingLanes { after: None, limit: 1 }).await.unwrap();
        let latest = if delay.is_some() { due } else { world.now() };
        assert_eq!(waiting[0].next_due, latest, "with a delay of {delay:?}");
    }
}

/// What an older Postroad wrote of it says nothing of its events.
#[tokio::test]
async fn a_group_from_before_that_was_kept_waits_for_the_end_of_its_window() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let group = GroupTarget {
        key: GroupKey([7; 16]),
        window_ms: 60_000,
        is_aligned: false,
        events_max: 2,
        bytes_max: 1_000,
    };
    let mut event = world.event(&tenant, &[&subscription]).await;
    event.deliveries[0].target.group = Some(group);
    let opened = world.commit_event(event).await.remove(0);
    let at = world.now();
    drop(world);
    database(folder.path()).execute("UPDATE open_group SET ready_at = NULL", ()).unwrap();
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    world.advance(at.since(world.now()));
    let mut event = world.event(&tenant, &[&subscription]).await;
    event.deliveries[0].target.group = Some(group);
    assert!(world.commit_event(event).await.is_empty(), "it is full");
    let waiting = world.store.waiting_lanes(WaitingLanes { after: None, limit: 1 }).await.unwrap();
    assert_eq!(waiting[0].next_due, opened.due);
}

#[tokio::test]
async fn a_group_is_there_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let (opened, events) = group(&mut world, &tenant, &subscription).await;
    drop(world);
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    world.advance(Duration::from_secs(600));
    let again = world.refill(&subscription).await.deliveries.remove(0);
    assert_eq!((again.id, again.attempts), (opened.id, 1));
    assert_eq!(again.group.map(|group| (group.events.get(), group.bytes)), Some((3, 6)));
    assert_eq!(again.body.map(|stored| stored.body.clone()), Some(Bytes::from_static(b"made")));
    assert_eq!(world.look(&opened).await.events, events);
    let list = ListSubscriptionsThen { tenant_no: tenant.no, event: events[2], after: None, limit: 10 };
    let then = world.store.subscriptions_then(list).await.unwrap().unwrap().items;
    assert_eq!(then[0].deliveries[0].id, opened.id);
    // Lanes are counted anew, with all that a delivery carries.
    let budget = BacklogBudget { deliveries: 10, bytes: 10 };
    assert_eq!(world.sweep_within(budget, 100).await.overflowed, 0);
    assert_eq!(world.sweep_within(BacklogBudget { bytes: 9, ..budget }, 100).await.overflowed, 1);
}

#[tokio::test]
async fn an_open_window_takes_events_behind_a_restart_and_is_forgotten_when_it_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let group = GroupTarget {
        key: GroupKey([7; 16]),
        window_ms: 3_600_000,
        is_aligned: false,
        events_max: 100,
        bytes_max: 1_000,
    };
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut ids = Vec::new();
    for round in 0..3 {
        let mut event = world.event(&tenant, &[&subscription]).await;
        event.deliveries[0].target.group = Some(group);
        ids.push(event.id);
        assert_eq!(world.commit_event(event).await.len(), usize::from(round == 0));
        drop(world);
        world = World::new(Arc::new(open(folder.path()))).await;
        world.advance(Duration::from_secs(60 * (round + 1)));
    }
    let events = world.store.delivery_events(tenant.no, ids[0].delivery(1)).await.unwrap();
    assert_eq!(events.iter().map(|event| event.id).collect::<Vec<_>>(), ids);
    let open_groups = || {
        let count = "SELECT count(*) FROM open_group";
        database(folder.path()).query_row(count, (), |row| row.get::<_, i64>(0)).unwrap()
    };
    world.sweep_all(10).await;
    assert_eq!(open_groups(), 1);
    world.advance(Duration::from_secs(7_200));
    world.sweep_all(10).await;
    assert_eq!(open_groups(), 0);
}

#[tokio::test]
async fn a_stored_url_that_is_none_fails_its_own_delivery_only() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let (harmed, _) = group(&mut world, &tenant, &subscription).await;
    let other = world.accept_one(&tenant, &subscription).await;
    database(folder.path()).execute_batch("UPDATE delivery_body SET url = 'no URL'").unwrap();
    world.advance(Duration::from_secs(120));
    let waiting = world.refill(&subscription).await.deliveries;
    let mut ids: Vec<_> = waiting.iter().map(|delivery| delivery.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, [harmed.id, other.id]);
    let body = waiting.iter().find_map(|delivery| delivery.body.clone()).unwrap();
    assert!(
        body.url.as_ref().unwrap().as_str().contains(".invalid"),
        "it goes to no other receiver: {body:?}"
    );
}

#[tokio::test]
async fn the_check_finds_what_is_wrong_with_a_group() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(Arc::new(open(folder.path()))).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    group(&mut world, &tenant, &subscription).await;
    let damages = || {
        // The world's events name a profile that nobody put.
        let found = check(folder.path()).unwrap().damages.into_iter();
        let found = found.filter(|damage| !damage.what.starts_with("events that name a profile"));
        found.map(|damage| (damage.what, damage.rows)).collect::<Vec<_>>()
    };
    assert_eq!(damages(), []);
    let db = database(folder.path());
    for (harm, what, repair) in [
        (
            "UPDATE member SET place = 9 WHERE place = 3",
            "events of a group that are not there, or do not follow the one before",
            "UPDATE member SET place = 3 WHERE place = 9",
        ),
        (
            "UPDATE delivery_body SET delivery_no = delivery_no + 1",
            "stored bodies without their delivery",
            "UPDATE delivery_body SET delivery_no = delivery_no - 1",
        ),
        (
            "UPDATE delivery SET attempts = attempts & 1073741823",
            "deliveries that do not say rightly whether they have further events or a stored body",
            "UPDATE delivery SET attempts = attempts | 1073741824",
        ),
    ] {
        db.execute_batch(harm).unwrap();
        let found = damages();
        assert!(found.contains(&(what.to_owned(), 1)), "{harm}: {found:?}");
        db.execute_batch(repair).unwrap();
        assert_eq!(damages(), []);
    }
}
