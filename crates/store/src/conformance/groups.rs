//! Groups: deliveries to which events are added while they wait.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use bytes::Bytes;
use postroad_domain::{
    EventId, Reason, ReplaySelection, Status, Subscription, Tenant,
    delivery::Delivery,
    limits::{DELIVERY_EVENTS_BYTES_MAX, DELIVERY_EVENTS_LISTED_MAX},
};

use super::{
    replay_steps::{run, start},
    world::{World, lane_of, outcome, refill_of},
};
use crate::{
    BacklogBudget, CancelDelivery, Commit, DeliveryFilter, Group, ListAllDeliveries, ListDeliveries,
    ListSubscriptionsThen, MemberResult, NewEvent, NewMember, Next, OutcomeResult, QueuedDelivery,
    RetryDelivery, Store,
};

/// How long a group takes events here.
const WINDOW: Duration = Duration::from_secs(60);
const EXHAUSTED: Next = Next::Failed(Reason::Exhausted);

/// A delivery of a new event that waits for the end of its window.
async fn open(world: &mut World, tenant: &Tenant, to: &Subscription) -> QueuedDelivery {
    let queued = world.accept_one(tenant, to).await;
    wait(world, queued).await
}

async fn wait(world: &mut World, queued: QueuedDelivery) -> QueuedDelivery {
    let due = world.now().after(WINDOW);
    let postponed = outcome(&queued, None, Next::Queued { due, tries: 0 });
    assert_eq!(world.commit_outcome(postponed).await, OutcomeResult::Applied);
    QueuedDelivery { due, ..queued }
}

/// An event that goes to nobody by itself.
async fn event(world: &mut World, tenant: &Tenant) -> EventId {
    let event = world.event(tenant, &[]).await;
    let id = event.id;
    world.commit_event(event).await;
    id
}

fn member(of: &QueuedDelivery, event: EventId) -> NewMember {
    NewMember { tenant_no: of.lane.tenant_no, delivery: of.id, event }
}

async fn add(world: &mut World, to: &QueuedDelivery, event: EventId) -> MemberResult {
    let members = vec![member(to, event)];
    let commit = Commit { members, ..world.empty_commit() };
    world.commit_all(commit).await.members[0]
}

/// A group of so many events, and those; its window is over.
async fn group(
    world: &mut World,
    tenant: &Tenant,
    to: &Subscription,
    count: usize,
) -> (QueuedDelivery, Vec<EventId>) {
    let opened = open(world, tenant, to).await;
    let mut events = vec![opened.event.id];
    while events.len() < count {
        let added = event(world, tenant).await;
        assert_eq!(add(world, &opened, added).await, MemberResult::Added);
        events.push(added);
    }
    world.advance(2 * WINDOW);
    (opened, events)
}

async fn listed(world: &World, tenant: &Tenant, filter: DeliveryFilter) -> Vec<Delivery> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let list = ListDeliveries { tenant_no: tenant.no, filter: filter.clone(), after, limit: 1 };
        let page = world.store.list_deliveries(list).await.unwrap();
        all.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
}

async fn carrying(world: &World, tenant: &Tenant, event: EventId) -> Vec<Delivery> {
    listed(world, tenant, DeliveryFilter { event: Some(event), ..DeliveryFilter::default() }).await
}

async fn events_of(world: &World, of: &QueuedDelivery) -> Vec<EventId> {
    let events = world.store.delivery_events(of.lane.tenant_no, of.id).await.unwrap();
    events.into_iter().map(|event| event.id).collect()
}

pub async fn events_are_added_to_a_delivery_that_waits_in_their_order(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let (opened, events) = group(&mut world, &tenant, &subscription, 3).await;
    let refilled = world.refill(&subscription).await.deliveries;
    assert_eq!(refilled.len(), 1);
    assert_eq!((refilled[0].id, refilled[0].event.id, refilled[0].attempts), (opened.id, events[0], 0));
    assert_eq!(refilled[0].group, Some(Group { events: NonZeroU32::new(3).unwrap(), bytes: 6 }));
    let delivery = world.look(&opened).await;
    assert_eq!((&delivery.events, delivery.event_count), (&events, 3));
    let carried = world.store.delivery_events(tenant.no, opened.id).await.unwrap();
    assert_eq!(carried.iter().map(|event| event.id).collect::<Vec<_>>(), events);
    assert_eq!(Some(&carried[2]), world.store.event(tenant.no, events[2]).await.unwrap().as_ref());
    assert_eq!(world.record(&refilled[0], Next::Succeeded).await, OutcomeResult::Applied);
    let delivery = world.look(&opened).await;
    assert_eq!((delivery.status, delivery.attempts), (Status::Succeeded, 1));
    assert_eq!(events_of(&world, &opened).await, events);
}

pub async fn a_delivery_of_one_event_is_no_group(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    let refilled = world.refill(&subscription).await.deliveries.remove(0);
    assert_eq!((queued.group, refilled.group), (None, None));
    assert_eq!(events_of(&world, &queued).await, [queued.event.id]);
    let delivery = world.look(&queued).await;
    assert_eq!((delivery.events, delivery.event_count), (vec![queued.event.id], 1));
    let unknown = world.event_id().delivery(1);
    assert!(world.store.delivery_events(tenant.no, unknown).await.unwrap().is_empty());
}

pub async fn an_event_is_added_in_the_commit_that_accepts_it_and_only_once(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let opened = open(&mut world, &tenant, &subscription).await;
    let new = world.event(&tenant, &[]).await;
    let id = new.id;
    let members = vec![member(&opened, id)];
    let commit = Commit { events: vec![new], members, ..world.empty_commit() };
    assert_eq!(world.commit_all(commit).await.members, [MemberResult::Added]);
    for again in [id, opened.event.id] {
        assert_eq!(add(&mut world, &opened, again).await, MemberResult::Added);
    }
    assert_eq!(events_of(&world, &opened).await, [opened.event.id, id]);
}

pub async fn what_is_due_was_tried_or_has_ended_takes_no_event(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let due = world.accept_one(&tenant, &subscription).await;
    let tried = open(&mut world, &tenant, &subscription).await;
    let later = world.now().after(WINDOW);
    world.record(&tried, Next::Queued { due: later, tries: 1 }).await;
    let cancelled = open(&mut world, &tenant, &subscription).await;
    let cancel = CancelDelivery { audit: None, tenant_no: tenant.no, id: cancelled.id, at: world.now() };
    world.store.cancel_delivery(cancel).await.unwrap();
    let failed = open(&mut world, &tenant, &subscription).await;
    world.commit_outcome(outcome(&failed, None, Next::Failed(Reason::Expired))).await;
    let late = event(&mut world, &tenant).await;
    for closed in [&due, &tried, &cancelled, &failed] {
        assert_eq!(add(&mut world, closed, late).await, MemberResult::Refused);
        assert_eq!(events_of(&world, closed).await, [closed.event.id]);
    }
    let called_off = open(&mut world, &tenant, &subscription).await;
    let late = event(&mut world, &tenant).await;
    world.set_active(&subscription, false).await;
    assert_eq!(add(&mut world, &called_off, late).await, MemberResult::Refused);
    world.set_active(&subscription, true).await;
    assert_eq!(add(&mut world, &called_off, late).await, MemberResult::Refused);
    let (at, expires_at) = (world.tick(), called_off.expires_at);
    let retry = RetryDelivery { audit: None, tenant_no: tenant.no, id: called_off.id, at, expires_at };
    world.store.retry_delivery(retry).await.unwrap();
    assert_eq!(add(&mut world, &called_off, late).await, MemberResult::Refused);
}

pub async fn an_outcome_of_the_same_commit_comes_first(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let opened = open(&mut world, &tenant, &subscription).await;
    let late = event(&mut world, &tenant).await;
    let outcomes = vec![world.outcome(&opened, Next::Succeeded)];
    let members = vec![member(&opened, late)];
    let commit = Commit { outcomes, members, ..world.empty_commit() };
    let committed = world.commit_all(commit).await;
    assert_eq!(committed.outcomes, [OutcomeResult::Applied]);
    assert_eq!(committed.members, [MemberResult::Refused]);
}

pub async fn an_earlier_event_and_what_is_not_there_are_not_added(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let (other, other_subscription) = (world.tenant("other").await, subscription.clone());
    let early = event(&mut world, &tenant).await;
    let opened = open(&mut world, &tenant, &other_subscription).await;
    assert_eq!(add(&mut world, &opened, early).await, MemberResult::Refused);
    let foreign = event(&mut world, &other).await;
    let unknown = world.event_id();
    for id in [foreign, unknown] {
        assert_eq!(add(&mut world, &opened, id).await, MemberResult::NotFound);
    }
    let late = event(&mut world, &tenant).await;
    for delivery in [unknown.delivery(1), early.delivery(1), opened.event.id.delivery(2)] {
        let nowhere = QueuedDelivery { id: delivery, ..opened.clone() };
        assert_eq!(add(&mut world, &nowhere, late).await, MemberResult::NotFound);
    }
    assert_eq!(events_of(&world, &opened).await, [opened.event.id]);
}

pub async fn a_group_takes_no_more_bytes_than_it_may(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let opened = open(&mut world, &tenant, &subscription).await;
    let bytes = usize::try_from(DELIVERY_EVENTS_BYTES_MAX).unwrap() - opened.event.data.len();
    let data = Bytes::from(vec![b'1'; bytes]);
    let large = NewEvent { data, ..world.event(&tenant, &[]).await };
    let id = large.id;
    world.commit_event(large).await;
    assert_eq!(add(&mut world, &opened, id).await, MemberResult::Added);
    let small = event(&mut world, &tenant).await;
    assert_eq!(add(&mut world, &opened, small).await, MemberResult::Refused);
    // Only the first event comes into memory with it.
    let late = refill_of(lane_of(&subscription), world.now().after(2 * WINDOW));
    let refilled = world.store.refill(late).await.unwrap().deliveries.remove(0);
    assert_eq!(refilled.group.map(|group| group.bytes), Some(DELIVERY_EVENTS_BYTES_MAX));
    assert_eq!(refilled.bytes(), opened.event.data.len());
}

pub async fn each_of_its_events_leads_to_the_group(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let other = world.subscription(&tenant).await;
    let opened = open(&mut world, &tenant, &subscription).await;
    let own = world.accept(&tenant, &[&other, &other]).await;
    assert_eq!(add(&mut world, &opened, own[0].event.id).await, MemberResult::Added);
    let last = event(&mut world, &tenant).await;
    assert_eq!(add(&mut world, &opened, last).await, MemberResult::Added);
    let ids = |found: Vec<Delivery>| found.into_iter().map(|delivery| delivery.id).collect::<Vec<_>>();
    assert_eq!(ids(carrying(&world, &tenant, opened.event.id).await), [opened.id]);
    let of_second = carrying(&world, &tenant, own[0].event.id).await;
    assert_eq!(of_second[2].events, [opened.event.id, own[0].event.id, last]);
    assert_eq!(ids(of_second), [own[1].id, own[0].id, opened.id]);
    assert_eq!(ids(carrying(&world, &tenant, last).await), [opened.id]);
    let narrow = DeliveryFilter {
        event: Some(own[0].event.id),
        subscription: Some(subscription.id),
        status: Some(Status::Queued),
        ..DeliveryFilter::default()
    };
    assert_eq!(ids(listed(&world, &tenant, narrow.clone()).await), [opened.id]);
    let since = Some(own[0].event.accepted_at);
    let later = DeliveryFilter { since, ..narrow };
    assert!(listed(&world, &tenant, later).await.is_empty(), "the group was created before");
}

pub async fn a_group_stands_once_in_every_other_list(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let (opened, events) = group(&mut world, &tenant, &subscription, 3).await;
    let all = listed(&world, &tenant, DeliveryFilter::default()).await;
    let of_it =
        DeliveryFilter { subscription: Some(subscription.id), event_type: None, ..DeliveryFilter::default() };
    let of_it = listed(&world, &tenant, of_it).await;
    let everywhere = ListAllDeliveries { filter: DeliveryFilter::default(), after: None, limit: 10 };
    let everywhere = world.store.list_all_deliveries(everywhere).await.unwrap().items;
    let everywhere = everywhere.into_iter().map(|owned| owned.item).collect::<Vec<_>>();
    for found in [all, of_it, everywhere] {
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].id, &found[0].events), (opened.id, &events));
    }
}

pub async fn a_list_names_the_first_events_of_a_large_group(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let opened = open(&mut world, &tenant, &subscription).await;
    let mut events = Vec::new();
    for _ in 0..DELIVERY_EVENTS_LISTED_MAX {
        events.push(world.event(&tenant, &[]).await);
    }
    let all: Vec<_> = std::iter::once(opened.event.id).chain(events.iter().map(|event| event.id)).collect();
    let members = all[1..].iter().map(|id| member(&opened, *id)).collect();
    let commit = Commit { events, members, ..world.empty_commit() };
    let results = world.commit_all(commit).await.members;
    assert!(results.iter().all(|result| *result == MemberResult::Added));
    let last = all[DELIVERY_EVENTS_LISTED_MAX];
    let found = carrying(&world, &tenant, last).await.remove(0);
    assert_eq!(found.events, all[..DELIVERY_EVENTS_LISTED_MAX]);
    assert_eq!(found.event_count as usize, all.len());
    assert_eq!(world.look(&opened).await.events, all, "the delivery itself names all");
    assert_eq!(events_of(&world, &opened).await, all);
}

pub async fn an_explanation_of_a_member_shows_the_group(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let other = world.subscription(&tenant).await;
    let (opened, events) = group(&mut world, &tenant, &subscription, 2).await;
    for id in events {
        let list = ListSubscriptionsThen { tenant_no: tenant.no, event: id, after: None, limit: 10 };
        let then = world.store.subscriptions_then(list).await.unwrap().unwrap().items;
        let deliveries_to = |to: &Subscription| {
            let of_it = then.iter().find(|then| then.no == to.no).unwrap();
            of_it.deliveries.iter().map(|delivery| delivery.id).collect::<Vec<_>>()
        };
        assert_eq!(deliveries_to(&subscription), [opened.id]);
        assert!(deliveries_to(&other).is_empty());
    }
}

pub async fn what_a_group_carries_is_not_missing(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let other = world.subscription(&tenant).await;
    let (opened, _) = group(&mut world, &tenant, &subscription, 3).await;
    let missed = event(&mut world, &tenant).await;
    let replay = start(&mut world, &subscription, ReplaySelection::Missing).await;
    assert_eq!(run(&mut world, &replay).await.queued, [missed.delivery(1)]);
    world.record(&opened, EXHAUSTED).await;
    let replay = start(&mut world, &subscription, ReplaySelection::Missing).await;
    assert!(run(&mut world, &replay).await.queued.is_empty(), "it failed, and is not missing");
    let replay = start(&mut world, &other, ReplaySelection::Missing).await;
    assert_eq!(run(&mut world, &replay).await.queued.len(), 4, "to another one all of them are");
}

pub async fn a_group_that_failed_is_replayed_as_one(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let (opened, events) = group(&mut world, &tenant, &subscription, 3).await;
    for selection in [ReplaySelection::Failed, ReplaySelection::All] {
        let waiting = world.refill(&subscription).await.deliveries.remove(0);
        world.record(&waiting, EXHAUSTED).await;
        let replay = start(&mut world, &subscription, selection).await;
        assert_eq!(run(&mut world, &replay).await.queued, [opened.id], "{selection:?}");
        assert_eq!(events_of(&world, &opened).await, events);
    }
    let waiting = world.refill(&subscription).await.deliveries.remove(0);
    assert_eq!(waiting.group.map(|group| group.events.get()), Some(3));
    world.record(&waiting, Next::Succeeded).await;
    let replay = start(&mut world, &subscription, ReplaySelection::All).await;
    let queued = run(&mut world, &replay).await.queued;
    assert_eq!(queued.iter().map(|id| id.first_event()).collect::<Vec<_>>(), events);
}

pub async fn a_group_is_called_off_and_sent_again_as_one(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let (opened, events) = group(&mut world, &tenant, &subscription, 2).await;
    let cancel = CancelDelivery { audit: None, tenant_no: tenant.no, id: opened.id, at: world.tick() };
    world.store.cancel_delivery(cancel).await.unwrap();
    assert!(world.refill(&subscription).await.deliveries.is_empty());
    let delivery = world.look(&opened).await;
    assert_eq!((delivery.status, &delivery.events), (Status::Cancelled, &events));
    let (at, expires_at) = (world.tick(), opened.expires_at);
    let retry = RetryDelivery { audit: None, tenant_no: tenant.no, id: opened.id, at, expires_at };
    world.store.retry_delivery(retry).await.unwrap();
    let again = world.refill(&subscription).await.deliveries.remove(0);
    assert_eq!((again.id, again.group.map(|group| group.events.get())), (opened.id, Some(2)));
}

pub async fn no_event_goes_before_the_group_that_carries_it(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let other = world.subscription(&tenant).await;
    let mut both = world.accept(&tenant, &[&subscription, &other]).await;
    let opened = wait(&mut world, both.remove(0)).await;
    let added = event(&mut world, &tenant).await;
    assert_eq!(add(&mut world, &opened, added).await, MemberResult::Added);
    let alone = event(&mut world, &tenant).await;
    world.advance(10 * WINDOW);
    assert_eq!(world.prune_all(WINDOW, 100).await.events, 1, "only what nothing waits for");
    assert!(world.store.event(tenant.no, alone).await.unwrap().is_none());
    world.record(&opened, Next::Succeeded).await;
    assert_eq!(world.prune_all(WINDOW, 100).await.events, 0, "its first event stays, so it does");
    assert_eq!(events_of(&world, &opened).await, [opened.event.id, added]);
    world.record(&both[0], Next::Succeeded).await;
    assert_eq!(world.prune_all(WINDOW, 100).await.events, 2);
    assert!(world.store.event(tenant.no, added).await.unwrap().is_none());
    assert!(events_of(&world, &opened).await.is_empty());
}

pub async fn a_large_group_is_forgotten_in_steps(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let (opened, events) = group(&mut world, &tenant, &subscription, 12).await;
    world.record(&opened, Next::Succeeded).await;
    world.advance(10 * WINDOW);
    assert_eq!(world.prune_all(WINDOW, 3).await.events, events.len());
    assert!(listed(&world, &tenant, DeliveryFilter::default()).await.is_empty());
}

pub async fn the_groups_of_a_deleted_tenant_are_erased(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let (opened, events) = group(&mut world, &tenant, &subscription, 9).await;
    let late = event(&mut world, &tenant).await;
    world.delete_tenant(&tenant).await;
    assert_eq!(add(&mut world, &opened, late).await, MemberResult::NotFound);
    assert!(events_of(&world, &opened).await.is_empty());
    assert!(world.sweep_all(4).await.erased > events.len());
    assert_eq!(world.prune_all(WINDOW, 100).await.events, 0);
}

pub async fn all_bytes_of_a_group_count_in_the_budget_of_its_lane(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let (opened, _) = group(&mut world, &tenant, &subscription, 4).await;
    let enough = BacklogBudget { deliveries: 10, bytes: 8 };
    assert_eq!(world.sweep_within(enough, 100).await.overflowed, 0);
    let too_little = BacklogBudget { bytes: 7, ..enough };
    assert_eq!(world.sweep_within(too_little, 100).await.overflowed, 1);
    let delivery = world.look(&opened).await;
    assert_eq!((delivery.status, delivery.reason), (Status::Failed, Some(Reason::BacklogFull)));
}
