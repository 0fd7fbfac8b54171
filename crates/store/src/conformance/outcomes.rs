//! What becomes of a delivery after an attempt.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use postroad_domain::{ErrorClass, Reason, Status, attempt::Answer};

use super::{World, world::outcome};
use crate::{CancelDelivery, Next, OutcomeResult, RetryDelivery, Store};

const SUCCEEDED: Next = Next::Succeeded;
const EXHAUSTED: Next = Next::Failed(Reason::Exhausted);

pub async fn a_success_ends_the_delivery(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    assert_eq!(world.record(&queued, SUCCEEDED).await, OutcomeResult::Applied);
    let delivery = world.look(&queued).await;
    assert_eq!((delivery.status, delivery.reason), (Status::Succeeded, None));
    assert_eq!((delivery.attempts, delivery.due_at), (1, None));
    assert_eq!(delivery.finished_at, Some(world.now()));
    assert!(world.refill(&subscription).await.deliveries.is_empty());
}

pub async fn a_failure_ends_the_delivery_with_its_reason(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    for reason in Reason::ALL {
        let queued = world.accept_one(&tenant, &subscription).await;
        assert_eq!(world.record(&queued, Next::Failed(reason)).await, OutcomeResult::Applied);
        let delivery = world.look(&queued).await;
        assert_eq!((delivery.status, delivery.reason), (Status::Failed, Some(reason)));
        assert_eq!((delivery.finished_at, delivery.due_at), (Some(world.now()), None));
    }
    assert_eq!(world.refill(&subscription).await.next_due, None);
}

pub async fn a_postponed_delivery_waits_at_its_new_due_time(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    let due = world.now().after(Duration::from_secs(5));
    assert_eq!(world.record(&queued, Next::Queued { due, tries: 1 }).await, OutcomeResult::Applied);
    let delivery = world.look(&queued).await;
    assert_eq!((delivery.status, delivery.due_at), (Status::Queued, Some(due)));
    assert_eq!((delivery.attempts, delivery.finished_at), (1, None));
    let early = world.refill(&subscription).await;
    assert!(early.deliveries.is_empty());
    assert_eq!(early.next_due, Some(due));
    world.advance(Duration::from_secs(6));
    let waiting = world.refill(&subscription).await.deliveries.remove(0);
    assert_eq!((waiting.id, waiting.due), (queued.id, due));
    assert_eq!((waiting.tries, waiting.attempts), (1, 1));
    assert_eq!(waiting.expires_at, queued.expires_at);
    assert_eq!(world.record(&waiting, SUCCEEDED).await, OutcomeResult::Applied);
    assert_eq!(world.look(&queued).await.attempts, 2);
}

pub async fn attempts_are_logged_in_order_with_all_that_they_hold(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut queued = world.accept_one(&tenant, &subscription).await;
    let mut made = Vec::new();
    for class in ErrorClass::ALL {
        let mut failed = world.outcome(&queued, Next::Queued { due: world.now(), tries: queued.tries + 1 });
        if let Some(attempt) = &mut failed.attempt {
            attempt.answer = Answer::Error { class, message: format!("größer: {}", class.as_str()) };
        }
        made.extend(failed.attempt.clone());
        world.commit_outcome(failed).await;
        queued = world.refill(&subscription).await.deliveries.remove(0);
    }
    let mut answered = world.outcome(&queued, SUCCEEDED);
    if let Some(attempt) = &mut answered.attempt
        && let Answer::Response(response) = &mut attempt.answer
    {
        response.body = Bytes::from_static(b"\x00\xff not text");
        response.truncated = true;
        response.headers.push("Server", "twice");
    }
    made.extend(answered.attempt.clone());
    world.commit_outcome(answered).await;
    assert_eq!(world.store.attempts(tenant.no, queued.id).await.unwrap(), made);
}

pub async fn an_end_without_an_attempt_logs_none(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    let expired = outcome(&queued, None, Next::Failed(Reason::Expired));
    assert_eq!(world.commit_outcome(expired).await, OutcomeResult::Applied);
    let delivery = world.look(&queued).await;
    assert_eq!((delivery.status, delivery.attempts), (Status::Failed, 0));
    assert!(world.store.attempts(tenant.no, queued.id).await.unwrap().is_empty());
}

pub async fn a_second_outcome_of_one_place_is_logged_and_its_success_counts(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    world.record(&queued, EXHAUSTED).await;
    let ended = world.look(&queued).await;
    let mut late = world.outcome(&queued, SUCCEEDED);
    if let Some(attempt) = &mut late.attempt {
        attempt.number = 2;
    }
    assert_eq!(world.commit_outcome(late).await, OutcomeResult::NotWaiting);
    let after = world.look(&queued).await;
    assert_eq!((after.status, after.reason), (Status::Succeeded, None), "it did arrive");
    assert_eq!(after.attempts, 2);
    assert!(after.finished_at > ended.finished_at);
    let numbers: Vec<_> = world.store.attempts(tenant.no, queued.id).await.unwrap();
    assert_eq!(numbers.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 2]);
}

pub async fn a_success_that_arrives_after_a_cancel_is_noted(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    let cancel = CancelDelivery { audit: None, tenant_no: tenant.no, id: queued.id, at: world.tick() };
    world.store.cancel_delivery(cancel).await.unwrap();
    assert_eq!(world.record(&queued, SUCCEEDED).await, OutcomeResult::NotWaiting);
    let delivery = world.look(&queued).await;
    assert_eq!((delivery.status, delivery.reason, delivery.attempts), (Status::Succeeded, None, 1));
    assert!(delivery.finished_at.is_some() && delivery.due_at.is_none());
}

pub async fn a_failure_that_arrives_after_a_cancel_is_only_logged(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let due = world.now();
    for next in [EXHAUSTED, Next::Queued { due, tries: 1 }] {
        let queued = world.accept_one(&tenant, &subscription).await;
        let at = world.tick();
        let cancel = CancelDelivery { audit: None, tenant_no: tenant.no, id: queued.id, at };
        world.store.cancel_delivery(cancel).await.unwrap();
        assert_eq!(world.record(&queued, next).await, OutcomeResult::NotWaiting);
        let delivery = world.look(&queued).await;
        assert_eq!((delivery.status, delivery.reason), (Status::Cancelled, Some(Reason::Operator)));
        assert_eq!((delivery.finished_at, delivery.attempts), (Some(at), 1));
    }
    assert_eq!(world.refill(&subscription).await.next_due, None, "nothing came back to the queue");
}

pub async fn an_outcome_of_an_earlier_pass_does_not_end_the_retried_delivery(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    let at = world.tick();
    let (tenant_no, id, expires_at) = (tenant.no, queued.id, queued.expires_at);
    world.store.cancel_delivery(CancelDelivery { audit: None, tenant_no, id, at }).await.unwrap();
    let at = world.tick();
    world.store.retry_delivery(RetryDelivery { audit: None, tenant_no, id, at, expires_at }).await.unwrap();
    for next in [EXHAUSTED, SUCCEEDED] {
        assert_eq!(world.record(&queued, next).await, OutcomeResult::NotWaiting);
        assert_eq!(world.look(&queued).await.status, Status::Queued);
    }
    assert_eq!(world.refill(&subscription).await.deliveries[0].due, at);
}

pub async fn outcomes_of_a_deleted_tenant_do_no_harm(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept(&tenant, &[&subscription]).await.remove(0);
    let other = world.tenant("other").await;
    let neighbour = world.subscription(&other).await;
    let living = world.accept_one(&other, &neighbour).await;
    world.delete_tenant(&tenant).await;
    // Once with its rows still there, once after they are erased.
    for next in [EXHAUSTED, SUCCEEDED] {
        let outcomes = vec![world.outcome(&queued, SUCCEEDED), world.outcome(&living, next)];
        let committed = world.commit(Vec::new(), outcomes, Vec::new()).await;
        assert_ne!(committed.outcomes[0], OutcomeResult::Applied);
        world.sweep_all(10).await;
    }
    let living = world.look(&living).await;
    assert_eq!(
        (living.status, living.attempts),
        (Status::Succeeded, 2),
        "each outcome of the neighbour was written"
    );
}

pub async fn results_stand_in_the_order_of_the_outcomes(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut outcomes = Vec::new();
    for round in 0..4 {
        let queued = world.accept_one(&tenant, &subscription).await;
        if round % 2 == 1 {
            world.record(&queued, EXHAUSTED).await;
        }
        outcomes.insert(0, world.outcome(&queued, SUCCEEDED));
    }
    let event = world.event(&tenant, &[&subscription]).await;
    let committed = world.commit(vec![event], outcomes, Vec::new()).await;
    assert_eq!(
        committed.outcomes,
        [
            OutcomeResult::NotWaiting,
            OutcomeResult::Applied,
            OutcomeResult::NotWaiting,
            OutcomeResult::Applied
        ]
    );
    assert_eq!(committed.events.len(), 1);
}
