//! Marks on subscriptions: pausing and deleting cancel what waits by one mark, whether rows say so yet or not.

use std::sync::Arc;

use postroad_domain::{Reason, Status, Timestamp, delivery::Delivery};

use super::World;
use crate::{
    CancelDelivery, CancelDeliveryError, Next, OutcomeResult, QueuedDelivery, RetryDelivery, Store,
    WaitingLanes,
};

pub async fn pausing_cancels_what_waits_as_of_its_commit(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    let ended = world.accept_one(&tenant, &subscription).await;
    world.record(&ended, Next::Succeeded).await;
    world.set_active(&subscription, false).await;
    assert_cancelled(&world.look(&queued).await, Reason::Paused, world.now());
    assert_eq!(world.look(&ended).await.status, Status::Succeeded, "what has ended stays as it is");
    assert_nothing_is_sent(&world, &subscription).await;
}

pub async fn deleting_a_subscription_cancels_what_waits_and_keeps_its_history(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    let due = world.now();
    world.record(&queued, Next::Queued { due, tries: 1 }).await;
    world.delete(&subscription).await;
    let deleted_at = world.now();
    assert_nothing_is_sent(&world, &subscription).await;
    // Once as the mark tells it, once as the rows do.
    for _ in 0..2 {
        let delivery = world.look(&queued).await;
        assert_cancelled(&delivery, Reason::Deleted, deleted_at);
        assert_eq!((delivery.subscription, delivery.attempts), (subscription.id, 1));
        assert_eq!(world.store.attempts(tenant.no, queued.id).await.unwrap().len(), 1);
        world.sweep_all(10).await;
    }
}

pub async fn activation_does_not_revive_what_was_cancelled(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let before = world.accept_one(&tenant, &subscription).await;
    world.set_active(&subscription, false).await;
    let paused_at = world.now();
    world.set_active(&subscription, true).await;
    assert_nothing_is_sent(&world, &subscription).await;
    let after = world.accept_one(&tenant, &subscription).await;
    for _ in 0..2 {
        assert_cancelled(&world.look(&before).await, Reason::Paused, paused_at);
        let refilled = world.refill(&subscription).await;
        assert_eq!(refilled.deliveries.len(), 1);
        assert_eq!(refilled.deliveries[0].id, after.id);
        world.sweep_all(10).await;
    }
}

pub async fn a_second_mark_leaves_what_the_first_one_said(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let first = world.accept_one(&tenant, &subscription).await;
    world.set_active(&subscription, false).await;
    let paused_at = world.now();
    world.set_active(&subscription, true).await;
    let second = world.accept_one(&tenant, &subscription).await;
    world.delete(&subscription).await;
    let deleted_at = world.now();
    for _ in 0..2 {
        assert_cancelled(&world.look(&first).await, Reason::Paused, paused_at);
        assert_cancelled(&world.look(&second).await, Reason::Deleted, deleted_at);
        world.sweep_all(10).await;
    }
}

pub async fn a_change_of_an_active_subscription_cancels_nothing(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    world.set_active(&subscription, true).await;
    world.change(&subscription, crate::SubscriptionChange::Secrets(Vec::new())).await;
    assert_eq!(world.look(&queued).await.status, Status::Queued);
    assert_eq!(world.refill(&subscription).await.deliveries.len(), 1);
    assert_eq!(world.look(&queued).await.subscription_version, subscription.version);
}

pub async fn the_sweep_makes_marks_real_in_steps_and_changes_no_answer(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let other = world.subscription(&tenant).await;
    let mut marked = Vec::new();
    for _ in 0..5 {
        marked.push(world.accept_one(&tenant, &subscription).await);
    }
    let neighbour = world.accept_one(&tenant, &other).await;
    world.set_active(&subscription, false).await;
    let paused_at = world.now();
    world.set_active(&subscription, true).await;
    let after = world.accept_one(&tenant, &subscription).await;
    let swept = world.sweep_all(2).await;
    assert_eq!((swept.cancelled, swept.expired, swept.erased), (5, 0, 0));
    for queued in &marked {
        assert_cancelled(&world.look(queued).await, Reason::Paused, paused_at);
    }
    assert_eq!(world.look(&neighbour).await.status, Status::Queued);
    assert_eq!(world.look(&after).await.status, Status::Queued);
    let swept = world.sweep_all(2).await;
    assert_eq!((swept.cancelled, swept.expired, swept.erased), (0, 0, 0), "nothing is left to do");
}

pub async fn a_success_under_a_mark_did_arrive(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    for sweeps in [false, true] {
        let (tenant, subscription) = world.tenant_with_subscription().await;
        let queued = world.accept_one(&tenant, &subscription).await;
        world.set_active(&subscription, false).await;
        if sweeps {
            world.sweep_all(10).await;
        }
        assert_eq!(world.record(&queued, Next::Succeeded).await, OutcomeResult::NotWaiting);
        world.sweep_all(10).await;
        let delivery = world.look(&queued).await;
        assert_eq!((delivery.status, delivery.reason, delivery.attempts), (Status::Succeeded, None, 1));
    }
}

pub async fn a_failure_under_a_mark_leaves_it_cancelled(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let one = world.accept_one(&tenant, &subscription).await;
    let other = world.accept_one(&tenant, &subscription).await;
    world.delete(&subscription).await;
    let deleted_at = world.now();
    let due = deleted_at;
    assert_eq!(world.record(&one, Next::Failed(Reason::Exhausted)).await, OutcomeResult::NotWaiting);
    assert_eq!(world.record(&other, Next::Queued { due, tries: 1 }).await, OutcomeResult::NotWaiting);
    for _ in 0..2 {
        for queued in [&one, &other] {
            let delivery = world.look(queued).await;
            assert_cancelled(&delivery, Reason::Deleted, deleted_at);
            assert_eq!(delivery.attempts, 1, "the attempt is logged all the same");
        }
        assert_nothing_is_sent(&world, &subscription).await;
        world.sweep_all(10).await;
    }
}

pub async fn a_delivery_under_a_mark_is_retried_like_any_cancelled_one(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    let other = world.accept_one(&tenant, &subscription).await;
    world.set_active(&subscription, false).await;
    world.set_active(&subscription, true).await;
    retry(&mut world, &queued).await;
    let retried_at = world.now();
    for _ in 0..2 {
        let delivery = world.look(&queued).await;
        assert_eq!((delivery.status, delivery.reason), (Status::Queued, None));
        assert_eq!((delivery.due_at, delivery.finished_at), (Some(retried_at), None));
        let refilled = world.refill(&subscription).await;
        assert_eq!(refilled.deliveries.len(), 1, "the mark does not reach what was retried after it");
        assert_eq!((refilled.deliveries[0].id, refilled.deliveries[0].due), (queued.id, retried_at));
        assert_eq!(world.look(&other).await.status, Status::Cancelled);
        world.sweep_all(10).await;
    }
    world.set_active(&subscription, false).await;
    assert_cancelled(&world.look(&queued).await, Reason::Paused, world.now());
}

pub async fn a_delivery_under_a_mark_cannot_be_cancelled_again(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    world.set_active(&subscription, false).await;
    let paused_at = world.now();
    let cancel = CancelDelivery { audit: None, tenant_no: tenant.no, id: queued.id, at: world.tick() };
    let refused = world.store.cancel_delivery(cancel).await.unwrap_err();
    assert!(matches!(refused, CancelDeliveryError::Finished), "{refused:?}");
    assert_cancelled(&world.look(&queued).await, Reason::Paused, paused_at);
}

pub async fn a_deleted_tenants_rows_are_erased_in_steps(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    for _ in 0..5 {
        let queued = world.accept_one(&tenant, &subscription).await;
        world.record(&queued, Next::Queued { due: queued.due, tries: 1 }).await;
    }
    world.delete_tenant(&tenant).await;
    let again = world.tenant("acme").await;
    let neighbour = world.subscription(&again).await;
    let living = world.accept_one(&again, &neighbour).await;
    let swept = world.sweep_all(3).await;
    assert!(swept.erased >= 10, "five events and five deliveries at least: {swept:?}");
    assert_eq!(world.sweep_all(3).await.erased, 0);
    assert_eq!(world.look(&living).await.status, Status::Queued);
    assert_eq!(world.refill(&neighbour).await.deliveries.len(), 1);
}

/// Neither the lane itself nor the list of lanes hands anything out.
async fn assert_nothing_is_sent(world: &World, subscription: &postroad_domain::Subscription) {
    let refilled = world.refill(subscription).await;
    assert!(refilled.deliveries.is_empty());
    assert_eq!(refilled.next_due, None);
    let all = WaitingLanes { after: None, limit: 10 };
    assert!(world.store.waiting_lanes(all).await.unwrap().is_empty());
}

fn assert_cancelled(delivery: &Delivery, reason: Reason, at: Timestamp) {
    assert_eq!((delivery.status, delivery.reason), (Status::Cancelled, Some(reason)));
    assert_eq!((delivery.finished_at, delivery.due_at), (Some(at), None));
}

async fn retry(world: &mut World, queued: &QueuedDelivery) {
    let at = world.tick();
    let retry = RetryDelivery {
        audit: None,
        tenant_no: queued.lane.tenant_no,
        id: queued.id,
        at,
        expires_at: queued.expires_at,
    };
    assert_eq!(world.store.retry_delivery(retry).await.unwrap().status, Status::Queued);
}
