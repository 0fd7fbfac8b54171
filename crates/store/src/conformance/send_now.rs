//! Sending now what waits for its time.

use std::{sync::Arc, time::Duration};

use postroad_domain::{DeliveryId, Reason, Status, Subscription, Tenant};

use super::{
    groups::grouped,
    world::{World, accepted, lane_of, refill_of},
};
use crate::{
    GroupKey, GroupTarget, Next, OutcomeResult, QueuedDelivery, SendNow, SendNowError, SentNow, SentNowPlace,
    Store,
};

const DELAY: Duration = Duration::from_secs(600);

async fn step(
    world: &mut World,
    to: &Subscription,
    after: Option<SentNowPlace>,
    limit: usize,
) -> Result<SentNow, SendNowError> {
    let (tenant_no, subscription, at) = (to.tenant_no, to.id, world.now());
    world.store.send_now(SendNow { tenant_no, subscription, at, after, limit, audit: None }).await
}

/// Sends now what waits, in one step; answers how much was not due before.
async fn send_now(world: &mut World, to: &Subscription) -> u64 {
    world.tick();
    let sent = step(world, to, None, 1_000).await.unwrap();
    assert_eq!(sent.next, None);
    sent.count
}

/// A delivery that is due in a while.
async fn delayed(world: &mut World, tenant: &Tenant, to: &Subscription, delay: Duration) -> QueuedDelivery {
    let mut event = world.event(tenant, &[to]).await;
    event.deliveries[0].target.due = world.now().after(delay);
    world.commit_event(event).await.remove(0)
}

async fn due(world: &mut World, of: &Subscription) -> Vec<DeliveryId> {
    // Deliveries that were sent now are microseconds apart.
    world.advance(Duration::from_millis(1));
    world.refill(of).await.deliveries.iter().map(|delivery| delivery.id).collect()
}

pub async fn what_waits_is_due_at_once_in_its_order(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let other = world.subscription(&tenant).await;
    let last = delayed(&mut world, &tenant, &subscription, 3 * DELAY).await;
    let first = delayed(&mut world, &tenant, &subscription, DELAY).await;
    let not_asked_for = delayed(&mut world, &tenant, &other, DELAY).await;
    let now = world.accept_one(&tenant, &subscription).await;
    assert_eq!(send_now(&mut world, &subscription).await, 2);
    assert_eq!(due(&mut world, &subscription).await, [now.id, first.id, last.id]);
    assert!(due(&mut world, &other).await.is_empty());
    assert_eq!(world.look(&not_asked_for).await.due_at, Some(not_asked_for.due));
    assert_eq!(send_now(&mut world, &subscription).await, 0, "all of it is due");
}

pub async fn a_lane_is_made_due_in_steps(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut waiting = Vec::new();
    for number in 0..7 {
        waiting.push(delayed(&mut world, &tenant, &subscription, DELAY * (7 - number)).await);
    }
    let late = delayed(&mut world, &tenant, &subscription, DELAY).await;
    world.tick();
    let (mut after, mut counts) = (None, Vec::new());
    loop {
        let sent = step(&mut world, &subscription, after, 3).await.unwrap();
        counts.push(sent.count);
        after = sent.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(counts, [3, 3, 2]);
    let mut expected: Vec<_> = waiting.iter().rev().map(|delivery| delivery.id).collect();
    expected.insert(1, late.id);
    assert_eq!(due(&mut world, &subscription).await, expected);
}

pub async fn the_head_that_pauses_in_its_place_is_tried_at_once(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let head = world.accept_one(&tenant, &subscription).await;
    let second = world.accept_one(&tenant, &subscription).await;
    let not_before = world.now().after(DELAY);
    world.record(&head, Next::InPlace { not_before, tries: 1 }).await;
    assert_eq!(send_now(&mut world, &subscription).await, 1);
    let waiting = world.refill(&subscription).await.deliveries;
    assert_eq!(waiting.iter().map(|delivery| delivery.id).collect::<Vec<_>>(), [head.id, second.id]);
    assert_eq!((waiting[0].not_before, waiting[0].tries), (None, 1));
}

pub async fn what_was_sent_now_ends_as_any_other(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let failed = world.accept_one(&tenant, &subscription).await;
    let next = Next::Queued { due: world.now().after(DELAY), tries: 2 };
    world.record(&failed, next).await;
    let old_place = QueuedDelivery { due: world.now().after(DELAY), ..failed.clone() };
    assert_eq!(send_now(&mut world, &subscription).await, 1);
    world.advance(Duration::from_millis(1));
    let waiting = world.refill(&subscription).await.deliveries.remove(0);
    assert_eq!((waiting.id, waiting.tries, waiting.attempts), (failed.id, 2, 1));
    assert_eq!(world.record(&old_place, Next::Succeeded).await, OutcomeResult::NotWaiting);
    assert_eq!(world.record(&waiting, Next::Succeeded).await, OutcomeResult::Applied);
    assert!(due(&mut world, &subscription).await.is_empty());
}

pub async fn an_open_group_is_closed_and_sent(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let (key, window_ms) = (GroupKey([7; 16]), 600_000);
    let group = GroupTarget { key, window_ms, is_aligned: false, events_max: 100, bytes_max: 1_000 };
    let mut events = Vec::new();
    for _ in 0..2 {
        events.push(grouped(&mut world, &tenant, &subscription, group).await);
    }
    let opened = accepted(world.commit_events(events).await.remove(0)).remove(0);
    assert_eq!(send_now(&mut world, &subscription).await, 1);
    let event = grouped(&mut world, &tenant, &subscription, group).await;
    let next = world.commit_event(event).await.remove(0);
    assert!(next.due > world.now(), "the next event opens a group");
    let waiting = world.refill(&subscription).await.deliveries;
    assert_eq!((waiting.len(), waiting[0].id), (1, opened.id));
    assert_eq!(waiting[0].group.map(|group| group.events.get()), Some(2));
}

/// It was read just before somebody sent it now, and its attempt was made; it is not to be made again.
pub async fn an_outcome_counts_though_its_delivery_was_made_due_meanwhile(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let later = world.now().after(2 * DELAY);
    let all = [
        (Next::Succeeded, Status::Succeeded),
        (Next::Failed(Reason::Exhausted), Status::Failed),
        (Next::InPlace { not_before: later, tries: 1 }, Status::Queued),
    ];
    for (next, status) in all {
        let queued = delayed(&mut world, &tenant, &subscription, DELAY).await;
        let refill = refill_of(lane_of(&subscription), queued.due);
        let read = world.store.refill(refill).await.unwrap().deliveries.remove(0);
        assert_eq!(send_now(&mut world, &subscription).await, 1);
        assert_eq!(world.record(&read, next).await, OutcomeResult::Applied);
        let delivery = world.look(&read).await;
        assert_eq!((delivery.status, delivery.attempts), (status, 1), "{next:?}");
        let waiting = world.store.backlog().await.unwrap().waiting;
        assert_eq!(waiting, u64::from(status == Status::Queued));
    }
}

pub async fn an_inactive_subscription_sends_nothing_now(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let held = delayed(&mut world, &tenant, &subscription, DELAY).await;
    world.deactivate(&subscription).await;
    let refused = step(&mut world, &subscription, None, 10).await.unwrap_err();
    assert!(matches!(refused, SendNowError::Inactive), "{refused:?}");
    assert_eq!(world.look(&held).await.due_at, Some(held.due));
    world.set_active(&subscription, false).await;
    let refused = step(&mut world, &subscription, None, 10).await.unwrap_err();
    assert!(matches!(refused, SendNowError::Inactive), "{refused:?}");
    world.delete(&subscription).await;
    let refused = step(&mut world, &subscription, None, 10).await.unwrap_err();
    assert!(matches!(refused, SendNowError::NotFound), "{refused:?}");
}
