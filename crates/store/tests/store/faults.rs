//! The faults that the memory store injects, so that the engine's tests can rely on them.

use std::sync::Arc;

use postroad_domain::EventType;
use postroad_store::{
    Commit, Configuration, History, Queue, StoreError, conformance::World, memory::MemoryStore,
};

#[tokio::test]
async fn a_failing_commit_writes_nothing_until_the_fault_is_cleared() {
    let store = MemoryStore::embedded();
    let mut world = World::new(Arc::new(store.clone())).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let event = world.event(&tenant, &[&subscription]).await;
    let commit = Arc::new(commit_of(&mut world, vec![event]));
    store.fail_commits(Some(StoreError::Full));
    let refused = store.commit(Arc::clone(&commit)).await;
    assert!(matches!(refused, Err(StoreError::Full)), "{refused:?}");
    assert!(matches!(store.probe().await, Err(StoreError::Full)));
    assert!(world.refill(&subscription).await.deliveries.is_empty());
    assert_eq!(store.commits(), 0);
    store.fail_commits(None);
    store.probe().await.unwrap();
    store.commit(commit).await.unwrap();
    assert_eq!(store.commits(), 1);
    assert_eq!(world.refill(&subscription).await.deliveries.len(), 1);
}

#[tokio::test]
async fn a_test_of_a_subscription_is_not_recorded_while_commits_fail() {
    let store = MemoryStore::embedded();
    let mut world = World::new(Arc::new(store.clone())).await;
    let (tenant, subscription) = world.tenant_with_subscription().await;
    let test = world.test_of(&tenant, &subscription, true);
    store.fail_commits(Some(StoreError::Full));
    let refused = store.record_test(test.clone()).await;
    assert!(matches!(refused, Err(StoreError::Full)), "{refused:?}");
    assert_eq!(store.event(tenant.no, test.event_id).await.unwrap(), None);
    store.fail_commits(None);
    assert!(store.record_test(test).await.unwrap());
}

#[tokio::test]
async fn a_poisonous_event_fails_every_commit_that_holds_it_and_no_other() {
    let store = MemoryStore::embedded();
    store.fail_events_of_type("poison");
    let mut world = World::new(Arc::new(store.clone())).await;
    let tenant = world.tenant("acme").await;
    let harmless = world.event(&tenant, &[]).await;
    let mut poison = world.event(&tenant, &[]).await;
    poison.event_type = EventType::parse("poison").unwrap();
    let both = commit_of(&mut world, vec![harmless.clone(), poison]);
    let refused = store.commit(Arc::new(both)).await;
    assert!(matches!(refused, Err(StoreError::Internal(_))), "{refused:?}");
    assert_eq!(store.event(tenant.no, harmless.id).await.unwrap(), None);
    let alone = commit_of(&mut world, vec![harmless]);
    store.commit(Arc::new(alone)).await.unwrap();
}

#[tokio::test]
async fn held_commits_wait_until_the_last_guard_is_gone() {
    let store = MemoryStore::embedded();
    let mut world = World::new(Arc::new(store.clone())).await;
    let [first_guard, second_guard] = [store.hold_commits(), store.hold_commits()];
    let mut running = Vec::new();
    for _ in 0..2 {
        let commit = Arc::new(commit_of(&mut world, Vec::new()));
        let store = store.clone();
        running.push(tokio::spawn(async move { store.commit(commit).await }));
    }
    first_guard.wait_for(2).await;
    drop(first_guard);
    assert_eq!(store.commits(), 0);
    // One of the callers gives up, which no longer counts as waiting.
    let given_up = running.remove(0);
    given_up.abort();
    given_up.await.unwrap_err();
    second_guard.wait_for(1).await;
    drop(second_guard);
    running.remove(0).await.unwrap().unwrap();
    assert_eq!(store.commits(), 1);
}

#[tokio::test]
async fn clones_are_handles_on_one_database() {
    let store = MemoryStore::clustered();
    let mut world = World::new(Arc::new(store.clone())).await;
    let tenant = world.tenant("acme").await;
    assert_eq!(store.tenant(tenant.id.clone()).await.unwrap(), Some(tenant));
}

fn commit_of(world: &mut World, events: Vec<postroad_store::NewEvent>) -> Commit {
    let at = world.tick();
    Commit { at, session: world.session.id, events, outcomes: Vec::new(), fanouts: Vec::new() }
}
