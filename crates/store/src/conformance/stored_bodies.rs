//! Stored bodies: what the first attempt of a delivery sent and later ones send again.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use postroad_domain::{EndpointUrl, Reason, Status, delivery::StoredBody};

use super::world::{World, lane_of, outcome, refill_of};
use crate::{
    BacklogBudget, CancelDelivery, Next, Outcome, OutcomeResult, QueuedDelivery, Refill, RetryDelivery, Store,
};

fn body(text: &str) -> Arc<StoredBody> {
    let url = EndpointUrl::parse("https://example.com/elsewhere?a=%2F").unwrap();
    Arc::new(StoredBody {
        method: Some("PUT".to_owned()),
        url: Some(url),
        body: Bytes::copy_from_slice(text.as_bytes()),
    })
}

fn plain(text: &str) -> Arc<StoredBody> {
    Arc::new(StoredBody { method: None, url: None, body: Bytes::copy_from_slice(text.as_bytes()) })
}

async fn record(world: &mut World, of: &QueuedDelivery, next: Next, body: &Arc<StoredBody>) -> OutcomeResult {
    let outcome = Outcome { body: Some(Arc::clone(body)), ..world.outcome(of, next) };
    world.commit_outcome(outcome).await
}

async fn stored(world: &World, of: &QueuedDelivery) -> Option<Arc<StoredBody>> {
    world.store.stored_body(of.lane.tenant_no, of.id).await.unwrap()
}

pub async fn what_the_first_attempt_sent_is_kept_for_the_next_one(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    for body in [body("{\"x\": 1.00}"), plain("")] {
        let queued = world.accept_one(&tenant, &subscription).await;
        assert_eq!((&queued.body, stored(&world, &queued).await), (&None, None));
        let due = world.now();
        let result = record(&mut world, &queued, Next::Queued { due, tries: 1 }, &body).await;
        assert_eq!(result, OutcomeResult::Applied);
        let again = world.refill(&subscription).await.deliveries.remove(0);
        assert_eq!((again.id, again.attempts, &again.body), (queued.id, 1, &Some(Arc::clone(&body))));
        assert_eq!(stored(&world, &queued).await, Some(body));
        assert_eq!(world.record(&again, Next::Succeeded).await, OutcomeResult::Applied);
        assert_eq!(world.look(&queued).await.attempts, 2);
    }
}

pub async fn what_is_kept_is_not_replaced(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    let due = world.now();
    record(&mut world, &queued, Next::InPlace { not_before: due, tries: 1 }, &body("first")).await;
    let again = world.refill(&subscription).await.deliveries.remove(0);
    record(&mut world, &again, Next::Failed(Reason::Exhausted), &plain("second")).await;
    assert_eq!(stored(&world, &queued).await, Some(body("first")));
    assert_eq!(world.look(&queued).await.attempts, 2);
}

pub async fn what_succeeded_at_once_is_kept_for_the_log_and_for_a_retry(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    record(&mut world, &queued, Next::Succeeded, &body("sent")).await;
    assert_eq!(stored(&world, &queued).await, Some(body("sent")));
    let (at, expires_at) = (world.tick(), queued.expires_at);
    let retry = RetryDelivery { audit: None, tenant_no: tenant.no, id: queued.id, at, expires_at };
    world.store.retry_delivery(retry).await.unwrap();
    let again = world.refill(&subscription).await.deliveries.remove(0);
    assert_eq!((again.attempts, again.body), (1, Some(body("sent"))));
}

pub async fn an_attempt_that_was_under_way_leaves_its_body_in_the_log(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    let cancel = CancelDelivery { audit: None, tenant_no: tenant.no, id: queued.id, at: world.tick() };
    world.store.cancel_delivery(cancel).await.unwrap();
    let result = record(&mut world, &queued, Next::Succeeded, &body("sent")).await;
    assert_eq!(result, OutcomeResult::NotWaiting);
    assert_eq!(stored(&world, &queued).await, Some(body("sent")));
    assert_eq!(world.look(&queued).await.status, Status::Succeeded);
}

pub async fn a_stored_body_counts_in_a_refill_and_in_the_budget_of_its_lane(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    for _ in 0..2 {
        let queued = world.accept_one(&tenant, &subscription).await;
        let due = world.now();
        record(&mut world, &queued, Next::Queued { due, tries: 1 }, &plain("0123456789")).await;
    }
    for (bytes_max, expected) in [(23, 1), (24, 2)] {
        let refill = Refill { bytes_max, ..refill_of(lane_of(&subscription), world.now()) };
        assert_eq!(world.store.refill(refill).await.unwrap().deliveries.len(), expected);
    }
    let budget = BacklogBudget { deliveries: 10, bytes: 24 };
    assert_eq!(world.sweep_within(budget, 100).await.overflowed, 0);
    assert_eq!(world.sweep_within(BacklogBudget { bytes: 23, ..budget }, 100).await.overflowed, 1);
}

pub async fn a_stored_body_goes_with_its_delivery(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let old = world.accept_one(&tenant, &subscription).await;
    record(&mut world, &old, Next::Succeeded, &body("old")).await;
    world.advance(Duration::from_secs(600));
    let young = world.accept_one(&tenant, &subscription).await;
    record(&mut world, &young, Next::Succeeded, &body("young")).await;
    assert_eq!(world.prune_all(Duration::from_secs(300), 100).await.events, 1);
    assert_eq!((stored(&world, &old).await, stored(&world, &young).await), (None, Some(body("young"))));
    // An outcome of what is gone leaves nothing behind.
    record(&mut world, &old, Next::Succeeded, &body("late")).await;
    assert_eq!(stored(&world, &old).await, None);
    world.delete_tenant(&tenant).await;
    assert_eq!(stored(&world, &young).await, None);
    world.sweep_all(3).await;
    assert_ne!(world.commit_outcome(outcome(&young, None, Next::Succeeded)).await, OutcomeResult::Applied);
    assert_eq!(stored(&world, &young).await, None);
}
