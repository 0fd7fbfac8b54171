//! Lists over all tenants.

use std::sync::Arc;

use postroad_domain::{
    Event, EventId, Status, SubscriptionId, delivery::Delivery, limits::PAGE_ROWS_SCANNED_MAX,
};

use super::{World, world::event_type};
use crate::{
    DeliveryFilter, EventFilter, ListAllDeliveries, ListAllEvents, ListAllSubscriptions, Next, Owned, Store,
    StoreError, SubscriptionChange, SubscriptionFilter,
};

pub async fn events_of_all_tenants_are_listed_newest_first_each_with_its_tenant(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (one, two) = (world.tenant("one").await, world.tenant("two").await);
    let mut expected = Vec::new();
    for tenant in [&one, &two, &two, &one, &two] {
        let event = world.event(tenant, &[]).await;
        expected.insert(0, (tenant.id.clone(), event.id));
        world.commit_event(event).await;
    }
    for limit in [1, 2, 5, 100] {
        let listed = all_events(&world, EventFilter::default(), limit).await;
        let listed: Vec<_> = listed.into_iter().map(|of| (of.tenant, of.item.id)).collect();
        assert_eq!(listed, expected, "{limit}");
    }
}

pub async fn a_list_over_all_tenants_is_filtered_like_the_list_of_one(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (one, two) = (world.tenant("one").await, world.tenant("two").await);
    let mut accepted = Vec::new();
    for (tenant, name) in [(&one, "a"), (&two, "b"), (&two, "a"), (&one, "b")] {
        let mut event = world.event(tenant, &[]).await;
        event.event_type = event_type(name);
        let id = event.id;
        world.commit_event(event).await;
        accepted.push((id, world.now()));
    }
    let [first, second, third, fourth] = [0, 1, 2, 3].map(|index: usize| accepted[index].0);
    let (since, until) = (Some(accepted[1].1), Some(accepted[3].1));
    let of_a = Some(event_type("a"));
    for (filter, expected) in [
        (EventFilter { event_type: of_a.clone(), ..EventFilter::default() }, vec![third, first]),
        (EventFilter { since, ..EventFilter::default() }, vec![fourth, third, second]),
        (EventFilter { until, ..EventFilter::default() }, vec![third, second, first]),
        (EventFilter { event_type: of_a, since, until }, vec![third]),
    ] {
        assert_eq!(event_ids(&all_events(&world, filter.clone(), 1).await), expected, "{filter:?}");
    }
}

pub async fn deliveries_of_all_tenants_are_listed_as_each_reads_alone(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (one, to_one) = world.tenant_with_subscription().await;
    let two = world.tenant("two").await;
    let to_two = world.subscription(&two).await;
    let mut expected = Vec::new();
    for (tenant, subscription) in [(&one, &to_one), (&two, &to_two), (&one, &to_one)] {
        let queued = world.accept(tenant, &[subscription, subscription]).await;
        for delivery in queued {
            expected.insert(0, (tenant.clone(), delivery));
        }
    }
    world.record(&expected[1].1, Next::Succeeded).await;
    // A mark whose rows the sweep has not reached shows too.
    world.set_active(&to_two, false).await;
    for limit in [1, 2, 100] {
        let listed = all_deliveries(&world, DeliveryFilter::default(), limit).await;
        assert_eq!(listed.len(), expected.len());
        for (of, (tenant, queued)) in listed.iter().zip(&expected) {
            assert_eq!((&of.tenant, of.tenant_no), (&tenant.id, tenant.no));
            assert_eq!(of.item, world.look(queued).await, "{limit}");
        }
    }
}

pub async fn each_filter_of_all_deliveries_lets_its_own_through(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (one, to_one) = world.tenant_with_subscription().await;
    let two = world.tenant("two").await;
    let to_two = world.subscription(&two).await;
    let first = world.accept_one(&one, &to_one).await;
    let second = world.accept_one(&two, &to_two).await;
    world.record(&first, Next::Failed(postroad_domain::Reason::Exhausted)).await;
    let no_filter = DeliveryFilter::default;
    let unknown = world.id();
    for (filter, expected) in [
        (DeliveryFilter { status: Some(Status::Failed), ..no_filter() }, vec![first.id]),
        (DeliveryFilter { status: Some(Status::Queued), ..no_filter() }, vec![second.id]),
        (DeliveryFilter { subscription: Some(to_one.id), ..no_filter() }, vec![first.id]),
        (DeliveryFilter { event: Some(second.event.id), ..no_filter() }, vec![second.id]),
        (
            DeliveryFilter { event: Some(first.event.id), subscription: Some(to_two.id), ..no_filter() },
            vec![],
        ),
        (DeliveryFilter { subscription: Some(unknown), ..no_filter() }, vec![]),
        (DeliveryFilter { event_type: Some(event_type("other")), ..no_filter() }, vec![]),
    ] {
        let listed = all_deliveries(&world, filter.clone(), 1).await;
        let ids: Vec<_> = listed.iter().map(|of| of.item.id).collect();
        assert_eq!(ids, expected, "{filter:?}");
    }
    let (filter, after) = (no_filter(), Some("no cursor".to_owned()));
    let refused = world.store.list_all_deliveries(ListAllDeliveries { filter, after, limit: 1 }).await;
    assert!(matches!(refused, Err(StoreError::BadCursor)), "{refused:?}");
}

pub async fn subscriptions_of_all_tenants_are_listed_newest_first(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (one, two) = (world.tenant("one").await, world.tenant("two").await);
    let mut all = Vec::new();
    for tenant in [&one, &two, &one, &two] {
        all.insert(0, (tenant.id.clone(), world.subscription(tenant).await));
    }
    let deleted = all.remove(1).1;
    world.delete(&deleted).await;
    let mut spec = all[0].1.spec.clone();
    spec.events = vec![event_type("a")];
    spec.active = false;
    all[0].1 = world.change(&all[0].1.clone(), SubscriptionChange::Spec(Box::new(spec))).await;
    for limit in [1, 2, 100] {
        let listed = all_subscriptions(&world, SubscriptionFilter::default(), limit).await;
        let listed: Vec<_> = listed.into_iter().map(|of| (of.tenant, of.item)).collect();
        assert_eq!(listed, all, "{limit}");
    }
    let ids = |of: &[usize]| of.iter().map(|index| all[*index].1.id).collect::<Vec<_>>();
    for (active, name, expected) in [
        (Some(true), None, ids(&[1, 2])),
        (Some(false), None, ids(&[0])),
        (None, Some("a"), ids(&[0, 1, 2])),
        (None, Some("b"), ids(&[1, 2])),
        (Some(false), Some("b"), ids(&[])),
    ] {
        let filter = SubscriptionFilter { active, event_type: name.map(event_type) };
        let listed = all_subscriptions(&world, filter.clone(), 1).await;
        let found: Vec<SubscriptionId> = listed.iter().map(|of| of.item.id).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
}

pub async fn nothing_of_a_deleted_tenant_is_in_a_list_over_all(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (doomed, to_doomed) = world.tenant_with_subscription().await;
    let other = world.tenant("other").await;
    let to_other = world.subscription(&other).await;
    let of_doomed = world.accept_one(&doomed, &to_doomed).await;
    let of_other = world.accept_one(&other, &to_other).await;
    world.delete_tenant(&doomed).await;
    // Once with the old rows still there, once after they are erased.
    for _ in 0..2 {
        let events = all_events(&world, EventFilter::default(), 1).await;
        assert_eq!(event_ids(&events), [of_other.event.id]);
        let deliveries = all_deliveries(&world, DeliveryFilter::default(), 1).await;
        assert_eq!(deliveries.iter().map(|of| of.item.id).collect::<Vec<_>>(), [of_other.id]);
        let theirs = DeliveryFilter { event: Some(of_doomed.event.id), ..DeliveryFilter::default() };
        assert!(all_deliveries(&world, theirs, 1).await.is_empty());
        let subscriptions = all_subscriptions(&world, SubscriptionFilter::default(), 1).await;
        assert_eq!(subscriptions.iter().map(|of| of.item.id).collect::<Vec<_>>(), [to_other.id]);
        world.sweep_all(3).await;
    }
}

pub async fn a_rare_event_behind_many_of_all_tenants_is_found_on_a_later_page(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let rare = world.event(&tenant, &[]).await;
    let rare_id = rare.id;
    world.commit_event(crate::NewEvent { event_type: event_type("rare"), ..rare }).await;
    let filter = EventFilter { event_type: Some(event_type("rare")), ..EventFilter::default() };
    for _ in 0..PAGE_ROWS_SCANNED_MAX.div_ceil(1_000) {
        let mut events = Vec::new();
        for _ in 0..1_000 {
            events.push(world.event(&tenant, &[]).await);
        }
        world.commit_events(events).await;
    }
    let list = ListAllEvents { filter: filter.clone(), after: None, limit: 10 };
    let page = world.store.list_all_events(list).await.unwrap();
    assert!(page.items.is_empty() && page.next.is_some(), "a page looks at a bounded number of rows");
    assert_eq!(event_ids(&all_events(&world, filter, 10).await), [rare_id]);
}

fn event_ids(events: &[Owned<Event>]) -> Vec<EventId> {
    events.iter().map(|of| of.item.id).collect()
}

async fn all_events(world: &World, filter: EventFilter, limit: usize) -> Vec<Owned<Event>> {
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let list = ListAllEvents { filter: filter.clone(), after, limit };
        let page = world.store.list_all_events(list).await.unwrap();
        assert!(page.items.len() <= limit);
        listed.extend(page.items);
        after = page.next;
        if after.is_none() {
            return listed;
        }
    }
}

async fn all_deliveries(world: &World, filter: DeliveryFilter, limit: usize) -> Vec<Owned<Delivery>> {
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let list = ListAllDeliveries { filter: filter.clone(), after, limit };
        let page = world.store.list_all_deliveries(list).await.unwrap();
        assert!(page.items.len() <= limit);
        listed.extend(page.items);
        after = page.next;
        if after.is_none() {
            return listed;
        }
    }
}

async fn all_subscriptions(
    world: &World,
    filter: SubscriptionFilter,
    limit: usize,
) -> Vec<Owned<postroad_domain::Subscription>> {
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let list = ListAllSubscriptions { filter: filter.clone(), after, limit };
        let page = world.store.list_all_subscriptions(list).await.unwrap();
        assert!(page.items.len() <= limit);
        listed.extend(page.items);
        after = page.next;
        if after.is_none() {
            return listed;
        }
    }
}
