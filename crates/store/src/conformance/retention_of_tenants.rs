//! Forgetting by the shorter limits of single tenants.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use postroad_domain::{EventId, Reason, Tenant};

use super::{
    World,
    retention::{assert_gone, lists, retry},
    world::prune_nothing,
};
use crate::{Next, Prune, QueuedDelivery, Store, TenantRetention};

/// How long a tenant's events are kept here.
const AGE: Duration = Duration::from_secs(600);

pub async fn a_tenants_shorter_age_is_its_own_and_the_shortest_wins(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let [short, long, without] = three_tenants(&mut world).await;
    let first = accept_of_each(&mut world, [&short, &long, &without]).await;
    world.advance(AGE);
    let second = accept_of_each(&mut world, [&short, &long, &without]).await;
    world.tick();
    let own = [aged(&short, AGE), aged(&long, 10 * AGE)];
    assert_eq!(world.prune_by(rule(&world, &own)).await.events, 1);
    assert_eq!(lists(&world, &short).await.0, [second[0]]);
    assert_eq!(lists(&world, &long).await.0, [second[1], first[1]]);
    assert_eq!(lists(&world, &without).await.0, [second[2], first[2]]);
    let installation = Prune { age_max: Some(AGE), ..rule(&world, &own) };
    assert_eq!(world.prune_by(installation).await.events, 2, "the longer one of a tenant keeps nothing");
    world.advance(AGE);
    assert_eq!(world.prune_by(rule(&world, &own)).await.events, 1);
    assert_eq!(lists(&world, &long).await.0, [second[1]]);
}

pub async fn what_waits_of_a_tenant_stays_until_it_has_ended(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let waiting = world.accept_one(&tenant, &subscription).await;
    let ended = world.accept_one(&tenant, &subscription).await;
    world.record(&ended, Next::Failed(Reason::Exhausted)).await;
    world.advance(2 * AGE);
    retry(&mut world, &ended).await.unwrap();
    let own = [TenantRetention { bytes_max: Some(0), ..aged(&tenant, AGE) }];
    assert_eq!(world.prune_by(rule(&world, &own)).await.events, 0);
    assert_eq!(world.refill(&subscription).await.deliveries.len(), 2);
    world.record(&waiting, Next::Succeeded).await;
    assert_eq!(world.prune_by(rule(&world, &own)).await.events, 1);
    assert_gone(&world, &waiting).await;
    let again = world.refill(&subscription).await.deliveries.remove(0);
    world.record(&again, Next::Succeeded).await;
    assert_eq!(world.prune_by(rule(&world, &own)).await.events, 1);
    assert_gone(&world, &ended).await;
}

pub async fn above_a_tenants_bytes_its_oldest_go_and_nobody_elses(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let [bound, other, _] = three_tenants(&mut world).await;
    let own = [bounded(&bound, 250)];
    world.prune_by(rule(&world, &own)).await;
    for round in 1..=5 {
        let events =
            [accept_bytes(&mut world, &bound, 100).await, accept_bytes(&mut world, &other, 100).await];
        let forgotten = world.prune_by(rule(&world, &own)).await.events;
        assert_eq!(forgotten, usize::from(round > 2), "two have room");
        let kept = lists(&world, &bound).await.0;
        assert_eq!((kept.len(), kept[0]), (round.min(2), events[0]));
    }
    assert_eq!(lists(&world, &other).await.0.len(), 5);
}

pub async fn bytes_that_came_before_the_limit_are_counted(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let [bound, other, _] = three_tenants(&mut world).await;
    for _ in 0..10 {
        accept_bytes(&mut world, &bound, 100).await;
        accept_bytes(&mut world, &other, 100).await;
    }
    let own = [bounded(&bound, 350)];
    let small_steps = Prune { rows_max: 4, ..rule(&world, &own) };
    assert_eq!(world.prune_by(small_steps.clone()).await.events, 7);
    accept_bytes(&mut world, &bound, 10).await;
    assert_eq!(world.prune_by(small_steps.clone()).await.events, 0);
    accept_bytes(&mut world, &bound, 100).await;
    assert_eq!(world.prune_by(small_steps).await.events, 1);
    assert_eq!(lists(&world, &bound).await.0.len(), 4);
}

pub async fn counting_a_tenants_bytes_ends_also_when_many_newer_events_of_it_come(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let [bound, other, _] = three_tenants(&mut world).await;
    for _ in 0..150 {
        accept_bytes(&mut world, &bound, 10).await;
    }
    // The last event before the count is another tenant's.
    accept_bytes(&mut world, &other, 10).await;
    let own = [bounded(&bound, 2_000)];
    let small_steps = Prune { rows_max: 100, ..rule(&world, &own) };
    world.store.prune(small_steps.clone()).await.unwrap();
    for _ in 0..150 {
        accept_bytes(&mut world, &bound, 10).await;
    }
    assert_eq!(world.prune_by(small_steps).await.events, 100);
    assert_eq!((lists(&world, &bound).await.0.len(), lists(&world, &other).await.0.len()), (200, 1));
}

pub async fn tenants_take_turns_whoever_has_more_to_forget(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let [much, little, _] = three_tenants(&mut world).await;
    for _ in 0..400 {
        world.accept(&much, &[]).await;
    }
    world.accept(&little, &[]).await;
    world.advance(2 * AGE);
    let own = [aged(&much, AGE), aged(&little, AGE)];
    let small = Prune { rows_max: 150, ..rule(&world, &own) };
    for _ in 0..2 {
        assert!(world.store.prune(small.clone()).await.unwrap().more);
    }
    assert!(lists(&world, &little).await.0.is_empty(), "it waits for nobody's last event");
    assert!(!lists(&world, &much).await.0.is_empty());
    world.prune_by(small).await;
    assert!(lists(&world, &much).await.0.is_empty());
}

pub async fn a_limit_that_was_lifted_forgets_nothing_more(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    world.accept(&tenant, &[]).await;
    world.advance(AGE);
    world.prune_by(rule(&world, &[aged(&tenant, 2 * AGE)])).await;
    world.advance(2 * AGE);
    assert_eq!(world.prune_by(rule(&world, &[])).await.events, 0);
    assert_eq!(world.prune_by(rule(&world, &[aged(&tenant, 2 * AGE)])).await.events, 1);
}

pub async fn a_limit_that_becomes_shorter_reaches_what_was_too_young(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    for _ in 0..3 {
        world.accept(&tenant, &[]).await;
        world.advance(AGE);
    }
    let forgotten = async |world: &mut World, age| {
        let by = rule(world, &[aged(&tenant, age)]);
        world.prune_by(by).await.events
    };
    assert_eq!(forgotten(&mut world, 10 * AGE).await, 0);
    assert_eq!(forgotten(&mut world, 5 * AGE / 2).await, 1);
    assert_eq!(forgotten(&mut world, 3 * AGE / 2).await, 1);
    world.accept(&tenant, &[]).await;
    world.advance(2 * AGE);
    assert_eq!(forgotten(&mut world, AGE).await, 2);
}

pub async fn a_large_event_of_a_tenant_goes_in_steps(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let mut subscriptions = Vec::new();
    for _ in 0..5 {
        subscriptions.push(world.subscription(&tenant).await);
    }
    let to: Vec<_> = subscriptions.iter().collect();
    let large: Vec<QueuedDelivery> = world.accept(&tenant, &to).await;
    for queued in &large {
        world.record(queued, Next::Succeeded).await;
    }
    world.advance(2 * AGE);
    let small = Prune { rows_max: 2, ..rule(&world, &[aged(&tenant, AGE)]) };
    assert_eq!(world.prune_by(small).await.events, 1);
    for queued in &large {
        assert_gone(&world, queued).await;
    }
    assert_eq!(lists(&world, &tenant).await, (Vec::new(), Vec::new()));
}

pub async fn tenants_that_are_gone_have_no_limits(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let [gone, other, _] = three_tenants(&mut world).await;
    for tenant in [&gone, &other] {
        accept_bytes(&mut world, tenant, 10).await;
    }
    world.advance(2 * AGE);
    world.delete_tenant(&gone).await;
    let own = [TenantRetention { bytes_max: Some(0), ..aged(&gone, AGE) }, aged(&other, AGE)];
    assert_eq!(world.prune_by(rule(&world, &own)).await.events, 1);
    assert!(world.sweep_all(10).await.erased > 0, "the sweep erases what a deleted tenant left");
}

async fn three_tenants(world: &mut World) -> [Tenant; 3] {
    [world.tenant("acme").await, world.tenant("other").await, world.tenant("third").await]
}

async fn accept_of_each(world: &mut World, tenants: [&Tenant; 3]) -> [EventId; 3] {
    let [first, second, third] = tenants;
    [
        accept_bytes(world, first, 2).await,
        accept_bytes(world, second, 2).await,
        accept_bytes(world, third, 2).await,
    ]
}

/// Accepts an event that nobody wants, with so much data.
async fn accept_bytes(world: &mut World, tenant: &Tenant, bytes: usize) -> EventId {
    let mut event = world.event(tenant, &[]).await;
    event.data = Bytes::from(vec![b'1'; bytes]);
    let id = event.id;
    world.commit_event(event).await;
    id
}

fn aged(tenant: &Tenant, age: Duration) -> TenantRetention {
    TenantRetention { tenant_no: tenant.no, age_max: Some(age), bytes_max: None }
}

fn bounded(tenant: &Tenant, bytes: u64) -> TenantRetention {
    TenantRetention { tenant_no: tenant.no, age_max: None, bytes_max: Some(bytes) }
}

fn rule(world: &World, own: &[TenantRetention]) -> Prune {
    Prune { tenants: own.into(), ..prune_nothing(world.now()) }
}
