//! The caller's keys: the same key with the same bytes is the same event, for as long as it is remembered.

use std::{sync::Arc, time::Duration};

use postroad_domain::{Subscription, Tenant};

use super::{
    World,
    world::{LONG, accepted},
};
use crate::{AcceptResult, Idempotency, NewEvent, Store};

pub async fn the_same_key_with_the_same_bytes_is_the_first_event_again(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let first = keyed(&mut world, &tenant, &[&subscription], 1, 1).await;
    let first_id = first.id;
    world.commit_event(first).await;
    let first_at = world.now();
    let again = keyed(&mut world, &tenant, &[&subscription], 1, 1).await;
    let again_id = again.id;
    let result = world.commit_events(vec![again]).await.remove(0);
    let AcceptResult::Duplicate { event_id, accepted_at, deliveries } = result else {
        panic!("{result:?}");
    };
    assert_eq!((event_id, accepted_at, deliveries), (first_id, first_at, 1));
    assert_eq!(world.store.event(tenant.no, again_id).await.unwrap(), None);
    assert_eq!(world.refill(&subscription).await.deliveries.len(), 1);
}

pub async fn the_same_key_with_other_bytes_is_a_conflict_and_writes_nothing(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let first = keyed(&mut world, &tenant, &[&subscription], 1, 1).await;
    let other = keyed(&mut world, &tenant, &[&subscription], 1, 2).await;
    let other_id = other.id;
    world.commit_event(first).await;
    let results = world.commit_events(vec![other]).await;
    assert!(matches!(results[..], [AcceptResult::Conflict]), "{results:?}");
    assert_eq!(world.store.event(tenant.no, other_id).await.unwrap(), None);
    assert_eq!(world.refill(&subscription).await.deliveries.len(), 1);
}

pub async fn a_key_is_seen_by_later_events_of_the_same_commit(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let first = keyed(&mut world, &tenant, &[&subscription], 1, 1).await;
    let again = keyed(&mut world, &tenant, &[&subscription], 1, 1).await;
    let other = keyed(&mut world, &tenant, &[&subscription], 1, 2).await;
    let first_id = first.id;
    let results = world.commit_events(vec![first, again, other]).await;
    let [AcceptResult::Accepted { .. }, AcceptResult::Duplicate { event_id, .. }, AcceptResult::Conflict] =
        results[..]
    else {
        panic!("{results:?}");
    };
    assert_eq!(event_id, first_id);
}

pub async fn a_key_is_free_again_when_it_expires(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut first = keyed(&mut world, &tenant, &[&subscription], 1, 1).await;
    let expires_at = world.now().after(Duration::from_millis(100));
    first.idempotency = first.idempotency.map(|key| Idempotency { expires_at, ..key });
    world.commit_event(first).await;
    let other = keyed(&mut world, &tenant, &[&subscription], 1, 2).await;
    let results = world.commit_events(vec![other.clone()]).await;
    assert!(matches!(results[..], [AcceptResult::Conflict]), "{results:?}");
    // The commit ticks once more: it happens at the very moment the key expires.
    world.advance(expires_at.since(world.now()) - Duration::from_millis(1));
    let results = world.commit_events(vec![other]).await;
    assert_eq!(world.now(), expires_at);
    assert!(matches!(results[..], [AcceptResult::Accepted { .. }]), "{results:?}");
    let again = keyed(&mut world, &tenant, &[&subscription], 1, 2).await;
    let results = world.commit_events(vec![again]).await;
    assert!(
        matches!(results[..], [AcceptResult::Duplicate { .. }]),
        "the new event is remembered: {results:?}"
    );
}

pub async fn a_repeat_is_known_although_the_configuration_changed(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let first = keyed(&mut world, &tenant, &[&subscription], 1, 1).await;
    let again = keyed(&mut world, &tenant, &[&subscription], 1, 1).await;
    let other = keyed(&mut world, &tenant, &[&subscription], 1, 2).await;
    world.commit_event(first).await;
    world.subscription(&tenant).await;
    let results = world.commit_events(vec![again, other]).await;
    assert!(matches!(results[..], [AcceptResult::Duplicate { .. }, AcceptResult::Conflict]), "{results:?}");
}

pub async fn a_stale_event_does_not_use_up_its_key(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let mut new = keyed(&mut world, &tenant, &[&subscription], 1, 1).await;
    new.config_version -= 1;
    let results = world.commit_events(vec![new.clone()]).await;
    assert!(matches!(results[..], [AcceptResult::Stale]), "{results:?}");
    new.config_version += 1;
    assert_eq!(world.commit_event(new).await.len(), 1);
}

pub async fn different_keys_are_different_events(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let one = keyed(&mut world, &tenant, &[&subscription], 1, 1).await;
    let other = keyed(&mut world, &tenant, &[&subscription], 2, 1).await;
    let plain = world.event(&tenant, &[&subscription]).await;
    for result in world.commit_events(vec![one, other, plain]).await {
        accepted(result);
    }
    assert_eq!(world.refill(&subscription).await.deliveries.len(), 3);
}

pub async fn a_duplicate_names_also_the_deliveries_that_are_still_to_come(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, one) = world.tenant_with_subscription().await;
    let other = world.subscription(&tenant).await;
    let mut first = keyed(&mut world, &tenant, &[&one], 1, 1).await;
    first.fanout = vec![world.target(&other)];
    world.commit_event(first).await;
    let again = keyed(&mut world, &tenant, &[&one], 1, 1).await;
    let results = world.commit_events(vec![again]).await;
    assert!(matches!(results[..], [AcceptResult::Duplicate { deliveries: 2, .. }]), "{results:?}");
}

pub async fn the_sweep_erases_expired_keys_and_no_others(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let mut short = keyed(&mut world, &tenant, &[], 1, 1).await;
    let expires_at = world.now().after(Duration::from_millis(100));
    short.idempotency = short.idempotency.map(|key| Idempotency { expires_at, ..key });
    let long = keyed(&mut world, &tenant, &[], 2, 1).await;
    let again = keyed(&mut world, &tenant, &[], 2, 1).await;
    world.commit_events(vec![short, long]).await;
    assert_eq!(world.sweep_all(100).await.erased, 0);
    world.advance(Duration::from_secs(1));
    assert_eq!(world.sweep_all(100).await.erased, 1);
    let results = world.commit_events(vec![again]).await;
    assert!(matches!(results[..], [AcceptResult::Duplicate { .. }]), "{results:?}");
}

/// An event with a key; `key` and `bytes` stand for the hashes.
async fn keyed(world: &mut World, tenant: &Tenant, to: &[&Subscription], key: u8, bytes: u8) -> NewEvent {
    let expires_at = world.now().after(LONG);
    let idempotency = Idempotency { key_hash: [key; 32], bytes_hash: [bytes; 32], expires_at };
    NewEvent { idempotency: Some(idempotency), ..world.event(tenant, to).await }
}
