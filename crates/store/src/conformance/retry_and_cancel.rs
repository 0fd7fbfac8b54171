//! Sending a finished delivery again, and calling a waiting one off.

use std::{sync::Arc, time::Duration};

use postroad_domain::{Reason, Status, delivery::Delivery};

use super::World;
use crate::{
    CancelDelivery, CancelDeliveryError, LaneKey, Next, OutcomeResult, QueuedDelivery, RetryDelivery,
    RetryDeliveryError, Store,
};

pub async fn a_finished_delivery_goes_to_the_tail_of_its_lane(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    for next in [Next::Succeeded, Next::Failed(Reason::Exhausted)] {
        let queued = world.accept_one(&tenant, &subscription).await;
        world.record(&queued, next).await;
        let ahead = world.accept_one(&tenant, &subscription).await;
        let written = retry(&mut world, &queued).await.unwrap();
        assert_eq!(written, world.look(&queued).await, "it is answered as it was written");
        let delivery = world.look(&queued).await;
        assert_eq!((delivery.status, delivery.reason), (Status::Queued, None));
        assert_eq!((delivery.due_at, delivery.finished_at), (Some(world.now()), None));
        let waiting: Vec<_> =
            world.refill(&subscription).await.deliveries.iter().map(|delivery| delivery.id).collect();
        assert_eq!(waiting, [ahead.id, queued.id]);
        for delivery in world.refill(&subscription).await.deliveries {
            world.record(&delivery, Next::Succeeded).await;
        }
    }
}

pub async fn a_retry_begins_a_new_pass_and_goes_on_counting_attempts(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    let due = world.now();
    world.record(&queued, Next::Queued { due, tries: 1 }).await;
    let second = world.refill(&subscription).await.deliveries.remove(0);
    world.record(&second, Next::Failed(Reason::Exhausted)).await;
    let at = world.tick();
    let expires_at = at.after(Duration::from_secs(77));
    let retry = RetryDelivery { audit: None, tenant_no: tenant.no, id: queued.id, at, expires_at };
    world.store.retry_delivery(retry).await.unwrap();
    let waiting = world.refill(&subscription).await.deliveries.remove(0);
    assert_eq!((waiting.tries, waiting.attempts), (0, 2));
    assert_eq!((waiting.due, waiting.expires_at), (at, expires_at));
    assert_eq!(world.record(&waiting, Next::Succeeded).await, OutcomeResult::Applied);
    let attempts = world.store.attempts(tenant.no, queued.id).await.unwrap();
    assert_eq!(attempts.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(world.look(&queued).await.attempts, 3);
}

pub async fn a_delivery_that_waits_is_sent_now_and_keeps_its_schedule(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    let as_it_was = retry(&mut world, &queued).await.unwrap();
    assert_eq!(as_it_was.due_at, Some(queued.due), "it is due already");
    let later = world.now().after(Duration::from_secs(600));
    world.record(&queued, Next::Queued { due: later, tries: 1 }).await;
    assert!(world.refill(&subscription).await.deliveries.is_empty());
    let retried = retry(&mut world, &queued).await.unwrap();
    assert_eq!((retried.status, retried.due_at), (Status::Queued, Some(world.now())));
    let waiting = world.refill(&subscription).await.deliveries.remove(0);
    assert_eq!((waiting.due, waiting.tries, waiting.attempts), (world.now(), 1, 1));
    assert_eq!(waiting.expires_at, queued.expires_at);
    assert_eq!(world.record(&waiting, Next::Succeeded).await, OutcomeResult::Applied);
}

pub async fn the_head_of_an_ordered_lane_is_sent_now_in_its_place(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let head = world.accept_one(&tenant, &subscription).await;
    let second = world.accept_one(&tenant, &subscription).await;
    let not_before = world.now().after(Duration::from_secs(600));
    world.record(&head, Next::InPlace { not_before, tries: 1 }).await;
    let retried = retry(&mut world, &head).await.unwrap();
    assert_eq!(retried.due_at, Some(head.due));
    let waiting = world.refill(&subscription).await.deliveries;
    assert_eq!(waiting.iter().map(|delivery| delivery.id).collect::<Vec<_>>(), [head.id, second.id]);
    assert_eq!((waiting[0].not_before, waiting[0].tries), (None, 1));
}

pub async fn a_delivery_to_an_inactive_subscription_is_not_retried(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let [paused, gone, deleted] = [
        world.subscription(&tenant).await,
        world.subscription(&tenant).await,
        world.subscription(&tenant).await,
    ];
    let mut ended = Vec::new();
    for subscription in [&paused, &gone, &deleted] {
        let queued = world.accept_one(&tenant, subscription).await;
        world.record(&queued, Next::Failed(Reason::Exhausted)).await;
        ended.push(queued);
    }
    world.set_active(&paused, false).await;
    world.deactivate(&gone).await;
    world.delete(&deleted).await;
    for queued in &ended {
        let refused = retry(&mut world, queued).await.unwrap_err();
        assert!(matches!(refused, RetryDeliveryError::Inactive), "{refused:?}");
        assert_eq!(world.look(queued).await.status, Status::Failed);
    }
}

pub async fn a_cancel_takes_the_delivery_out_of_its_lane(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    let other = world.accept_one(&tenant, &subscription).await;
    assert_eq!(cancel(&mut world, &queued).await.unwrap(), queued.lane);
    let delivery = world.look(&queued).await;
    assert_eq!((delivery.status, delivery.reason), (Status::Cancelled, Some(Reason::Operator)));
    assert_eq!((delivery.finished_at, delivery.due_at), (Some(world.now()), None));
    let refilled = world.refill(&subscription).await;
    assert_eq!(refilled.deliveries.len(), 1);
    assert_eq!(refilled.deliveries[0].id, other.id);
}

pub async fn a_finished_delivery_is_not_cancelled(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    world.record(&queued, Next::Succeeded).await;
    let refused = cancel(&mut world, &queued).await.unwrap_err();
    assert!(matches!(refused, CancelDeliveryError::Finished), "{refused:?}");
    assert_eq!(world.look(&queued).await.status, Status::Succeeded);
}

pub async fn a_held_delivery_is_cancelled_like_any_other(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    world.deactivate(&subscription).await;
    cancel(&mut world, &queued).await.unwrap();
    world.set_active(&subscription, true).await;
    assert!(world.refill(&subscription).await.deliveries.is_empty());
    assert_eq!(world.look(&queued).await.reason, Some(Reason::Operator));
}

pub async fn a_delivery_can_be_cancelled_and_retried_again_and_again(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    for _ in 0..3 {
        cancel(&mut world, &queued).await.unwrap();
        assert!(world.refill(&subscription).await.deliveries.is_empty());
        retry(&mut world, &queued).await.unwrap();
        assert_eq!(world.refill(&subscription).await.deliveries.len(), 1);
    }
}

pub async fn what_is_not_there_is_neither_retried_nor_cancelled(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    let unknown = QueuedDelivery { id: world.id(), ..queued.clone() };
    world.delete_tenant(&tenant).await;
    for missing in [&unknown, &queued] {
        let refused = retry(&mut world, missing).await.unwrap_err();
        assert!(matches!(refused, RetryDeliveryError::NotFound), "{refused:?}");
        let refused = cancel(&mut world, missing).await.unwrap_err();
        assert!(matches!(refused, CancelDeliveryError::NotFound), "{refused:?}");
    }
}

pub(super) async fn retry(
    world: &mut World,
    queued: &QueuedDelivery,
) -> Result<Delivery, RetryDeliveryError> {
    let at = world.tick();
    let (tenant_no, id, expires_at) = (queued.lane.tenant_no, queued.id, queued.expires_at);
    world.store.retry_delivery(RetryDelivery { audit: None, tenant_no, id, at, expires_at }).await
}

pub(super) async fn cancel(
    world: &mut World,
    queued: &QueuedDelivery,
) -> Result<LaneKey, CancelDeliveryError> {
    let at = world.tick();
    world
        .store
        .cancel_delivery(CancelDelivery { audit: None, tenant_no: queued.lane.tenant_no, id: queued.id, at })
        .await
}
