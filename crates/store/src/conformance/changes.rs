//! The feed of changes: what is announced, and when.

use std::sync::Arc;

use postroad_domain::{Reason, ReplaySelection, TenantNo, limits::CHANGES_WAITING_MAX};

use super::{
    World, event_types, keys,
    replay_steps::{ended, start, step},
    retry_and_cancel::{cancel, retry},
    world::{lane_of, spec},
};
use crate::{AcceptResult, Change, ChangeKinds, Changes, Next, Store, SubscriptionChange};

pub async fn each_change_of_the_configuration_is_announced_and_nothing_else(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let changes = world.store.changes(ChangeKinds::ALL);
    let tenant = world.tenant("acme").await;
    let (of_tenant, called_off) = (Change::Tenant(tenant.no), Change::CalledOff(tenant.no));
    assert_eq!(taken(&changes), [of_tenant], "created");
    world.tenant("acme").await;
    assert_eq!(taken(&changes), [of_tenant], "replaced");
    let subscription = world.subscription(&tenant).await;
    let of_lane = Change::Lane(lane_of(&subscription));
    assert_eq!(taken(&changes), [of_tenant], "subscription created");
    world.change(&subscription, SubscriptionChange::Secrets(Vec::new())).await;
    assert_eq!(taken(&changes), [of_tenant], "secrets changed");
    world.change(&subscription, SubscriptionChange::Spec(Box::new(spec()))).await;
    assert_eq!(taken(&changes), [of_tenant, of_lane], "changed: what held its lane back is over");
    world.set_active(&subscription, false).await;
    assert_eq!(taken(&changes), [of_tenant, of_lane, called_off], "paused");
    world.set_active(&subscription, true).await;
    assert_eq!(taken(&changes), [of_tenant, of_lane], "active again");
    world.deactivate(&subscription).await;
    let noticed = Change::Noticed(tenant.no);
    assert_eq!(taken(&changes), [of_tenant, of_lane, noticed], "gone: what waits is held");
    world.deactivate(&subscription).await;
    assert_eq!(taken(&changes), [], "it was gone already");
    event_types::put(&mut world, tenant.no, event_types::registered("deal.won")).await;
    assert_eq!(taken(&changes), [of_tenant], "event type added");
    event_types::delete(&mut world, tenant.no, "deal.won").await;
    assert_eq!(taken(&changes), [of_tenant], "event type removed");
    event_types::delete(&mut world, tenant.no, "deal.won").await;
    assert_eq!(taken(&changes), [], "there was none");
    world.delete(&subscription).await;
    assert_eq!(taken(&changes), [of_tenant, of_lane, called_off], "subscription deleted");
    world.delete(&subscription).await;
    assert_eq!(taken(&changes), [], "it was deleted already");
    world.delete_tenant(&tenant).await;
    assert_eq!(taken(&changes), [of_tenant, called_off], "deleted");
    world.delete_tenant(&tenant).await;
    world.sweep_all(100).await;
    assert_eq!(taken(&changes), [], "it was deleted already, and erasing it is no change");
}

pub async fn a_key_is_announced_when_it_is_created_and_when_it_is_revoked(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let changes = world.store.changes(ChangeKinds::ALL);
    let key = keys::create(&mut world, &tenant, 7).await;
    assert_eq!(taken(&changes), [Change::Key([7; 32])]);
    assert!(!keys::revoke(&mut world, TenantNo(i64::MAX), key.id).await);
    assert_eq!(taken(&changes), []);
    assert!(keys::revoke(&mut world, tenant.no, key.id).await);
    assert_eq!(taken(&changes), [Change::Key([7; 32])]);
    assert!(!keys::revoke(&mut world, tenant.no, key.id).await);
    assert_eq!(taken(&changes), []);
}

pub async fn a_lane_is_announced_when_something_enters_or_leaves_it_beside_the_commits(
    store: Arc<dyn Store>,
) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let of_lane = Change::Lane(lane_of(&subscription));
    let changes = world.store.changes(ChangeKinds::LANES);
    let queued = world.accept_one(&tenant, &subscription).await;
    world.record(&queued, Next::Failed(Reason::Exhausted)).await;
    assert_eq!(taken(&changes), [], "whoever commits is answered");
    retry(&mut world, &queued).await.unwrap();
    assert_eq!(taken(&changes), [of_lane]);
    retry(&mut world, &queued).await.unwrap();
    assert_eq!(taken(&changes), [of_lane], "it waits, and may be due earlier");
    let again = world.refill(&subscription).await.deliveries.remove(0);
    cancel(&mut world, &again).await.unwrap();
    assert_eq!(taken(&changes), [of_lane]);
    ended(&mut world, &tenant, &subscription, Next::Failed(Reason::Exhausted)).await;
    let replay = start(&mut world, &subscription, ReplaySelection::Failed).await;
    assert_eq!(taken(&changes), [], "nothing is queued before its first step");
    assert!(!step(&mut world, &replay, 10).await.queued.is_empty());
    assert_eq!(taken(&changes), [of_lane]);
    step(&mut world, &replay, 10).await;
    assert_eq!(taken(&changes), [], "this step queued nothing");
}

pub async fn a_change_can_be_seen_when_it_is_announced(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let (store, changes) = (Arc::clone(&world.store), world.store.changes(ChangeKinds::TENANTS));
    let looks = async {
        assert_eq!(changes.next().await, Change::Tenant(tenant.no));
        store.config_snapshot_by_no(tenant.no).await.unwrap().unwrap().subscriptions.len()
    };
    let (seen, _) = tokio::join!(looks, world.subscription(&tenant));
    assert_eq!(seen, 1);
}

pub async fn a_commit_is_answered_stale_only_behind_the_change_that_made_it_so(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let tenant = world.tenant("acme").await;
    let matched_before = world.event(&tenant, &[]).await;
    let deleted_since = world.event(&tenant, &[]).await;
    let changes = world.store.changes(ChangeKinds::TENANTS);
    world.subscription(&tenant).await;
    let results = world.commit_events(vec![matched_before]).await;
    assert!(matches!(results[..], [AcceptResult::Stale]), "{results:?}");
    assert_eq!(taken(&changes), [Change::Tenant(tenant.no)]);
    world.delete_tenant(&tenant).await;
    let results = world.commit_events(vec![deleted_since]).await;
    assert!(matches!(results[..], [AcceptResult::NoTenant]), "{results:?}");
    assert_eq!(taken(&changes), [Change::Tenant(tenant.no)]);
}

pub async fn events_are_announced_to_whoever_wants_them(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let (pulls, cache) =
        (world.store.changes(ChangeKinds::EVENTS), world.store.changes(ChangeKinds::TENANTS));
    world.accept_one(&tenant, &subscription).await;
    let refused = crate::NewEvent { config_version: 0, ..world.event(&tenant, &[]).await };
    world.commit_events(vec![refused]).await;
    assert_eq!(taken(&pulls), [Change::Events(tenant.no)]);
    let test = world.test_of(&tenant, &subscription, true);
    world.store.record_test(test).await.unwrap();
    assert_eq!(taken(&pulls), [], "a test is no event of the tenant's");
    assert_eq!(taken(&cache), []);
}

pub async fn a_reader_that_falls_behind_is_told_everything(store: Arc<dyn Store>) {
    let mut world = World::new(store).await;
    let (one, other) = (world.tenant("one").await, world.tenant("other").await);
    let slow = world.store.changes(ChangeKinds::EVENTS);
    let mut events = Vec::new();
    for _ in 0..=CHANGES_WAITING_MAX / 2 {
        events.push(world.event(&one, &[]).await);
        events.push(world.event(&other, &[]).await);
    }
    world.commit_events(events).await;
    assert_eq!(taken(&slow), [Change::Everything]);
    world.accept(&one, &[]).await;
    assert_eq!(taken(&slow), [Change::Events(one.no)], "it goes on from there");
}

/// What was announced since it was asked for the last time.
fn taken(changes: &Changes) -> Vec<Change> {
    let mut taken = Vec::new();
    changes.catch_up(|change| taken.push(change));
    taken
}
