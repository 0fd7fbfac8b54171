//! Deliveries that wait: for their time, and for further events that they are sent with.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use bytes::Bytes;
use postroad_domain::{
    EventId, Reason, ReplaySelection, Status, Subscription, Tenant, delivery::Delivery,
    limits::DELIVERY_EVENTS_LISTED_MAX,
};

use super::{
    replay_steps::{run, start},
    world::{World, accepted, outcome},
};
use crate::{
    BacklogBudget, CancelDelivery, Commit, DeliveryFilter, Fanout, FanoutTarget, Group, GroupKey,
    GroupTarget, Idempotency, ListAllDeliveries, ListDeliveries, ListSubscriptionsThen, NewEvent, Next,
    OutcomeResult, QueuedDelivery, RetryDelivery, Store,
};

/// How long a group takes events here.
const WINDOW: Duration = Duration::from_secs(60);
const EXHAUSTED: Next = Next::Failed(Reason::Exhausted);

/// How events are grouped here.
fn grouping() -> GroupTarget {
    let (events_max, bytes_max) = (10_000, 1024 * 1024);
    let window_ms = u32::try_from(WINDOW.as_millis()).unwrap();
    GroupTarget { key: GroupKey([7; 16]), window_ms, is_aligned: false, events_max, bytes_max }
}

/// An event that goes to a subscription together with others.
pub(super) async fn grouped(
    world: &mut World,
    tenant: &Tenant,
    to: &Subscription,
    group: GroupTarget,
) -> NewEvent {
    let mut event = world.event(tenant, &[to]).await;
    event.deliveries[0].target.group = Some(group);
    event
}

/// A delivery of a new event that waits for the end of its window.
async fn open(world: &mut World, tenant: &Tenant, to: &Subscription) -> QueuedDelivery {
    let event = grouped(world, tenant, to, grouping()).await;
    world.commit_event(event).await.remove(0)
}

/// Commits an event that must join a group.
async fn join(world: &mut World, tenant: &Tenant, to: &Subscription) -> EventId {
    let event = grouped(world, tenant, to, grouping()).await;
    let id = event.id;
    let opened = world.commit_event(event).await;
    assert!(opened.is_empty(), "it opened a group: {opened:?}");
    id
}

/// Whether the next event joins a group.
async fn joins(world: &mut World, tenant: &Tenant, to: &Subscription) -> bool {
    let event = grouped(world, tenant, to, grouping()).await;
    world.commit_event(event).await.is_empty()
}

/// An event that goes to nobody.
async fn event(world: &mut World, tenant: &Tenant) -> EventId {
    let event = world.event(tenant, &[]).await;
    let id = event.id;
    world.commit_event(event).await;
    id
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
        events.push(join(world, tenant, to).await);
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

pub async fn events_of_one_commit_share_a_group(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut events = Vec::new();
    for _ in 0..3 {
        events.push(grouped(&mut world, &tenant, &subscription, grouping()).await);
    }
    let ids: Vec<_> = events.iter().map(|event| event.id).collect();
    let opened: Vec<_> = world.commit_events(events).await.into_iter().map(accepted).collect();
    assert_eq!(opened.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0, 0]);
    assert_eq!(opened[0][0].due, world.now().after(WINDOW));
    assert_eq!(events_of(&world, &opened[0][0]).await, ids);
}

pub async fn a_repeat_of_an_event_joins_nothing(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let opened = open(&mut world, &tenant, &subscription).await;
    let key =
        Idempotency { key_hash: [1; 32], bytes_hash: [2; 32], expires_at: world.now().after(WINDOW * 9) };
    let mut joined = Vec::new();
    for _ in 0..2 {
        let event = grouped(&mut world, &tenant, &subscription, grouping()).await;
        joined.push(event.id);
        world.commit_events(vec![NewEvent { idempotency: Some(key), ..event }]).await;
    }
    assert_eq!(events_of(&world, &opened).await, [opened.event.id, joined[0]]);
}

pub async fn each_key_and_each_subscription_has_its_own_group(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let other = world.subscription(&tenant).await;
    let another_key = GroupTarget { key: GroupKey([8; 16]), ..grouping() };
    for (to, group) in [(&subscription, grouping()), (&other, grouping()), (&subscription, another_key)] {
        let event = grouped(&mut world, &tenant, to, group).await;
        assert_eq!(world.commit_event(event).await.len(), 1, "it opens a group");
    }
    assert!(joins(&mut world, &tenant, &subscription).await);
}

pub async fn a_window_ends_and_the_next_event_opens_another(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let opened = open(&mut world, &tenant, &subscription).await;
    assert_eq!(opened.due, world.now().after(WINDOW));
    // A commit of that very moment is too late.
    let late = grouped(&mut world, &tenant, &subscription, grouping()).await;
    let commit = Commit { at: opened.due, events: vec![late], ..world.empty_commit() };
    let next = accepted(world.commit_all(commit).await.events.remove(0)).remove(0);
    assert_eq!(next.due, opened.due.after(WINDOW));
    assert_eq!(events_of(&world, &opened).await, [opened.event.id]);
    world.advance(3 * WINDOW);
    assert_eq!(world.refill(&subscription).await.deliveries.len(), 2);
}

pub async fn an_aligned_window_ends_with_the_next_whole_multiple(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let aligned = GroupTarget { is_aligned: true, ..grouping() };
    let event = grouped(&mut world, &tenant, &subscription, aligned).await;
    let opened = world.commit_event(event).await.remove(0);
    let window_micros = i64::try_from(WINDOW.as_micros()).unwrap();
    assert_eq!(opened.due.as_micros() % window_micros, 0);
    assert!(opened.due > world.now() && opened.due <= world.now().after(WINDOW));
}

pub async fn what_was_tried_sent_now_or_has_ended_takes_no_event(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let tried = open(&mut world, &tenant, &subscription).await;
    let later = world.now().after(WINDOW);
    world.record(&tried, Next::Queued { due: later, tries: 1 }).await;
    let cancelled = open(&mut world, &tenant, &subscription).await;
    let cancel = CancelDelivery { audit: None, tenant_no: tenant.no, id: cancelled.id, at: world.now() };
    world.store.cancel_delivery(cancel).await.unwrap();
    let failed = open(&mut world, &tenant, &subscription).await;
    world.commit_outcome(outcome(&failed, None, Next::Failed(Reason::Expired))).await;
    let retried = open(&mut world, &tenant, &subscription).await;
    let (at, expires_at) = (world.tick(), retried.expires_at);
    let retry = RetryDelivery { audit: None, tenant_no: tenant.no, id: retried.id, at, expires_at };
    world.store.retry_delivery(retry).await.unwrap();
    let called_off = open(&mut world, &tenant, &subscription).await;
    world.set_active(&subscription, false).await;
    world.set_active(&subscription, true).await;
    open(&mut world, &tenant, &subscription).await;
    for closed in [&tried, &cancelled, &failed, &retried, &called_off] {
        assert_eq!(events_of(&world, closed).await, [closed.event.id]);
    }
}

pub async fn a_full_group_is_due_at_once_and_the_next_event_opens_another(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let small = GroupTarget { events_max: 2, ..grouping() };
    let mut opened = Vec::new();
    for _ in 0..5 {
        let event = grouped(&mut world, &tenant, &subscription, small).await;
        opened.extend(world.commit_event(event).await);
    }
    assert_eq!(opened.len(), 3);
    let due = world.refill(&subscription).await.deliveries;
    assert_eq!(due.iter().map(|delivery| delivery.id).collect::<Vec<_>>(), [opened[0].id, opened[1].id]);
    assert!(due.iter().all(|delivery| delivery.group.is_some_and(|group| group.events.get() == 2)));
    assert_eq!(events_of(&world, &opened[2]).await.len(), 1, "its window is open");
    let one = GroupTarget { events_max: 1, key: GroupKey([9; 16]), ..grouping() };
    let event = grouped(&mut world, &tenant, &subscription, one).await;
    let alone = world.commit_event(event).await.remove(0);
    assert_eq!(alone.due, alone.event.accepted_at, "the answer says so too");
    assert!(world.refill(&subscription).await.deliveries.iter().any(|delivery| delivery.id == alone.id));
}

pub async fn a_group_takes_no_more_bytes_than_it_may(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let opened = open(&mut world, &tenant, &subscription).await;
    let bytes = grouping().bytes_max as usize - opened.event.data.len();
    for (length, opens) in [(bytes + 1, 1), (1, 0), (10, 1)] {
        let event = grouped(&mut world, &tenant, &subscription, grouping()).await;
        let event = NewEvent { data: Bytes::from(vec![b'1'; length]), ..event };
        assert_eq!(world.commit_event(event).await.len(), opens, "{length} bytes");
    }
    // The first had no room for what came, the second is full; the third takes events. Only its first event comes into memory with a group.
    let due = world.refill(&subscription).await.deliveries;
    let groups: Vec<_> = due.iter().map(|delivery| delivery.group.map(|group| group.bytes)).collect();
    assert_eq!(groups, [None, Some(u64::from(grouping().bytes_max))]);
    assert_eq!((due[0].id, due[1].bytes()), (opened.id, bytes + 1));
}

pub async fn a_group_waits_for_the_latest_of_its_events(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut event = grouped(&mut world, &tenant, &subscription, grouping()).await;
    let early = world.now().after(WINDOW / 2);
    event.deliveries[0].target.due = early;
    let opened = world.commit_event(event).await.remove(0);
    assert_eq!(opened.due, world.now().after(WINDOW), "the window ends later");
    let late = world.now().after(2 * WINDOW);
    let mut event = grouped(&mut world, &tenant, &subscription, grouping()).await;
    let target = &mut event.deliveries[0].target;
    (target.due, target.expires_at) = (late, opened.expires_at.after(WINDOW));
    let expires_at = target.expires_at;
    assert!(world.commit_event(event).await.is_empty());
    assert_eq!(world.look(&opened).await.due_at, Some(late));
    world.advance(WINDOW + WINDOW / 2);
    assert!(world.refill(&subscription).await.deliveries.is_empty());
    assert!(!joins(&mut world, &tenant, &subscription).await, "its window is over, though it waits");
    world.advance(WINDOW);
    let waiting = world.refill(&subscription).await.deliveries;
    assert_eq!((waiting[0].id, waiting[0].due, waiting[0].expires_at), (opened.id, late, expires_at));
}

pub async fn a_delivery_is_not_due_before_its_time(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut event = world.event(&tenant, &[&subscription]).await;
    let due = world.now().after(WINDOW);
    event.deliveries[0].target.due = due;
    let queued = world.commit_event(event).await.remove(0);
    assert_eq!((queued.due, world.look(&queued).await.due_at), (due, Some(due)));
    let none = world.refill(&subscription).await;
    assert_eq!((none.deliveries.len(), none.next_due), (0, Some(due)));
    world.advance(WINDOW);
    assert_eq!(world.refill(&subscription).await.deliveries[0].due, due);
}

pub async fn targets_of_later_commits_are_grouped_and_wait_too(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let delayed = world.subscription(&tenant).await;
    let opened = open(&mut world, &tenant, &subscription).await;
    let due = world.now().after(2 * WINDOW);
    let targets = vec![
        FanoutTarget { group: Some(grouping()), ..world.target(&subscription) },
        FanoutTarget { due, ..world.target(&delayed) },
    ];
    let event = NewEvent { fanout: targets.clone(), ..world.event(&tenant, &[]).await };
    let (event_id, event_bytes) = (event.id, event.bytes());
    world.commit_event(event).await;
    let open_fanouts = world.store.open_fanouts(None, 10).await.unwrap();
    assert_eq!(open_fanouts[0].targets, targets);
    let step = Fanout { tenant_no: tenant.no, event_id, event_bytes, targets, next_number: 1 };
    let fanned_out = world.commit(Vec::new(), Vec::new(), vec![step]).await.fanned_out;
    assert_eq!(fanned_out.iter().map(|delivery| delivery.due).collect::<Vec<_>>(), [due]);
    assert_eq!(events_of(&world, &opened).await, [opened.event.id, event_id]);
}

/// A younger event opens a group before the step comes that adds the older one.
pub async fn an_older_event_whose_target_comes_later_leads_to_the_group_and_goes_with_it(
    store: Arc<dyn Store>,
) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let other = world.subscription(&tenant).await;
    let targets = vec![FanoutTarget { group: Some(grouping()), ..world.target(&subscription) }];
    let older = NewEvent { fanout: targets.clone(), ..world.event(&tenant, &[&other]).await };
    let (event_id, event_bytes) = (older.id, older.bytes());
    let own = world.commit_event(older).await.remove(0);
    let opened = open(&mut world, &tenant, &subscription).await;
    let step = Fanout { tenant_no: tenant.no, event_id, event_bytes, targets, next_number: 2 };
    assert!(world.commit(Vec::new(), Vec::new(), vec![step]).await.fanned_out.is_empty());
    let ids = |found: Vec<Delivery>| found.into_iter().map(|delivery| delivery.id).collect::<Vec<_>>();
    assert_eq!(ids(carrying(&world, &tenant, event_id).await), [opened.id, own.id], "page by page");
    world.record(&own, Next::Succeeded).await;
    world.advance(10 * WINDOW);
    let whole = world.refill(&subscription).await.deliveries.remove(0);
    assert_eq!(world.prune_all(WINDOW, 100).await.events, 0, "the group waits");
    world.record(&whole, Next::Succeeded).await;
    assert_eq!(world.prune_all(WINDOW, 100).await.events, 2, "both at once");
}

pub async fn each_of_its_events_leads_to_the_group(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let other = world.subscription(&tenant).await;
    let opened = open(&mut world, &tenant, &subscription).await;
    let mut event = world.event(&tenant, &[&other, &other, &subscription]).await;
    event.deliveries[2].target.group = Some(grouping());
    let own = world.commit_event(event).await;
    assert_eq!(own.len(), 2);
    let last = join(&mut world, &tenant, &subscription).await;
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
        events.push(grouped(&mut world, &tenant, &subscription, grouping()).await);
    }
    let all: Vec<_> = std::iter::once(opened.event.id).chain(events.iter().map(|event| event.id)).collect();
    world.commit_events(events).await;
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
    let mut first = world.event(&tenant, &[&subscription, &other]).await;
    first.deliveries[0].target.group = Some(grouping());
    let mut both = world.commit_event(first).await;
    let opened = both.remove(0);
    let added = join(&mut world, &tenant, &subscription).await;
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
    world.delete_tenant(&tenant).await;
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
