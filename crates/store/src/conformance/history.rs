//! What subscriptions were when an event came, whatever they have become since.

use std::sync::Arc;

use postroad_domain::{
    EventId, Status, Subscription, SubscriptionSpec, Tenant, subscription::InactiveReason,
};

use super::world::{World, event_type, spec};
use crate::{ListSubscriptionsThen, Next, Store, SubscriptionChange, SubscriptionThen, Then};

pub async fn a_subscription_was_what_it_was_when_the_event_came(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let before = event(&mut world, &tenant).await;
    let events = vec![event_type("lead.created")];
    let narrow = SubscriptionSpec { events, ..spec() };
    world.change(&subscription, SubscriptionChange::Spec(Box::new(narrow.clone()))).await;
    let between = event(&mut world, &tenant).await;
    world.change(&subscription, SubscriptionChange::Secrets(Vec::new())).await;
    let after = event(&mut world, &tenant).await;
    for (id, expected_version, expected) in
        [(before, 1, spec()), (between, 2, narrow.clone()), (after, 3, narrow)]
    {
        let then = only(&world, &tenant, id).await.then;
        let Then::Known { version, spec, inactive } = then else { panic!("{then:?}") };
        assert_eq!((version, *spec, inactive), (expected_version, expected, None));
    }
}

pub async fn it_is_known_why_and_since_when_it_was_inactive(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    world.set_active(&subscription, false).await;
    let paused_at = world.now();
    let paused = event(&mut world, &tenant).await;
    world.set_active(&subscription, true).await;
    let active = event(&mut world, &tenant).await;
    world.deactivate(&subscription).await;
    let gone_at = world.now();
    let gone = event(&mut world, &tenant).await;
    for (id, expected) in [
        (paused, Some((InactiveReason::Paused, paused_at))),
        (active, None),
        (gone, Some((InactiveReason::Gone, gone_at))),
    ] {
        let then = only(&world, &tenant, id).await.then;
        let Then::Known { spec, inactive, .. } = then else { panic!("{then:?}") };
        assert_eq!((inactive, spec.active), (expected, expected.is_none()));
    }
}

pub async fn one_that_came_later_says_so_and_one_that_was_deleted_before_is_left_out(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, first) = world.tenant_with_subscription().await;
    let early = event(&mut world, &tenant).await;
    let (second, short) = (world.subscription(&tenant).await, world.subscription(&tenant).await);
    world.delete(&first).await;
    let deleted_at = world.now();
    world.delete(&short).await;
    let late = event(&mut world, &tenant).await;
    let then = all(&world, &tenant, early, 9).await;
    assert_eq!(then.iter().map(|one| one.id).collect::<Vec<_>>(), [first.id, second.id]);
    assert!(matches!(then[0].then, Then::Known { version: 1, .. }), "{:?}", then[0].then);
    assert_eq!(then[0].deleted_at, Some(deleted_at));
    assert_eq!((&then[1].then, then[1].created_at), (&Then::NotCreated, second.created_at));
    let then = all(&world, &tenant, late, 9).await;
    assert_eq!(then.iter().map(|one| one.id).collect::<Vec<_>>(), [second.id]);
}

pub async fn each_names_its_own_deliveries_of_the_event(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, first) = world.tenant_with_subscription().await;
    let (second, third) = (world.subscription(&tenant).await, world.subscription(&tenant).await);
    let queued = world.accept(&tenant, &[&first, &third]).await;
    world.record(&queued[0], Next::Succeeded).await;
    let then = all(&world, &tenant, queued[0].event.id, 9).await;
    let standing = |one: &SubscriptionThen| {
        one.deliveries.iter().map(|delivery| (delivery.id, delivery.status)).collect::<Vec<_>>()
    };
    assert_eq!(standing(&then[0]), [(queued[0].id, Status::Succeeded)]);
    assert_eq!((then[1].id, standing(&then[1])), (second.id, vec![]));
    assert_eq!(standing(&then[2]), [(queued[1].id, Status::Queued)]);
    world.set_active(&third, false).await;
    let then = all(&world, &tenant, queued[0].event.id, 9).await;
    assert_eq!(standing(&then[2]), [(queued[1].id, Status::Cancelled)], "also before the sweep");
}

pub async fn the_rest_of_a_large_fan_out_is_to_come(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, first) = world.tenant_with_subscription().await;
    let second = world.subscription(&tenant).await;
    let mut new = world.event(&tenant, &[&first]).await;
    new.fanout = vec![world.target(&second)];
    let id = new.id;
    world.commit_event(new).await;
    let then = all(&world, &tenant, id, 9).await;
    assert_eq!(then.iter().map(|one| one.is_to_come).collect::<Vec<_>>(), [false, true]);
    let open = world.store.open_fanouts(None, 9).await.unwrap();
    world.commit(Vec::new(), Vec::new(), open).await;
    let then = all(&world, &tenant, id, 9).await;
    assert_eq!((then[1].is_to_come, then[1].deliveries.len()), (false, 1));
}

pub async fn pages_of_every_size_hold_every_subscription_once(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, first) = world.tenant_with_subscription().await;
    let mut ids = vec![first.id];
    for _ in 0..4 {
        ids.push(world.subscription(&tenant).await.id);
    }
    let deleted: Subscription = world.store.subscription(tenant.no, ids[2]).await.unwrap().unwrap();
    world.delete(&deleted).await;
    ids.remove(2);
    let event = event(&mut world, &tenant).await;
    for limit in [1, 2, 3, 9] {
        let found: Vec<_> = all(&world, &tenant, event, limit).await.iter().map(|one| one.id).collect();
        assert_eq!(found, ids, "by {limit}");
    }
}

pub async fn nothing_is_said_about_an_event_that_is_not_there(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, _) = world.tenant_with_subscription().await;
    let other = world.tenant("other").await;
    let event = event(&mut world, &tenant).await;
    let unknown = world.event_id();
    for (tenant_no, event) in [(other.no, event), (tenant.no, unknown)] {
        let list = ListSubscriptionsThen { tenant_no, event, after: None, limit: 9 };
        assert!(world.store.subscriptions_then(list).await.unwrap().is_none());
    }
    world.delete_tenant(&tenant).await;
    let list = ListSubscriptionsThen { tenant_no: tenant.no, event, after: None, limit: 9 };
    assert!(world.store.subscriptions_then(list).await.unwrap().is_none());
}

/// An event that went to nobody.
async fn event(world: &mut World, tenant: &Tenant) -> EventId {
    let event = world.event(tenant, &[]).await;
    let id = event.id;
    world.commit_event(event).await;
    id
}

async fn only(world: &World, tenant: &Tenant, event: EventId) -> SubscriptionThen {
    let mut all = all(world, tenant, event, 9).await;
    assert_eq!(all.len(), 1);
    all.remove(0)
}

async fn all(world: &World, tenant: &Tenant, event: EventId, limit: usize) -> Vec<SubscriptionThen> {
    let (mut after, mut found) = (None, Vec::new());
    loop {
        let list = ListSubscriptionsThen { tenant_no: tenant.no, event, after, limit };
        let page = world.store.subscriptions_then(list).await.unwrap().unwrap();
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}
