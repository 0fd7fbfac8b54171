//! Replays: at their pace, over restarts, until they are done, called off, or cannot go on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use postroad_domain::{
    Clock, RateLimit, Replay, ReplaySelection, ReplayStatus, RetryOverride, Status, SubscriptionId,
    SubscriptionSpec, Timestamp, limits::PAGE_ROWS_SCANNED_MAX, replay::ReplayFailure, time::Sleep,
};
use postroad_engine::{
    EndReplayError, Engine, EventOutcome, LookupError, NewReplay, Notifying, Origin, Parts, Published,
    ReplayError, SecretBox,
};

use postroad_testkit::clock::ManualClock;
use rand::{SeedableRng, rngs::StdRng};

use crate::world::{Exchange, KEY, Stage, World, acme, event, exact_profiles, patient, pushed_with, to};

/// One attempt, so that a failure is the end.
fn once(url: &str) -> SubscriptionSpec {
    let retry = RetryOverride { attempts: Some(1), backoff: None };
    pushed_with(to(url), |push| push.retry = Some(retry))
}

pub(crate) fn all_of(subscription: SubscriptionId, selection: ReplaySelection) -> NewReplay {
    let pace = RateLimit { count: 1_000, per: Duration::from_secs(1) };
    NewReplay { subscription, selection, since: Timestamp::default(), until: None, pace }
}

pub(crate) async fn start(world: &World, new: NewReplay) -> Replay {
    world.engine.history().start_replay(&Origin::ADMIN, &acme(), new).await.unwrap()
}

/// Events whose only attempt failed.
async fn failed(world: &World, count: usize) -> Vec<Published> {
    let mut all = Vec::new();
    for number in 0..count {
        let published = world.publish(&number.to_string()).await;
        world.exchange().await.answer(500);
        world.reaches(&published, Status::Failed).await;
        all.push(published);
    }
    all
}

/// The next exchange, with the clock turned for the replay's rests.
pub(crate) async fn next_exchange(world: &World) -> Exchange {
    let turning = async {
        loop {
            world.pass(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        exchange = world.exchange() => exchange,
        () = turning => unreachable!("it never ends"),
    }
}

/// Turns the clock until the replay stands so.
async fn ends(world: &World, replay: &Replay, status: ReplayStatus) -> Replay {
    let reached = async {
        loop {
            let replay = world.engine.history().replay(&acme(), replay.id).await.unwrap();
            if replay.status == status {
                return replay;
            }
            world.pass(Duration::from_millis(1)).await;
        }
    };
    patient(&format!("{status:?}"), reached).await
}

#[tokio::test]
async fn what_failed_goes_out_again_with_the_same_event_and_the_count_is_told() {
    let world = World::new().await;
    let subscription = world.subscribe(once("https://a.example/")).await.subscription;
    let events = failed(&world, 2).await;
    let new = all_of(subscription.id, ReplaySelection::Failed);
    let count = world.engine.history().count_replay(&acme(), new).await.unwrap();
    assert_eq!((count.deliveries, count.is_exact), (2, true));
    world.no_exchange().await;
    let replay = start(&world, new).await;
    assert_eq!((replay.count, replay.status), (count, ReplayStatus::Running));
    for event in &events {
        let exchange = next_exchange(&world).await;
        assert_eq!(exchange.header("webhook-id"), event.id.to_string());
        exchange.answer(200);
        world.reaches(event, Status::Succeeded).await;
    }
    let done = ends(&world, &replay, ReplayStatus::Done).await;
    assert_eq!((done.progress.replayed, done.progress.skipped), (2, 0));
    assert!(done.finished_at.is_some());
}

#[tokio::test]
async fn a_replay_keeps_its_pace() {
    let world = World::new().await;
    let subscription = world.subscribe(once("https://a.example/")).await.subscription;
    failed(&world, 5).await;
    let pace = RateLimit { count: 2, per: Duration::from_secs(60) };
    let replay = start(&world, NewReplay { pace, ..all_of(subscription.id, ReplaySelection::Failed) }).await;
    for expected in [2, 4, 5] {
        while world.engine.history().replay(&acme(), replay.id).await.unwrap().progress.replayed < expected {
            world.pass(Duration::from_millis(1)).await;
        }
        // Within the same minute nothing more is queued.
        for _ in 0..10 {
            world.pass(Duration::from_secs(5)).await;
        }
        let replay = world.engine.history().replay(&acme(), replay.id).await.unwrap();
        assert_eq!(replay.progress.replayed, expected);
        world.pass(Duration::from_secs(10)).await;
    }
}

#[tokio::test]
async fn what_is_missing_is_made_after_a_change_of_the_subscription() {
    let world = World::new().await;
    let early = world.publish("1").await;
    let subscription = world.subscribe(once("https://a.example/")).await.subscription;
    start(&world, all_of(subscription.id, ReplaySelection::Missing)).await;
    let exchange = next_exchange(&world).await;
    assert_eq!(exchange.header("webhook-id"), early.id.to_string());
    exchange.answer(200);
    world.reaches(&early, Status::Succeeded).await;
    let told = world.engine.history().explain(&acme(), early.id, None, 10).await.unwrap().items.remove(0);
    assert!(told.by_replay && matches!(told.outcome, EventOutcome::Delivered { .. }), "{told:?}");
}

#[tokio::test]
async fn a_new_engine_goes_on_with_a_replay_where_the_last_one_was_killed() {
    let world = World::new().await;
    let subscription = world.subscribe(once("https://a.example/")).await.subscription;
    let events = failed(&world, 3).await;
    let pace = RateLimit { count: 1, per: Duration::from_secs(3_600) };
    let replay = start(&world, NewReplay { pace, ..all_of(subscription.id, ReplaySelection::Failed) }).await;
    next_exchange(&world).await.answer(200);
    world.reaches(&events[0], Status::Succeeded).await;

    let next = World::on(world.store.clone(), world.clock.clone()).await;
    let going_on = next.engine.history().replay(&acme(), replay.id).await.unwrap();
    assert_eq!((going_on.status, going_on.progress.replayed), (ReplayStatus::Running, 1));
    let exchange = next_exchange(&next).await;
    assert_eq!(exchange.header("webhook-id"), events[1].id.to_string(), "nothing is sent a second time");
    exchange.answer(200);
}

#[tokio::test]
async fn a_cancelled_replay_queues_nothing_more() {
    let world = World::new().await;
    let subscription = world.subscribe(once("https://a.example/")).await.subscription;
    failed(&world, 3).await;
    let pace = RateLimit { count: 1, per: Duration::from_secs(60) };
    let replay = start(&world, NewReplay { pace, ..all_of(subscription.id, ReplaySelection::Failed) }).await;
    next_exchange(&world).await.answer(200);
    let cancelled = world.engine.history().cancel_replay(&Origin::ADMIN, &acme(), replay.id).await.unwrap();
    assert_eq!((cancelled.status, cancelled.progress.replayed), (ReplayStatus::Cancelled, 1));
    for _ in 0..10 {
        world.pass(Duration::from_secs(60)).await;
    }
    world.no_exchange().await;
    let again = world.engine.history().cancel_replay(&Origin::ADMIN, &acme(), replay.id).await;
    assert!(matches!(again, Err(EndReplayError::Ended)), "{again:?}");
    start(&world, all_of(subscription.id, ReplaySelection::Failed)).await;
}

#[tokio::test]
async fn a_replay_to_a_subscription_that_is_paused_meanwhile_fails_and_says_why() {
    let world = World::new().await;
    let subscription = world.subscribe(once("https://a.example/")).await.subscription;
    failed(&world, 3).await;
    let pace = RateLimit { count: 1, per: Duration::from_secs(60) };
    let replay = start(&world, NewReplay { pace, ..all_of(subscription.id, ReplaySelection::Failed) }).await;
    next_exchange(&world).await.answer(200);
    world.pause(subscription.id, false).await;
    world.pass(Duration::from_secs(60)).await;
    let failed = ends(&world, &replay, ReplayStatus::Failed(ReplayFailure::SubscriptionInactive)).await;
    assert_eq!(failed.status.reason(), Some("subscription_inactive"));
}

#[tokio::test]
async fn two_replays_of_two_subscriptions_run_beside_each_other() {
    let world = World::new().await;
    let first = world.subscribe(once("https://a.example/")).await.subscription;
    failed(&world, 2).await;
    let pace = RateLimit { count: 1, per: Duration::from_secs(3_600) };
    start(&world, NewReplay { pace, ..all_of(first.id, ReplaySelection::Failed) }).await;
    next_exchange(&world).await.answer(200);
    let second = world.subscribe(once("https://b.example/")).await.subscription;
    let quick = start(&world, all_of(second.id, ReplaySelection::Missing)).await;
    for _ in 0..2 {
        let exchange = next_exchange(&world).await;
        assert!(exchange.request.url.as_str().contains("b.example"), "the other one waits for its pace");
        exchange.answer(200);
    }
    ends(&world, &quick, ReplayStatus::Done).await;
}

#[tokio::test]
async fn a_replay_that_makes_no_sense_is_refused_and_changes_nothing() {
    let world = World::new().await;
    let subscription = world.subscribe(once("https://a.example/")).await.subscription;
    failed(&world, 1).await;
    let (id, now) = (subscription.id, world.clock.now());
    let new = all_of(id, ReplaySelection::Failed);
    let future = NewReplay { since: now.after(Duration::from_secs(1)), ..new };
    let empty = NewReplay { since: now, until: Some(now), ..new };
    for (bad, field) in [(future, "since"), (empty, "until")] {
        let refused = world.engine.history().start_replay(&Origin::ADMIN, &acme(), bad).await;
        assert!(
            matches!(&refused, Err(ReplayError::Invalid(found)) if found[0].field == field),
            "{refused:?}"
        );
        let refused = world.engine.history().count_replay(&acme(), bad).await;
        assert!(
            matches!(&refused, Err(ReplayError::Invalid(found)) if found[0].field == field),
            "{refused:?}"
        );
    }
    let slow = NewReplay { pace: RateLimit { count: 1, per: Duration::from_secs(60) }, ..new };
    let running = start(&world, slow).await;
    let twice = world.engine.history().start_replay(&Origin::ADMIN, &acme(), new).await;
    assert!(matches!(twice, Err(ReplayError::Running(known)) if known == running.id), "{twice:?}");
    world.engine.history().cancel_replay(&Origin::ADMIN, &acme(), running.id).await.unwrap();
    world.pause(id, false).await;
    let inactive = world.engine.history().start_replay(&Origin::ADMIN, &acme(), new).await;
    assert!(matches!(inactive, Err(ReplayError::Inactive)), "{inactive:?}");
    world.engine.configuration().delete_subscription(&Origin::ADMIN, &acme(), id).await.unwrap();
    let deleted = world.engine.history().start_replay(&Origin::ADMIN, &acme(), new).await;
    assert!(matches!(deleted, Err(ReplayError::Deleted)), "{deleted:?}");
    assert_eq!(world.engine.history().list_replays(&acme(), None, 10).await.unwrap().items.len(), 1);
    world.put_tenant("other").await;
    let other = postroad_domain::TenantId::parse("other").unwrap();
    let foreign = world.engine.history().replay(&other, running.id).await;
    assert!(matches!(foreign, Err(LookupError::NotFound)), "{foreign:?}");
}

/// A machine on which every look at the clock takes a second.
struct Slow {
    clock: ManualClock,
    looks: AtomicU64,
}

impl Clock for Slow {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.looks.fetch_add(1, Ordering::Relaxed))
    }

    fn sleep(&self, span: Duration) -> Sleep {
        self.clock.sleep(span)
    }
}

#[tokio::test]
async fn a_count_that_takes_too_long_is_a_lower_bound() {
    let world = World::new().await;
    let subscription = world.subscribe(once("https://a.example/")).await.subscription;
    world.pause(subscription.id, false).await;
    let events = (0..PAGE_ROWS_SCANNED_MAX * 3).map(|_| event("lead.created", "{}")).collect();
    let published = world.engine.accepting().publish_batch(&acme(), events).await;
    assert!(published.iter().all(Result::is_ok));
    world.pause(subscription.id, true).await;
    let new = all_of(subscription.id, ReplaySelection::Missing);
    let exact = world.engine.history().count_replay(&acme(), new).await.unwrap();
    assert_eq!((exact.deliveries, exact.is_exact), (published.len() as u64, true));

    let parts = Parts {
        store: Arc::new(world.store.clone()),
        egress: Arc::new(Stage::closed()),
        clock: Arc::new(Slow { clock: world.clock.clone(), looks: AtomicU64::default() }),
        rng: StdRng::seed_from_u64(2),
        secrets: SecretBox::parse(KEY).unwrap(),
        profiles: exact_profiles(),
        deactivate_after: None,
        notifying: Notifying::default(),
        node_name: "slow".to_owned(),
    };
    let slow = Engine::start(parts).await.unwrap();
    let bound = slow.history().count_replay(&acme(), new).await.unwrap();
    assert!(!bound.is_exact && (1..exact.deliveries).contains(&bound.deliveries), "{bound:?}");
}
