//! Forgetting: the oldest events go with all that belongs to them; what still waits stays until it is over.

use std::{sync::Arc, time::Duration};

use postroad_domain::{EventId, Reason, Status, Tenant};

use super::{World, world::prune_nothing};
use crate::{
    AcceptResult, DeliveryFilter, EventFilter, Idempotency, ListDeliveries, ListEvents, Next, Prune,
    QueuedDelivery, RetryDelivery, RetryDeliveryError, Store,
};

/// How long events are kept here.
const AGE: Duration = Duration::from_secs(600);

pub async fn an_old_event_goes_with_its_deliveries_and_attempts(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let old =
        [world.accept_one(&tenant, &subscription).await, world.accept_one(&tenant, &subscription).await];
    world.record(&old[0], Next::Succeeded).await;
    world.record(&old[1], Next::Failed(Reason::Exhausted)).await;
    world.advance(AGE);
    let young = world.accept_one(&tenant, &subscription).await;
    world.record(&young, Next::Failed(Reason::Exhausted)).await;
    let young_since = young.event.accepted_at;
    let pruned = world.prune_all(AGE, 1_000).await;
    assert_eq!((pruned.events, pruned.oldest), (2, Some(young_since)));
    for gone in &old {
        assert_gone(&world, gone).await;
    }
    assert_eq!(lists(&world, &tenant).await, (vec![young.event.id], vec![young.event.id]));
    assert_eq!(world.store.attempts(tenant.no, young.id).await.unwrap().len(), 1);
    assert_eq!(world.prune_all(AGE, 1_000).await.events, 0);
}

pub async fn an_event_goes_only_when_it_is_older_than_that(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    world.accept(&tenant, &[]).await;
    world.advance(AGE);
    assert_eq!(world.prune_all(AGE, 1_000).await.events, 0, "it is just as old as it may be");
    world.tick();
    let pruned = world.prune_all(AGE, 1_000).await;
    assert_eq!((pruned.events, pruned.oldest), (1, None));
}

pub async fn an_event_with_a_delivery_that_waits_stays_until_that_ends(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let [one, other] = [world.subscription(&tenant).await, world.subscription(&tenant).await];
    let both = world.accept(&tenant, &[&one, &other]).await;
    world.record(&both[0], Next::Succeeded).await;
    let behind = world.accept_one(&tenant, &one).await;
    world.record(&behind, Next::Succeeded).await;
    world.advance(2 * AGE);
    assert_eq!(world.prune_all(AGE, 1_000).await.events, 1);
    assert_gone(&world, &behind).await;
    assert_eq!(world.look(&both[0]).await.status, Status::Succeeded, "an event is there as a whole");
    assert_eq!(world.refill(&other).await.deliveries.len(), 1);
    world.record(&both[1], Next::Failed(Reason::Exhausted)).await;
    assert_eq!(world.prune_all(AGE, 1_000).await.events, 1);
    assert_gone(&world, &both[0]).await;
    assert_gone(&world, &both[1]).await;
}

pub async fn an_old_delivery_that_is_sent_again_stays_until_it_has_ended_again(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut old = Vec::new();
    for _ in 0..3 {
        let queued = world.accept_one(&tenant, &subscription).await;
        world.record(&queued, Next::Failed(Reason::Exhausted)).await;
        old.push(queued);
    }
    world.advance(2 * AGE);
    retry(&mut world, &old[1]).await.unwrap();
    assert_eq!(world.prune_all(AGE, 1_000).await.events, 2);
    let waiting = world.refill(&subscription).await.deliveries.remove(0);
    assert_eq!(waiting.id, old[1].id);
    world.record(&waiting, Next::Failed(Reason::Exhausted)).await;
    retry(&mut world, &old[1]).await.unwrap();
    assert_eq!(world.prune_all(AGE, 1_000).await.events, 0);
    let waiting = world.refill(&subscription).await.deliveries.remove(0);
    world.record(&waiting, Next::Succeeded).await;
    assert_eq!(world.prune_all(AGE, 1_000).await.events, 1);
    assert_gone(&world, &old[1]).await;
}

pub async fn an_event_whose_fan_out_is_open_stays_until_that_is_finished(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut event = world.event(&tenant, &[]).await;
    let id = event.id;
    event.fanout = vec![world.target(&subscription)];
    world.commit_event(event).await;
    world.advance(2 * AGE);
    assert_eq!(world.prune_all(AGE, 1_000).await.events, 0);
    let open = world.store.open_fanouts(None, 10).await.unwrap();
    let late = world.commit(Vec::new(), Vec::new(), open).await.fanned_out.remove(0);
    assert_eq!(world.prune_all(AGE, 1_000).await.events, 0);
    world.record(&late, Next::Succeeded).await;
    assert_eq!(world.prune_all(AGE, 1_000).await.events, 1);
    assert!(world.store.event(tenant.no, id).await.unwrap().is_none());
}

pub async fn what_was_called_off_goes_when_the_sweep_has_made_it_real(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let queued = world.accept_one(&tenant, &subscription).await;
    world.advance(2 * AGE);
    world.prune_all(AGE, 1_000).await;
    world.set_active(&subscription, false).await;
    world.sweep_all(10).await;
    assert_eq!(world.prune_all(AGE, 1_000).await.events, 1);
    assert_gone(&world, &queued).await;
}

pub async fn an_event_that_is_larger_than_a_step_goes_at_once_for_every_reader(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let mut subscriptions = Vec::new();
    for _ in 0..5 {
        subscriptions.push(world.subscription(&tenant).await);
    }
    let to: Vec<_> = subscriptions.iter().collect();
    let large = world.accept(&tenant, &to).await;
    for queued in &large {
        world.record(queued, Next::Failed(Reason::Exhausted)).await;
    }
    world.advance(2 * AGE);
    let rule = Prune { age_max: Some(AGE), rows_max: 2, ..prune_nothing(world.now()) };
    let first = world.store.prune(rule.clone()).await.unwrap();
    assert_eq!(first.events, 1);
    for queued in &large {
        assert_gone(&world, queued).await;
        let refused = retry(&mut world, queued).await.unwrap_err();
        assert!(matches!(refused, RetryDeliveryError::NotFound), "{refused:?}");
    }
    assert_eq!(lists(&world, &tenant).await, (Vec::new(), Vec::new()));
    world.prune_by(rule).await;
    assert_eq!(lists(&world, &tenant).await, (Vec::new(), Vec::new()));
}

pub async fn small_steps_forget_the_same_as_large_ones_oldest_first(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut ids = Vec::new();
    for _ in 0..12 {
        let queued = world.accept_one(&tenant, &subscription).await;
        world.record(&queued, Next::Succeeded).await;
        ids.push(queued.event.id);
    }
    world.advance(2 * AGE);
    let rule = Prune { age_max: Some(AGE), rows_max: 8, ..prune_nothing(world.now()) };
    loop {
        let step = world.store.prune(rule.clone()).await.unwrap();
        ids.drain(..step.events);
        let mut left = lists(&world, &tenant).await.0;
        left.reverse();
        assert_eq!(left, ids);
        if !step.more {
            break;
        }
        assert!(step.events > 0, "each step comes further");
    }
    assert!(ids.is_empty());
}

pub async fn an_idempotency_key_outlives_its_event(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let mut first = world.event(&tenant, &[]).await;
    let expires_at = world.now().after(3 * AGE);
    first.idempotency = Some(Idempotency { key_hash: [1; 32], bytes_hash: [2; 32], expires_at });
    let mut again = first.clone();
    world.commit_event(first.clone()).await;
    world.advance(2 * AGE);
    assert_eq!(world.prune_all(AGE, 1_000).await.events, 1);
    again.id = world.event_id();
    let repeat = world.commit_events(vec![again]).await.remove(0);
    let AcceptResult::Duplicate { event_id, .. } = repeat else { panic!("{repeat:?}") };
    assert_eq!(event_id, first.id);
    assert!(world.store.event(tenant.no, event_id).await.unwrap().is_none());
}

pub async fn without_a_bound_nothing_is_forgotten(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    world.accept(&tenant, &[]).await;
    world.advance(1_000 * AGE);
    let rule = prune_nothing(world.now());
    assert_eq!(world.prune_by(rule.clone()).await.events, 0);
    let roomy = Prune { bytes_max: Some(u64::MAX), ..rule };
    assert_eq!(world.prune_by(roomy).await.events, 0);
}

pub async fn above_the_bytes_the_oldest_go_and_what_waits_stays(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let waiting = world.accept_one(&tenant, &subscription).await;
    for _ in 0..5 {
        let ended = world.accept_one(&tenant, &subscription).await;
        world.record(&ended, Next::Succeeded).await;
    }
    let rule = Prune { bytes_max: Some(0), ..prune_nothing(world.now()) };
    assert_eq!(world.prune_by(rule).await.events, 5);
    assert_eq!(lists(&world, &tenant).await.0, [waiting.event.id]);
    assert_eq!(world.refill(&subscription).await.deliveries.len(), 1);
}

/// Neither the delivery nor its event can be read.
pub(super) async fn assert_gone(world: &World, queued: &QueuedDelivery) {
    let tenant_no = queued.lane.tenant_no;
    assert!(world.store.event(tenant_no, queued.event.id).await.unwrap().is_none());
    assert!(world.store.delivery(tenant_no, queued.id).await.unwrap().is_none());
    assert!(world.store.attempts(tenant_no, queued.id).await.unwrap().is_empty());
}

/// The events that the lists of events and of deliveries name, all ways of listing deliveries told.
pub(super) async fn lists(world: &World, tenant: &Tenant) -> (Vec<EventId>, Vec<EventId>) {
    let (tenant_no, limit) = (tenant.no, 1_000);
    let events = ListEvents { tenant_no, filter: EventFilter::default(), after: None, limit };
    let events = world.store.list_events(events).await.unwrap().items;
    let all = ListDeliveries { tenant_no, filter: DeliveryFilter::default(), after: None, limit };
    let failed = DeliveryFilter { status: Some(Status::Failed), ..DeliveryFilter::default() };
    let failed = ListDeliveries { filter: failed, ..all.clone() };
    let failed = world.store.list_deliveries(failed).await.unwrap().items;
    let all = world.store.list_deliveries(all).await.unwrap().items;
    assert!(failed.iter().all(|delivery| all.contains(delivery)));
    let event_of = |delivery: postroad_domain::delivery::Delivery| delivery.id.first_event();
    (events.into_iter().map(|event| event.id).collect(), all.into_iter().map(event_of).collect())
}

pub(super) async fn retry(world: &mut World, queued: &QueuedDelivery) -> Result<(), RetryDeliveryError> {
    let at = world.tick();
    let (tenant_no, id, expires_at) = (queued.lane.tenant_no, queued.id, at.after(AGE));
    world.store.retry_delivery(RetryDelivery { audit: None, tenant_no, id, at, expires_at }).await.map(|_| ())
}
