//! Subscriptions that want their deliveries in order, or not too fast, and those whose receivers fail.

use std::time::Duration;

use postroad_domain::{
    RateLimit, RetryOverride, Status, SubscriptionId, SubscriptionSpec, limits::BREAKER_FAILURES,
};
use postroad_engine::{Origin, Published};

use crate::world::{Exchange, World, acme, draft, event, pushed_with, to};

fn data_of(exchange: &Exchange) -> String {
    let body = String::from_utf8(exchange.request.body.to_vec()).unwrap();
    body.rsplit_once("\"data\":").unwrap().1.trim_end_matches('}').to_owned()
}

async fn publish(world: &World, numbers: std::ops::RangeInclusive<u32>) -> Vec<Published> {
    let mut published = Vec::new();
    for number in numbers {
        published.push(world.try_publish(event("a", &number.to_string())).await.unwrap());
    }
    published
}

fn ordered() -> SubscriptionSpec {
    let retry = RetryOverride { attempts: Some(2), backoff: Some(vec![Duration::from_secs(10)]) };
    pushed_with(to("https://a.example/"), |push| {
        push.ordered = true;
        push.retry = Some(retry);
    })
}

#[tokio::test]
async fn an_ordered_subscription_gets_one_after_the_other_and_nothing_overtakes_a_retry() {
    let world = World::new().await;
    world.subscribe(ordered()).await;
    let published = publish(&world, 1..=3).await;
    world.exchange().await.answer(500);
    world.reaches(&published[0], Status::Queued).await;
    publish(&world, 4..=4).await;
    world.no_exchange().await;
    world.pass(Duration::from_secs(10)).await;
    for number in 1..=4 {
        let exchange = world.exchange().await;
        assert_eq!(data_of(&exchange), number.to_string());
        world.no_exchange().await;
        exchange.answer(200);
    }
}

#[tokio::test]
async fn the_final_failure_of_an_ordered_delivery_releases_the_next_one() {
    let world = World::new().await;
    world.subscribe(ordered()).await;
    let published = publish(&world, 1..=2).await;
    world.exchange().await.answer(500);
    world.pass(Duration::from_secs(10)).await;
    world.exchange().await.answer(500);
    world.reaches(&published[0], Status::Failed).await;
    assert_eq!(data_of(&world.exchange().await), "2");
}

#[tokio::test]
async fn order_is_kept_over_a_restart() {
    let world = World::new().await;
    world.subscribe(ordered()).await;
    let published = publish(&world, 1..=3).await;
    world.exchange().await.answer(500);
    world.reaches(&published[0], Status::Queued).await;
    world.engine.stop(Duration::ZERO).await;
    world.clock.advance(Duration::from_secs(11));
    let next = World::on(world.store.clone(), world.clock.clone()).await;
    for number in 1..=3 {
        let exchange = next.exchange().await;
        assert_eq!(data_of(&exchange), number.to_string());
        exchange.answer(200);
    }
}

async fn set_ordered(world: &World, id: SubscriptionId, ordered: bool) {
    let current = world.engine.configuration().subscription(&acme(), id).await.unwrap();
    let (revision, spec) = (current.revision(), pushed_with(current.spec, |push| push.ordered = ordered));
    world
        .engine
        .configuration()
        .update_subscription(&Origin::ADMIN, &acme(), id, revision, draft(spec))
        .await
        .unwrap();
}

/// It was, from the next attempt on only.
#[tokio::test]
async fn a_subscription_is_ordered_from_the_change_on_and_waits_for_no_attempt_that_began_before() {
    let world = World::new().await;
    let spec = pushed_with(ordered(), |push| push.ordered = false);
    let id = world.subscribe(spec).await.subscription.id;
    publish(&world, 1..=1).await;
    world.exchange().await.answer(200);
    publish(&world, 2..=2).await;
    let under_way = world.exchange().await;
    set_ordered(&world, id, true).await;
    publish(&world, 3..=4).await;
    world.no_exchange().await;
    under_way.answer(500);
    for number in 3..=4 {
        let exchange = world.exchange().await;
        assert_eq!(data_of(&exchange), number.to_string());
        world.no_exchange().await;
        exchange.answer(200);
    }
    world.pass(Duration::from_secs(10)).await;
    assert_eq!(data_of(&world.exchange().await), "2");
}

/// The lane did not believe it before its first attempt, which waited for the pause.
#[tokio::test]
async fn after_a_restart_a_subscription_whose_order_is_given_up_goes_on_at_once() {
    let world = World::new().await;
    let id = world.subscribe(ordered()).await.subscription.id;
    let published = publish(&world, 1..=2).await;
    world.exchange().await.answer(500);
    world.reaches(&published[0], Status::Queued).await;
    world.engine.stop(Duration::ZERO).await;
    world.clock.advance(Duration::from_secs(1));
    let next = World::on(world.store.clone(), world.clock.clone()).await;
    next.no_exchange().await;
    set_ordered(&next, id, false).await;
    next.exchange().await.answer(200);
    next.exchange().await.answer(200);
    next.reaches(&published[1], Status::Succeeded).await;
}

#[tokio::test]
async fn a_rate_limit_lets_so_many_begin_within_its_span() {
    let world = World::new().await;
    let rate_limit = Some(RateLimit { count: 3, per: Duration::from_secs(60) });
    world.subscribe(pushed_with(to("https://a.example/"), |push| push.rate_limit = rate_limit)).await;
    publish(&world, 1..=7).await;
    for round in 0..2 {
        for _ in 0..3 {
            world.exchange().await.answer(200);
        }
        world.no_exchange().await;
        world.pass(Duration::from_secs(59)).await;
        world.no_exchange().await;
        assert!(round < 2);
        world.pass(Duration::from_secs(1)).await;
    }
    world.exchange().await.answer(200);
}

#[tokio::test]
async fn a_receiver_that_keeps_failing_gets_a_probe_after_each_pause_and_no_attempt_is_lost() {
    let world = World::new().await;
    world.subscribe(pushed_with(to("https://a.example/"), |push| push.concurrency = 1)).await;
    let published = publish(&world, 1..=BREAKER_FAILURES + 2).await;
    for _ in 0..BREAKER_FAILURES {
        world.exchange().await.answer(500);
    }
    world.no_exchange().await;
    world.pass(Duration::from_millis(500)).await;
    world.exchange().await.answer(500);
    world.pass(Duration::from_millis(999)).await;
    world.no_exchange().await;
    world.pass(Duration::from_millis(1)).await;
    world.exchange().await.answer(200);
    world.pass(Duration::from_secs(10)).await;
    for _ in 0..BREAKER_FAILURES + 1 {
        world.exchange().await.answer(200);
    }
    for one in &published {
        let attempts = world.reaches(one, Status::Succeeded).await.attempts.len();
        assert!((1..=2).contains(&attempts), "{attempts}");
    }
}
