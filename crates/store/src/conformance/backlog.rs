//! The budget of what waits in a lane: beyond it the oldest fail, and nobody else's.

use std::{sync::Arc, time::Duration};

use postroad_domain::{Reason, Status};

use super::{World, world::lane_of};
use crate::{BacklogBudget, Change, ChangeKinds, Next, OutcomeResult, RetryDelivery, Store};

pub async fn of_a_lane_beyond_its_deliveries_the_oldest_fail(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let neighbour = world.subscription(&tenant).await;
    let mut queued = Vec::new();
    for _ in 0..6 {
        queued.push(world.accept_one(&tenant, &subscription).await);
        world.accept_one(&tenant, &neighbour).await;
    }
    // The oldest are due last.
    for (index, delivery) in queued.iter().enumerate().take(4) {
        let due = world.now().after(Duration::from_secs(100 - index as u64));
        world.record(delivery, Next::Queued { due, tries: 1 }).await;
    }
    let budget = BacklogBudget { deliveries: 4, bytes: u64::MAX };
    assert_eq!(world.sweep_within(BacklogBudget { deliveries: 6, ..budget }, 10).await.overflowed, 0);
    let swept = world.sweep_within(budget, 1).await;
    assert_eq!(swept.overflowed, 4, "two of each lane");
    for delivery in &queued[..2] {
        let delivery = world.look(delivery).await;
        assert_eq!((delivery.status, delivery.reason), (Status::Failed, Some(Reason::BacklogFull)));
        assert!(delivery.finished_at.is_some() && delivery.due_at.is_none());
    }
    for delivery in &queued[2..] {
        assert_eq!(world.look(delivery).await.status, Status::Queued);
    }
    assert_eq!(world.store.backlog().await.unwrap().waiting, 8);
    assert_eq!(world.sweep_within(budget, 10).await.overflowed, 0);
    let (id, expires_at) = (queued[0].id, queued[0].expires_at);
    let retry = RetryDelivery { audit: None, tenant_no: tenant.no, id, at: world.tick(), expires_at };
    world.store.retry_delivery(retry).await.unwrap();
    assert_eq!(world.look(&queued[0]).await.status, Status::Queued, "it can be sent again");
}

pub async fn of_a_lane_beyond_its_bytes_the_oldest_fail(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut queued = Vec::new();
    for length in [400, 100, 100, 100] {
        let mut event = world.event(&tenant, &[&subscription]).await;
        event.data = vec![b'1'; length].into();
        queued.push(world.commit_event(event).await.remove(0));
    }
    let budget = BacklogBudget { deliveries: u64::MAX, bytes: 300 };
    assert_eq!(world.sweep_within(budget, 10).await.overflowed, 1);
    assert_eq!(world.look(&queued[0]).await.reason, Some(Reason::BacklogFull));
    assert_eq!(world.refill(&subscription).await.deliveries.len(), 3);
}

pub async fn what_has_ended_or_was_called_off_takes_nothing_of_the_budget(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut called_off = Vec::new();
    for _ in 0..4 {
        called_off.push(world.accept_one(&tenant, &subscription).await);
    }
    world.set_active(&subscription, false).await;
    world.set_active(&subscription, true).await;
    for next in [Next::Succeeded, Next::Failed(Reason::Exhausted)] {
        let ended = world.accept_one(&tenant, &subscription).await;
        world.record(&ended, next).await;
    }
    let waiting = world.accept_one(&tenant, &subscription).await;
    let budget = BacklogBudget { deliveries: 1, bytes: u64::MAX };
    assert_eq!(world.sweep_within(budget, 10).await.overflowed, 0);
    assert_eq!(world.look(&waiting).await.status, Status::Queued);
    assert_eq!(world.look(&called_off[0]).await.reason, Some(Reason::Paused));
}

/// Memory sends what it holds: whoever holds what was failed must hear of it, and what had been sent counts.
pub async fn what_is_failed_as_too_much_is_announced_and_a_success_that_was_under_way_counts(
    store: Arc<dyn Store>,
) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut queued = Vec::new();
    for _ in 0..3 {
        queued.push(world.accept_one(&tenant, &subscription).await);
    }
    let changes = world.store.changes(ChangeKinds::LANES);
    let budget = BacklogBudget { deliveries: 1, bytes: u64::MAX };
    assert_eq!(world.sweep_within(budget, 10).await.overflowed, 2);
    let mut highest = None;
    changes.catch_up(|change| {
        let Change::Overflowed(lane, handle) = change else { panic!("{change:?}") };
        assert_eq!(lane, lane_of(&subscription));
        highest = highest.max(Some(handle));
    });
    assert!(highest >= Some(queued[1].handle));
    assert_eq!(world.record(&queued[0], Next::Succeeded).await, OutcomeResult::NotWaiting);
    let delivery = world.look(&queued[0]).await;
    assert_eq!((delivery.status, delivery.reason, delivery.attempts), (Status::Succeeded, None, 1));
}
