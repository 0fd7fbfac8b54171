//! Lists, newest first.

use std::sync::Arc;

use postroad_domain::{
    Event, EventId, Reason, Status, Tenant, delivery::Delivery, ids::DeliveryId,
    limits::PAGE_ROWS_SCANNED_MAX,
};

use super::{
    World,
    world::{accepted, event_type},
};
use crate::{
    DeliveryFilter, EventFilter, Fanout, ListDeliveries, ListEvents, Next, QueuedDelivery, Store, StoreError,
};

pub async fn events_are_listed_newest_first_page_by_page(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let mut ids = Vec::new();
    for _ in 0..7 {
        let event = world.event(&tenant, &[]).await;
        ids.insert(0, event.id);
        world.commit_event(event).await;
    }
    for limit in [1, 3, 7, 100] {
        let listed = all_events(&world, &tenant, EventFilter::default(), limit).await;
        assert_eq!(listed.iter().map(|event| event.id).collect::<Vec<_>>(), ids, "{limit}");
    }
    let after = Some(ids[2]);
    let list = ListEvents { tenant_no: tenant.no, filter: EventFilter::default(), after, limit: 2 };
    let page = world.store.list_events(list).await.unwrap();
    assert_eq!(page.items.iter().map(|event| event.id).collect::<Vec<_>>(), ids[3..5]);
    assert_eq!(page.next, Some(ids[4]), "the cursor is the id of the last item");
}

pub async fn events_are_filtered_by_type_and_time(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let mut accepted = Vec::new();
    for name in ["a", "b", "a", "b"] {
        let mut event = world.event(&tenant, &[]).await;
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
        (EventFilter { event_type: Some(event_type("c")), ..EventFilter::default() }, vec![]),
    ] {
        let listed = all_events(&world, &tenant, filter.clone(), 1).await;
        let ids: Vec<EventId> = listed.iter().map(|event| event.id).collect();
        assert_eq!(ids, expected, "{filter:?}");
    }
}

pub async fn deliveries_are_listed_by_event_newest_first_and_last_created_first(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, one) = world.tenant_with_subscription().await;
    let other = world.subscription(&tenant).await;
    let late = world.subscription(&tenant).await;
    let mut first = world.event(&tenant, &[&other, &one]).await;
    first.fanout = vec![world.target(&late)];
    let event_id = first.id;
    let old = world.commit_event(first).await;
    let new = world.accept(&tenant, &[&one, &other]).await;
    // Created last of all, but for the older event.
    let targets = vec![world.target(&late)];
    let step = Fanout { tenant_no: tenant.no, event_id, event_bytes: 0, targets, next_number: 3 };
    let fanned_out = world.commit(Vec::new(), Vec::new(), vec![step]).await.fanned_out;
    let expected = [new[1].id, new[0].id, fanned_out[0].id, old[1].id, old[0].id];
    for limit in [1, 2, 5, 100] {
        let listed = all_deliveries(&world, &tenant, DeliveryFilter::default(), limit).await;
        assert_eq!(ids(&listed), expected, "{limit}");
    }
}

pub async fn each_filter_of_deliveries_lets_its_own_through(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, one) = world.tenant_with_subscription().await;
    let other = world.subscription(&tenant).await;
    let mut queued = Vec::new();
    for name in ["a", "b", "a", "c"] {
        let mut event = world.event(&tenant, &[&one, &other]).await;
        event.event_type = event_type(name);
        queued.extend(world.commit_event(event).await);
    }
    world.record(&queued[0], Next::Succeeded).await;
    world.record(&queued[3], Next::Failed(Reason::Exhausted)).await;
    let (since, until) = (Some(queued[2].due), Some(queued[6].due));
    let none = DeliveryFilter::default;
    let mut filters = vec![
        DeliveryFilter { subscription: Some(one.id), ..none() },
        DeliveryFilter { subscription: Some(world.id()), ..none() },
        DeliveryFilter { event: Some(queued[2].event.id), ..none() },
        DeliveryFilter { event: Some(queued[2].event.id), subscription: Some(other.id), ..none() },
        DeliveryFilter { event: Some(world.id()), ..none() },
        DeliveryFilter { event_type: Some(event_type("a")), ..none() },
        DeliveryFilter { since, ..none() },
        DeliveryFilter { until, ..none() },
        DeliveryFilter { since, until, event_type: Some(event_type("b")), ..none() },
        DeliveryFilter { subscription: Some(one.id), since, until, ..none() },
    ];
    filters.extend(Status::ALL.map(|status| DeliveryFilter { status: Some(status), ..none() }));
    let subscription = Some(one.id);
    filters.extend(Status::ALL.map(|status| DeliveryFilter { status: Some(status), subscription, ..none() }));
    let everything = all_deliveries(&world, &tenant, none(), 100).await;
    assert_eq!(everything.len(), 8);
    for filter in filters {
        let passing = everything.iter().filter(|delivery| filter.lets_through(delivery)).cloned();
        let expected: Vec<_> = passing.collect();
        for limit in [1, 3, 100] {
            let listed = all_deliveries(&world, &tenant, filter.clone(), limit).await;
            assert_eq!(listed, expected, "{filter:?}");
        }
    }
}

pub async fn a_list_shows_each_delivery_as_it_reads_alone(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, paused) = world.tenant_with_subscription().await;
    let deleted = world.subscription(&tenant).await;
    let gone = world.subscription(&tenant).await;
    let queued = world.accept(&tenant, &[&paused, &deleted, &gone]).await;
    world.set_active(&paused, false).await;
    world.delete(&deleted).await;
    world.deactivate(&gone).await;
    // Once as marks tell it, once as rows do: also for the filters.
    for _ in 0..2 {
        for delivery in all_deliveries(&world, &tenant, DeliveryFilter::default(), 2).await {
            let alone = world.store.delivery(tenant.no, delivery.id).await.unwrap();
            assert_eq!(alone, Some(delivery));
        }
        assert_eq!(with_status(&world, &tenant, Status::Cancelled).await, [queued[1].id, queued[0].id]);
        assert_eq!(with_status(&world, &tenant, Status::Queued).await, [queued[2].id]);
        assert_eq!(with_status(&world, &tenant, Status::Delivering).await, [queued[2].id]);
        let filter = DeliveryFilter { subscription: Some(deleted.id), ..DeliveryFilter::default() };
        assert_eq!(ids(&all_deliveries(&world, &tenant, filter, 2).await), [queued[1].id]);
        world.sweep_all(10).await;
    }
}

pub async fn a_cursor_of_another_make_is_refused(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    world.accept_one(&tenant, &subscription).await;
    for cursor in ["", "?", "not a cursor", "'; drop table delivery", "ÿÿ", &"9".repeat(500)] {
        let after = Some(cursor.to_owned());
        let list =
            ListDeliveries { tenant_no: tenant.no, filter: DeliveryFilter::default(), after, limit: 10 };
        let refused = world.store.list_deliveries(list).await.unwrap_err();
        assert!(matches!(refused, StoreError::BadCursor), "{cursor}: {refused:?}");
    }
}

pub async fn a_list_goes_on_where_it_was_although_newer_ones_came(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut expected: Vec<QueuedDelivery> = Vec::new();
    for _ in 0..4 {
        expected.insert(0, world.accept_one(&tenant, &subscription).await);
    }
    let mut seen = Vec::new();
    let mut after = None;
    for _ in 0..10 {
        let filter = DeliveryFilter::default();
        let list = ListDeliveries { tenant_no: tenant.no, filter, after, limit: 2 };
        let page = world.store.list_deliveries(list).await.unwrap();
        seen.extend(ids(&page.items));
        world.accept_one(&tenant, &subscription).await;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, expected.iter().map(|delivery| delivery.id).collect::<Vec<_>>());
}

pub async fn a_rare_one_behind_many_rows_is_found_on_a_later_page(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut rare = world.event(&tenant, &[&subscription]).await;
    rare.event_type = event_type("rare");
    let (event_id, delivery_id) = (rare.id, rare.deliveries[0].id);
    world.commit_event(rare).await;
    let template = world.event(&tenant, &[&subscription]).await;
    for _ in 0..6 {
        let mut events = Vec::new();
        for _ in 0..PAGE_ROWS_SCANNED_MAX / 5 {
            let mut event = template.clone();
            event.id = world.event_id();
            event.deliveries[0].id = event.id.delivery(1);
            events.push(event);
        }
        for result in world.commit_events(events).await {
            accepted(result);
        }
    }
    let event_type = Some(event_type("rare"));
    let filter = EventFilter { event_type: event_type.clone(), ..EventFilter::default() };
    let found = all_events(&world, &tenant, filter, 10).await;
    assert_eq!(found.iter().map(|event| event.id).collect::<Vec<_>>(), [event_id]);
    let filter = DeliveryFilter { event_type, ..DeliveryFilter::default() };
    assert_eq!(ids(&all_deliveries(&world, &tenant, filter, 10).await), [delivery_id]);
}

/// Every event that passes, read page by page.
async fn all_events(world: &World, tenant: &Tenant, filter: EventFilter, limit: usize) -> Vec<Event> {
    let mut items = Vec::new();
    let mut after = None;
    for _ in 0..100 {
        let list = ListEvents { tenant_no: tenant.no, filter: filter.clone(), after, limit };
        let page = world.store.list_events(list).await.unwrap();
        assert!(page.items.len() <= limit);
        items.extend(page.items);
        after = page.next;
        if after.is_none() {
            return items;
        }
    }
    panic!("the list does not end");
}

/// Every delivery that passes, read page by page.
async fn all_deliveries(
    world: &World,
    tenant: &Tenant,
    filter: DeliveryFilter,
    limit: usize,
) -> Vec<Delivery> {
    let mut items = Vec::new();
    let mut after = None;
    for _ in 0..100 {
        let list = ListDeliveries { tenant_no: tenant.no, filter: filter.clone(), after, limit };
        let page = world.store.list_deliveries(list).await.unwrap();
        assert!(page.items.len() <= limit);
        items.extend(page.items);
        after = page.next;
        if after.is_none() {
            return items;
        }
    }
    panic!("the list does not end");
}

async fn with_status(world: &World, tenant: &Tenant, status: Status) -> Vec<DeliveryId> {
    let filter = DeliveryFilter { status: Some(status), ..DeliveryFilter::default() };
    ids(&all_deliveries(world, tenant, filter, 1).await)
}

fn ids(deliveries: &[Delivery]) -> Vec<DeliveryId> {
    deliveries.iter().map(|delivery| delivery.id).collect()
}
