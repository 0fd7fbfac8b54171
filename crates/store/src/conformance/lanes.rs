//! Reading lanes.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use postroad_domain::{Reason, Subscription, Tenant, ids::DeliveryId};

use super::{
    World,
    world::{lane_of, refill_of},
};
use crate::{Backlog, Next, QueuedDelivery, Refill, Refilled, Store, WaitingLanes};

pub async fn a_refill_answers_what_is_due_in_order(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let events = [
        world.event(&tenant, &[&subscription]).await,
        world.event(&tenant, &[&subscription]).await,
        world.event(&tenant, &[&subscription]).await,
    ];
    // All due at the moment of their one commit: the order of creation decides.
    let [first, second, third] = [0, 1, 2].map(|index: usize| events[index].deliveries[0].id);
    world.commit_events(events.to_vec()).await;
    let fourth = world.accept_one(&tenant, &subscription).await.id;
    assert_eq!(ids(&world.refill(&subscription).await), [first, second, third, fourth]);
    let head = world.refill(&subscription).await.deliveries.remove(0);
    let due = world.now().after(Duration::from_secs(1));
    world.record(&head, Next::Queued { due, tries: 1 }).await;
    world.advance(Duration::from_secs(2));
    assert_eq!(ids(&world.refill(&subscription).await), [second, third, fourth, first]);
}

pub async fn what_is_due_at_the_very_moment_is_due(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    let lane = lane_of(&subscription);
    let at_due = world.store.refill(refill_of(lane, queued.due)).await.unwrap();
    assert_eq!(ids(&at_due), [queued.id]);
    assert_eq!(at_due.next_due, None);
    let just_before = refill_of(lane, queued.due.before(Duration::from_micros(1)));
    let early = world.store.refill(just_before).await.unwrap();
    assert!(early.deliveries.is_empty());
    assert_eq!(early.next_due, Some(queued.due));
}

pub async fn what_the_caller_holds_is_skipped(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = accept_many(&mut world, &tenant, &subscription, 5).await;
    let held = vec![queued[0].id, queued[2].id, world.id()];
    let refill = Refill { held, limit: 2, ..refill_of(lane_of(&subscription), world.now()) };
    let refilled = world.store.refill(refill.clone()).await.unwrap();
    assert_eq!(ids(&refilled), [queued[1].id, queued[3].id]);
    assert_eq!(refilled.next_due, Some(queued[4].due));
    let held = queued.iter().map(|delivery| delivery.id).collect();
    let nothing = world.store.refill(Refill { held, ..refill }).await.unwrap();
    assert!(nothing.deliveries.is_empty());
    assert_eq!(nothing.next_due, None, "what is held does not wait for a refill");
}

pub async fn next_due_is_in_the_past_when_the_limit_cuts_the_answer(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = accept_many(&mut world, &tenant, &subscription, 3).await;
    let refill = Refill { limit: 2, ..refill_of(lane_of(&subscription), world.now()) };
    let refilled = world.store.refill(refill.clone()).await.unwrap();
    assert_eq!(ids(&refilled), [queued[0].id, queued[1].id]);
    assert_eq!(refilled.next_due, Some(queued[2].due));
    assert!(refilled.next_due <= Some(world.now()));
    let all = world.store.refill(Refill { limit: 3, ..refill }).await.unwrap();
    assert_eq!((all.deliveries.len(), all.next_due), (3, None));
}

pub async fn a_refill_keeps_to_its_bytes_but_answers_one_delivery_always(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    for bytes in [100, 100, 100] {
        let mut event = world.event(&tenant, &[&subscription]).await;
        event.data = Bytes::from(vec![b'1'; bytes]);
        world.commit_event(event).await;
    }
    for (bytes_max, answered) in [(0, 1), (99, 1), (200, 2), (250, 2), (300, 3)] {
        let refill = Refill { bytes_max, ..refill_of(lane_of(&subscription), world.now()) };
        let refilled = world.store.refill(refill).await.unwrap();
        assert_eq!(refilled.deliveries.len(), answered, "{bytes_max}");
        assert_eq!(refilled.next_due.is_some(), answered < 3, "{bytes_max}");
    }
}

pub async fn a_head_that_keeps_its_place_says_until_when_it_is_not_tried(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = accept_many(&mut world, &tenant, &subscription, 2).await;
    let not_before = world.now().after(Duration::from_secs(60));
    world.record(&queued[0], Next::InPlace { not_before, tries: 1 }).await;
    assert_eq!(world.look(&queued[0]).await.due_at, Some(not_before), "people see its next attempt");
    assert_eq!(world.look(&queued[1]).await.due_at, Some(queued[1].due));
    let refilled = world.refill(&subscription).await;
    assert_eq!(ids(&refilled), [queued[0].id, queued[1].id], "nothing overtakes it");
    let pauses: Vec<_> = refilled.deliveries.iter().map(|delivery| delivery.not_before).collect();
    assert_eq!((pauses, refilled.deliveries[0].due), (vec![Some(not_before), None], queued[0].due));
    world.record(&refilled.deliveries[0], Next::Queued { due: not_before, tries: 2 }).await;
    let shown = world.look(&queued[0]).await;
    assert_eq!((shown.due_at, shown.attempts), (Some(not_before), 2));
    world.advance(Duration::from_secs(60));
    let last = world.refill(&subscription).await.deliveries.remove(1);
    assert_eq!((last.id, last.not_before), (queued[0].id, None));
    world.record(&last, Next::Failed(Reason::Exhausted)).await;
    assert_eq!(world.look(&queued[0]).await.due_at, None);
}

pub async fn waiting_lanes_are_told_by_key_each_with_its_next_due_time(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let mut expected = Vec::new();
    for name in ["acme", "other"] {
        let tenant = world.tenant(name).await;
        for _ in 0..3 {
            let subscription = world.subscription(&tenant).await;
            let queued = accept_many(&mut world, &tenant, &subscription, 2).await;
            expected.push((queued[0].lane, queued[0].due));
        }
        // Nothing ever waited here.
        world.subscription(&tenant).await;
    }
    expected.sort_unstable();
    let mut seen = Vec::new();
    let mut after = None;
    // More pages than there are: a list that goes round ends here too.
    for _ in 0..10 {
        let lanes = world.store.waiting_lanes(WaitingLanes { after, limit: 2 }).await.unwrap();
        assert!(lanes.len() <= 2);
        let Some(last) = lanes.last() else { break };
        after = Some(last.lane);
        seen.extend(lanes.iter().map(|waiting| (waiting.lane, waiting.next_due)));
    }
    assert_eq!(seen, expected);
}

pub async fn a_lane_whose_last_delivery_ended_does_not_wait(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = accept_many(&mut world, &tenant, &subscription, 2).await;
    world.record(&queued[0], Next::Succeeded).await;
    let all = WaitingLanes { after: None, limit: 10 };
    assert_eq!(world.store.waiting_lanes(all).await.unwrap()[0].next_due, queued[1].due);
    let due = world.now().after(Duration::from_secs(9));
    world.record(&queued[1], Next::Queued { due, tries: 1 }).await;
    assert_eq!(world.store.waiting_lanes(all).await.unwrap()[0].next_due, due, "also when it lies ahead");
    let postponed = QueuedDelivery { due, attempts: 1, ..queued[1].clone() };
    world.record(&postponed, Next::Failed(Reason::Exhausted)).await;
    assert!(world.store.waiting_lanes(all).await.unwrap().is_empty());
}

pub async fn the_backlog_counts_what_is_not_final(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    assert_eq!(world.store.backlog().await.unwrap(), Backlog::default());
    let (tenant, one) = world.tenant_with_subscription().await;
    let other = world.subscription(&tenant).await;
    let first = world.accept_one(&tenant, &one).await;
    let created_at = world.now();
    accept_many(&mut world, &tenant, &one, 2).await;
    let due = world.now().after(Duration::from_secs(9));
    world.record(&first, Next::Queued { due, tries: 1 }).await;
    let last = world.accept_one(&tenant, &other).await;
    let backlog = world.store.backlog().await.unwrap();
    assert_eq!(backlog, Backlog { waiting: 4, oldest: Some(created_at) }, "age counts from the creation");
    world.set_active(&one, false).await;
    let backlog = world.store.backlog().await.unwrap();
    assert_eq!(backlog, Backlog { waiting: 1, oldest: Some(last.due) }, "paused ones are cancelled");
    world.delete_tenant(&tenant).await;
    assert_eq!(world.store.backlog().await.unwrap(), Backlog::default());
}

/// Accepts events for one subscription in commits of their own.
async fn accept_many(
    world: &mut World,
    tenant: &Tenant,
    subscription: &Subscription,
    count: usize,
) -> Vec<QueuedDelivery> {
    let mut queued = Vec::new();
    for _ in 0..count {
        queued.push(world.accept_one(tenant, subscription).await);
    }
    queued
}

fn ids(refilled: &Refilled) -> Vec<DeliveryId> {
    refilled.deliveries.iter().map(|delivery| delivery.id).collect()
}
