//! Subscriptions that want their deliveries in order, or not too fast, and those whose receivers fail.

use std::time::Duration;

use postroad_domain::{RateLimit, RetryOverride, Status, SubscriptionSpec, limits::BREAKER_FAILURES};
use postroad_engine::Published;

use crate::world::{Exchange, World, event, to};

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
    SubscriptionSpec { ordered: true, retry: Some(retry), ..to("https://a.example/") }
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

#[tokio::test]
async fn a_rate_limit_lets_so_many_begin_within_its_span() {
    let world = World::new().await;
    let rate_limit = Some(RateLimit { count: 3, per: Duration::from_secs(60) });
    world.subscribe(SubscriptionSpec { rate_limit, ..to("https://a.example/") }).await;
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
    world.subscribe(SubscriptionSpec { concurrency: 1, ..to("https://a.example/") }).await;
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
