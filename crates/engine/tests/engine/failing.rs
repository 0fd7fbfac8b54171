//! Deliveries that keep failing make their subscription inactive: by the profile's count, or by the operator's time.

use std::time::Duration;

use postroad_domain::{
    Actor, AuditAction, EndpointUrl, Reason, RetryOverride, Status, Subscription, SubscriptionId,
    SubscriptionSpec, subscription::InactiveReason,
};
use postroad_engine::{Origin, Published};
use postroad_store::{AuditFilter, memory::MemoryStore};
use postroad_testkit::clock::ManualClock;

use crate::world::{World, acme, draft, exact_profiles_with, patient, pushed_with, to};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A rule of the profile, and one of the operator.
#[derive(Clone, Copy)]
struct Rules {
    failures: Option<u32>,
    after: Option<Duration>,
}

const NONE: Rules = Rules { failures: None, after: None };

const fn failures(count: u32) -> Rules {
    Rules { failures: Some(count), ..NONE }
}

const fn days(days: u32) -> Rules {
    Rules { after: Some(Duration::from_secs(days as u64 * DAY.as_secs())), ..NONE }
}

/// An engine by these rules with the tenant `acme`, and a subscription whose deliveries are tried once.
async fn world(rules: Rules) -> (World, SubscriptionId) {
    world_with(rules, once()).await
}

async fn world_with(rules: Rules, spec: SubscriptionSpec) -> (World, SubscriptionId) {
    let world = on(MemoryStore::embedded(), ManualClock::default(), rules).await;
    world.put_tenant("acme").await;
    let id = world.subscribe(spec).await.subscription.id;
    (world, id)
}

async fn on(store: MemoryStore, clock: ManualClock, rules: Rules) -> World {
    let rule =
        rules.failures.map_or_else(String::new, |count| format!("deactivate_after_failures = {count}\n"));
    // In the place of a profile's own rule.
    let with_rule = |text: String| {
        let lines = text.lines().filter(|line| !line.starts_with("deactivate_after_failures"));
        lines
            .map(|line| format!("{line}\n"))
            .collect::<String>()
            .replace("[delivery]\n", &format!("[delivery]\n{rule}"))
    };
    let profiles = exact_profiles_with(|_, text| with_rule(text));
    World::deactivating_after(store, clock, profiles, rules.after).await
}

/// The same store and clock behind a stop.
async fn restarted(world: &World, rules: Rules) -> World {
    world.engine.stop(Duration::ZERO).await;
    on(world.store.clone(), world.clock.clone(), rules).await
}

fn tried(attempts: u32) -> SubscriptionSpec {
    let backoff = (attempts > 1).then(|| vec![Duration::from_secs(10)]);
    let retry = RetryOverride { attempts: Some(attempts), backoff };
    pushed_with(to("https://a.example/"), |push| push.retry = Some(retry))
}

fn once() -> SubscriptionSpec {
    tried(1)
}

async fn answer(world: &World, status: u16, reaches: Status) -> Published {
    let published = world.publish("{}").await;
    world.exchange().await.answer(status);
    world.reaches(&published, reaches).await;
    world.settle().await;
    published
}

async fn fail(world: &World) -> Published {
    answer(world, 500, Status::Failed).await
}

async fn succeed(world: &World) {
    answer(world, 200, Status::Succeeded).await;
}

async fn stored(world: &World, id: SubscriptionId) -> Subscription {
    world.engine.configuration().subscription(&acme(), id).await.unwrap()
}

/// How many failures it has while it is active.
async fn counted(world: &World, id: SubscriptionId) -> u32 {
    world.settle().await;
    let stored = stored(world, id).await;
    assert_eq!(stored.inactive, None);
    stored.failures.map_or(0, |failures| failures.count)
}

/// Waits until it is inactive as its deliveries fail.
async fn becomes_inactive(world: &World, id: SubscriptionId) -> Subscription {
    let inactive = async {
        loop {
            let stored = stored(world, id).await;
            if let Some((reason, _)) = stored.inactive {
                assert_eq!(reason, InactiveReason::Failing);
                return stored;
            }
            tokio::task::yield_now().await;
        }
    };
    patient("an inactive subscription", inactive).await
}

#[tokio::test]
async fn ten_failures_make_a_subscription_inactive_and_nothing_more_is_sent() {
    let ordered = pushed_with(once(), |push| push.ordered = true);
    let (world, id) = world_with(failures(10), ordered).await;
    for count in 1..10 {
        fail(&world).await;
        assert_eq!(counted(&world, id).await, count);
    }
    let (last, waiting) = (world.publish("1").await, world.publish("2").await);
    world.exchange().await.answer(500);
    world.reaches(&last, Status::Failed).await;
    let inactive = becomes_inactive(&world, id).await;
    assert_eq!(inactive.failures.map(|failures| failures.count), Some(10));
    assert_eq!((inactive.version, inactive.spec.active), (1, false));
    let cancelled = world.reaches(&waiting, Status::Cancelled).await;
    assert_eq!((cancelled.delivery.reason, cancelled.attempts.len()), (Some(Reason::Paused), 0));
    assert_eq!(world.publish("3").await.deliveries, 0);
    world.pass(DAY).await;
    world.no_exchange().await;
}

#[tokio::test]
async fn it_is_told_by_whom_and_why_a_subscription_became_inactive() {
    let (world, id) = world(failures(1)).await;
    fail(&world).await;
    let inactive = becomes_inactive(&world, id).await;
    let (_, since) = inactive.inactive.unwrap();
    let entries = world.engine.history().list_audit(AuditFilter::default(), None, 50).await.unwrap().items;
    let newest = &entries[0];
    assert_eq!((newest.action, newest.actor), (AuditAction::SubscriptionFailing, Actor::System));
    assert_eq!((&newest.object, newest.at), (&id.to_string(), since));
    let published = world.publish("{}").await;
    let told = world.engine.history().explain(&acme(), published.id, None, 9).await.unwrap().items;
    assert_eq!(
        told[0].sentence(),
        format!("Inactive since {since}: its deliveries kept failing, and none succeeded in between.")
    );
}

#[tokio::test]
async fn one_success_in_between_begins_the_count_anew() {
    let (world, id) = world(failures(3)).await;
    for round in 0..3 {
        fail(&world).await;
        fail(&world).await;
        assert_eq!(counted(&world, id).await, 2, "round {round}");
        succeed(&world).await;
        assert_eq!(counted(&world, id).await, 0, "round {round}");
    }
    for _ in 0..3 {
        fail(&world).await;
    }
    becomes_inactive(&world, id).await;
}

#[tokio::test]
async fn a_delivery_fails_with_its_last_attempt() {
    let (world, id) = world_with(failures(1), tried(3)).await;
    let published = world.publish("{}").await;
    for _ in 0..2 {
        world.exchange().await.answer(500);
        world.reaches(&published, Status::Queued).await;
        assert_eq!(counted(&world, id).await, 0);
        world.pass(Duration::from_secs(10)).await;
    }
    world.exchange().await.answer(500);
    world.reaches(&published, Status::Failed).await;
    becomes_inactive(&world, id).await;
}

#[tokio::test]
async fn what_is_cancelled_does_not_count_and_neither_does_a_test() {
    let (world, id) = world_with(failures(1), tried(2)).await;
    let published = world.publish("{}").await;
    world.exchange().await.answer(500);
    world.reaches(&published, Status::Queued).await;
    let delivery = world.delivery_of(&published).await;
    world.pass(Duration::from_secs(10)).await;
    let under_way = world.exchange().await;
    world.engine.history().cancel_delivery(&Origin::ADMIN, &acme(), delivery).await.unwrap();
    under_way.answer(500);
    assert_eq!(counted(&world, id).await, 0);
    let engine = world.engine.clone();
    let test =
        tokio::spawn(
            async move { engine.sending().test_subscription(&Origin::ADMIN, &acme(), id, None).await },
        );
    world.exchange().await.answer(500);
    test.await.unwrap().unwrap();
    assert_eq!(counted(&world, id).await, 0);
}

#[tokio::test]
async fn an_activation_begins_anew_and_sends_what_comes_from_then_on() {
    let (world, id) = world(failures(2)).await;
    let first = fail(&world).await;
    fail(&world).await;
    becomes_inactive(&world, id).await;
    let missed = world.publish("1").await;
    assert_eq!(missed.deliveries, 0);
    world.pause(id, true).await;
    world.no_exchange().await;
    assert_eq!(counted(&world, id).await, 0);
    succeed(&world).await;
    fail(&world).await;
    assert_eq!(counted(&world, id).await, 1);
    let view = world.view(world.delivery_of(&first).await).await;
    assert_eq!(view.attempts.len(), 1, "what was is still there");
    fail(&world).await;
    becomes_inactive(&world, id).await;
}

#[tokio::test]
async fn an_attempt_from_before_an_activation_deactivates_nothing() {
    let (world, id) = world(failures(1)).await;
    // Behind an answer there is more than one exchange at a time.
    world.publish("0").await;
    let (first, second) = (world.publish("1").await, world.publish("2").await);
    world.exchange().await.answer(200);
    let (failing, under_way) = (world.exchange().await, world.exchange().await);
    failing.answer(500);
    becomes_inactive(&world, id).await;
    world.reaches(&first, Status::Failed).await;
    world.pause(id, true).await;
    under_way.answer(500);
    let view = world.reaches(&second, Status::Cancelled).await;
    assert_eq!(view.delivery.reason, Some(Reason::Paused));
    assert_eq!(counted(&world, id).await, 0);
    succeed(&world).await;
}

#[tokio::test]
async fn a_new_address_does_not_begin_the_count_anew() {
    let (world, id) = world(failures(2)).await;
    fail(&world).await;
    let current = stored(&world, id).await;
    let (revision, address) = (current.revision(), EndpointUrl::parse("https://b.example/").unwrap());
    let moved = draft(pushed_with(current.spec, |push| push.url = Some(address)));
    let configuration = world.engine.configuration();
    configuration.update_subscription(&Origin::ADMIN, &acme(), id, revision, moved).await.unwrap();
    assert_eq!(counted(&world, id).await, 1);
    fail(&world).await;
    becomes_inactive(&world, id).await;
}

#[tokio::test]
async fn days_of_failures_make_a_subscription_of_any_profile_inactive() {
    let (world, id) = world(days(5)).await;
    for _ in 0..5 {
        fail(&world).await;
        world.pass(DAY - Duration::from_secs(60)).await;
    }
    assert_eq!(counted(&world, id).await, 5);
    // By then nothing was tried, so nothing says that it still fails.
    world.pass(Duration::from_secs(600)).await;
    assert_eq!(counted(&world, id).await, 5);
    fail(&world).await;
    let inactive = becomes_inactive(&world, id).await;
    assert_eq!(inactive.failures.map(|failures| failures.count), Some(6));
    let (_, at) = inactive.inactive.unwrap();
    assert!(at.since(inactive.failures.unwrap().since) >= 5 * DAY);
}

#[tokio::test]
async fn days_of_failures_count_from_the_last_success() {
    let (world, id) = world(days(5)).await;
    fail(&world).await;
    world.pass(4 * DAY).await;
    succeed(&world).await;
    fail(&world).await;
    world.pass(4 * DAY).await;
    fail(&world).await;
    assert_eq!(counted(&world, id).await, 2);
    world.pass(2 * DAY).await;
    fail(&world).await;
    becomes_inactive(&world, id).await;
}

#[tokio::test]
async fn without_a_rule_a_subscription_fails_for_ever() {
    let (world, id) = world(NONE).await;
    for count in 1..=30 {
        fail(&world).await;
        assert_eq!(counted(&world, id).await, count);
        world.pass(DAY).await;
    }
}

#[tokio::test]
async fn failures_are_counted_on_behind_a_restart() {
    let (world, id) = world(failures(3)).await;
    fail(&world).await;
    fail(&world).await;
    let next = restarted(&world, failures(3)).await;
    assert_eq!(counted(&next, id).await, 2);
    fail(&next).await;
    becomes_inactive(&next, id).await;
}

#[tokio::test]
async fn what_a_crash_left_undone_is_done_at_the_start() {
    let (world, id) = world(NONE).await;
    for _ in 0..3 {
        fail(&world).await;
    }
    assert_eq!(counted(&world, id).await, 3);
    // As if it had died between the commit of the third failure and what follows from it.
    let next = restarted(&world, failures(3)).await;
    becomes_inactive(&next, id).await;
    assert_eq!(next.publish("1").await.deliveries, 0);
    next.no_exchange().await;
}

#[tokio::test]
async fn how_long_a_subscription_failed_is_looked_at_when_it_fails_again_behind_a_restart() {
    let (world, id) = world(days(5)).await;
    fail(&world).await;
    world.pass(6 * DAY).await;
    let next = restarted(&world, days(5)).await;
    assert_eq!(counted(&next, id).await, 1);
    fail(&next).await;
    becomes_inactive(&next, id).await;
}
