//! A full disk: nothing is half written, and the store recovers by itself.

use std::sync::Arc;

use bytes::Bytes;
use postroad_domain::{Headers, Reason, ResponseHead, Status, Subscription, Tenant, attempt::Answer};
use postroad_store::{AcceptResult, Commit, History, Next, Queue, StoreError, conformance::World};
use postroad_store_sqlite::SqliteStore;

use crate::common::open;

/// Pages that are more than any of these tests needs.
const PLENTY: u32 = 1_000_000;

/// Deliveries whose failures fill more pages than one.
const MANY: usize = 1_000;

/// Allows no page more, then commits events of 64 KiB until one finds no room; answers that one.
async fn fill(world: &mut World, store: &SqliteStore, tenant: &Tenant, to: &Subscription) -> Commit {
    store.set_pages_max(1).await.unwrap();
    for _ in 0..1_000 {
        let mut event = world.event(tenant, &[to]).await;
        event.data = Bytes::from(vec![b' '; 64 * 1024]);
        let commit = Arc::new(Commit {
            at: world.tick(),
            session: world.session.id,
            events: vec![event],
            outcomes: Vec::new(),
            fanouts: Vec::new(),
        });
        match store.commit(Arc::clone(&commit)).await {
            Ok(_) => {}
            Err(StoreError::Full) => return Commit { events: commit.events.clone(), ..empty(&commit) },
            Err(other) => panic!("{other}"),
        }
    }
    panic!("the disk does not get full");
}

fn empty(commit: &Commit) -> Commit {
    Commit {
        at: commit.at,
        session: commit.session,
        events: Vec::new(),
        outcomes: Vec::new(),
        fanouts: Vec::new(),
    }
}

/// An empty store, as itself and as a world.
async fn small_world(folder: &std::path::Path) -> (World, Arc<SqliteStore>) {
    let store = Arc::new(open(folder));
    let world = World::new(store.clone()).await;
    (world, store)
}

#[tokio::test]
async fn a_commit_that_finds_no_room_writes_nothing_and_succeeds_once_there_is_some() {
    let folder = tempfile::tempdir().unwrap();
    let (mut world, store) = small_world(folder.path()).await;
    let ready = world.tenant("ready").await;
    let subscription = world.subscription(&ready).await;
    let waiting = world.accept_one(&ready, &subscription).await;
    let refused = fill(&mut world, &store, &ready, &subscription).await;
    let refused_id = refused.events[0].id;
    assert_eq!(store.event(ready.no, refused_id).await.unwrap(), None);
    // Reading goes on, and so does refusing.
    assert_eq!(world.look(&waiting).await.status, Status::Queued);
    let refused = Arc::new(refused);
    assert!(matches!(store.commit(Arc::clone(&refused)).await, Err(StoreError::Full)));
    store.set_pages_max(PLENTY).await.unwrap();
    store.commit(refused).await.unwrap();
    assert!(store.event(ready.no, refused_id).await.unwrap().is_some());
    world.record(&waiting, Next::Succeeded).await;
    assert_eq!(world.look(&waiting).await.status, Status::Succeeded);
}

#[tokio::test]
async fn outcomes_that_find_no_room_half_way_log_no_attempt_and_log_each_once_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let (mut world, store) = small_world(folder.path()).await;
    let ready = world.tenant("ready").await;
    let subscription = world.subscription(&ready).await;
    let mut events = Vec::new();
    for _ in 0..MANY {
        events.push(world.event(&ready, &[&subscription]).await);
    }
    let accepted = world.commit_events(events).await;
    let of_one = |result| match result {
        AcceptResult::Accepted { deliveries } => deliveries,
        other => panic!("{other:?}"),
    };
    let waiting: Vec<_> = accepted.into_iter().flat_map(of_one).collect();
    // The first attempts wait for their group; then entries of failed deliveries need pages that are not to be had.
    let failed = Next::Failed(Reason::Exhausted);
    let mut outcomes: Vec<_> = waiting.iter().map(|of| world.outcome(of, failed)).collect();
    for outcome in &mut outcomes[3..] {
        outcome.attempt = None;
    }
    store.set_pages_max(1).await.unwrap();
    let (at, session) = (world.tick(), world.session.id);
    let commit = Commit { at, session, events: Vec::new(), outcomes, fanouts: Vec::new() };
    let commit = Arc::new(commit);
    assert!(matches!(store.commit(Arc::clone(&commit)).await, Err(StoreError::Full)));
    for of in &waiting[..3] {
        assert_eq!(world.look(of).await.status, Status::Queued);
        assert!(store.attempts(ready.no, of.id).await.unwrap().is_empty());
    }
    store.set_pages_max(PLENTY).await.unwrap();
    store.commit(commit).await.unwrap();
    for of in &waiting[..3] {
        assert_eq!(store.attempts(ready.no, of.id).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn the_ballast_is_given_up_for_outcomes_only_and_taken_in_by_a_probe() {
    let folder = tempfile::tempdir().unwrap();
    let (mut world, store) = small_world(folder.path()).await;
    let ballast = folder.path().join("ballast");
    let ready = world.tenant("ready").await;
    let subscription = world.subscription(&ready).await;
    let waiting = world.accept_one(&ready, &subscription).await;
    fill(&mut world, &store, &ready, &subscription).await;
    assert!(ballast.exists(), "a refused event does not cost it");
    let mut outcome = world.outcome(&waiting, Next::Succeeded);
    let body = Bytes::from(vec![b' '; 64 * 1024]);
    let attempt = outcome.attempt.as_mut().unwrap();
    attempt.answer =
        Answer::Response(ResponseHead { status: 200, headers: Headers::new(), body, truncated: false });
    let commit = Arc::new(Commit {
        at: world.tick(),
        session: world.session.id,
        events: Vec::new(),
        outcomes: vec![outcome],
        fanouts: Vec::new(),
    });
    // Here the ballast makes no room, as not the disk is full but the number of pages is limited.
    assert!(matches!(store.commit(Arc::clone(&commit)).await, Err(StoreError::Full)));
    assert!(!ballast.exists());
    store.set_pages_max(PLENTY).await.unwrap();
    store.commit(Arc::clone(&commit)).await.unwrap();
    assert_eq!(world.look(&waiting).await.status, Status::Succeeded);
    // Events took its room, also those that came while there was some left of it, and outcomes found none any more.
    let events = vec![world.event(&ready, &[&subscription]).await];
    let event = Arc::new(Commit { at: world.tick(), events, ..empty(&commit) });
    assert!(matches!(store.commit(Arc::clone(&event)).await, Err(StoreError::Full)));
    store.probe().await.unwrap();
    assert!(ballast.exists());
    store.commit(event).await.unwrap();
}
