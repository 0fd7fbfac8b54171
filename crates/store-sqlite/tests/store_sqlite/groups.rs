//! Groups and stored bodies in the tables: what they cost a delivery that has neither, what the check says of them.

use std::{path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use postroad_domain::{EventId, Subscription, Tenant, delivery::StoredBody};
use postroad_store::{
    BacklogBudget, Commit, DeliveryFilter, ListDeliveries, ListSubscriptionsThen, MemberResult, NewMember,
    Next, Outcome, QueuedDelivery, conformance::World,
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
    let queued = world.accept_one(tenant, to).await;
    let due = world.now().after(Duration::from_secs(60));
    let postponed = Outcome { attempt: None, ..world.outcome(&queued, Next::Queued { due, tries: 0 }) };
    world.commit_outcome(postponed).await;
    let opened = QueuedDelivery { due, ..queued };
    let new = [world.event(tenant, &[]).await, world.event(tenant, &[]).await];
    let member = |event| NewMember { tenant_no: tenant.no, delivery: opened.id, event };
    let members = new.iter().map(|new| member(new.id)).collect();
    let events = [opened.event.id, new[0].id, new[1].id].to_vec();
    let commit = Commit { events: new.to_vec(), members, ..world.empty_commit() };
    assert_eq!(world.commit_all(commit).await.members, [MemberResult::Added; 2]);
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
