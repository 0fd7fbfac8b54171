//! Very many deliveries that may go out at the same time: they go out as their lane's own limits allow.

use std::{collections::BTreeSet, time::Duration};

use postroad_domain::{Clock, RateLimit, Timestamp};
use postroad_engine::PublishEvent;

use crate::world::{Exchange, World, acme, event, pushed_with, to};

const SECOND: Duration = Duration::from_secs(1);
const BATCH: usize = 1_000;

/// Publishes so many batches, `apart` from one another. The events are due within the same second.
async fn publish(world: &World, batches: usize, apart: Duration, due: Option<Timestamp>) {
    for batch in 0..batches {
        let numbered = |place: usize| {
            let data = format!("{{\"n\":{}}}", batch * BATCH + place);
            let deliver_at = due.map(|due| due.after(Duration::from_millis(place as u64)));
            PublishEvent { deliver_at, ..event("lead.created", &data) }
        };
        let events = (0..BATCH).map(numbered).collect();
        let results = world.engine.accepting().publish_batch(&acme(), events).await;
        assert!(results.iter().all(Result::is_ok));
        world.pass(apart).await;
    }
}

fn number_of(exchange: &Exchange) -> u64 {
    let body: serde_json::Value = serde_json::from_slice(&exchange.request.body).unwrap();
    body["data"]["n"].as_u64().unwrap()
}

/// Ten thousand waits of different lengths that end within one second.
async fn ten_thousand_due_within_a_second(world: &World) {
    let due = world.clock.now().after(3_600 * SECOND);
    publish(world, 10, 300 * SECOND, Some(due)).await;
    world.no_exchange().await;
    world.pass(due.since(world.clock.now()) + SECOND).await;
}

#[tokio::test]
async fn ten_thousand_waits_that_end_in_the_same_second_make_no_more_exchanges_than_their_concurrency() {
    const CONCURRENCY: usize = 8;
    let world = World::new().await;
    let spec = pushed_with(to("https://receiver.example/hook"), |push| push.concurrency = 8);
    world.subscribe(spec).await;
    ten_thousand_due_within_a_second(&world).await;
    let (mut taken, mut most) = (BTreeSet::new(), 0);
    loop {
        let begun = world.begun().await;
        if begun.is_empty() {
            break;
        }
        most = most.max(begun.len());
        for exchange in begun {
            assert!(taken.insert(number_of(&exchange)), "each is sent once");
            exchange.answer(200);
        }
    }
    assert_eq!((taken.len(), most), (10 * BATCH, CONCURRENCY));
}

#[tokio::test]
async fn ten_thousand_waits_that_end_in_the_same_second_keep_the_rate_limit() {
    const COUNT: usize = 50;
    let world = World::new().await;
    let spec = pushed_with(to("https://receiver.example/hook"), |push| {
        push.concurrency = 100;
        push.rate_limit = Some(RateLimit { count: 50, per: SECOND });
    });
    world.subscribe(spec).await;
    ten_thousand_due_within_a_second(&world).await;
    for span in 0..20 {
        let mut within = 0;
        loop {
            let begun = world.begun().await;
            if begun.is_empty() {
                break;
            }
            within += begun.len();
            begun.into_iter().for_each(|exchange| exchange.answer(200));
        }
        // The first one of a lane begins before its limit is known.
        assert!((COUNT..=COUNT + 1).contains(&within), "{within} within span {span}");
        world.pass(SECOND).await;
    }
}

#[tokio::test]
async fn a_lane_that_recovers_with_thousands_waiting_comes_back_in_steps() {
    const CONCURRENCY: usize = 64;
    let world = World::new().await;
    let spec = pushed_with(to("https://receiver.example/hook"), |push| push.concurrency = 64);
    world.subscribe(spec).await;
    publish(&world, 3, Duration::ZERO, None).await;
    let (mut failed, mut under_way) = (0, world.begun().await);
    while let Some(exchange) = under_way.pop() {
        // What was under way when the lane was slowed began earlier.
        world.pass(Duration::from_millis(1)).await;
        exchange.answer(500);
        failed += 1;
        under_way.extend(world.begun().await);
    }
    assert!((10..10 + CONCURRENCY).contains(&failed), "{failed} before the lane is slowed");
    world.pass(Duration::from_millis(500)).await;
    let mut probe = world.begun().await;
    assert_eq!(probe.len(), 1, "one probe after the pause");
    probe.remove(0).answer(500);
    for pause_ms in [1_000, 2_000] {
        world.pass(Duration::from_millis(pause_ms - 1)).await;
        assert!(world.begun().await.is_empty());
        // Commits that share a moment of the clock are microseconds apart.
        world.pass(Duration::from_millis(2)).await;
        let mut probe = world.begun().await;
        assert_eq!(probe.len(), 1, "one probe after a pause of {pause_ms} ms");
        probe.remove(0).answer(500);
        world.settle().await;
    }
    world.pass(Duration::from_millis(4_001)).await;
    let (mut under_way, mut steps) = (world.begun().await, vec![]);
    for successes in 1..=7_u32 {
        steps.push(under_way.len());
        under_way.remove(0).answer(200);
        under_way.extend(world.begun().await);
        let allowed = CONCURRENCY.min(2_usize.pow(successes));
        assert!(under_way.len() <= allowed, "{} after {successes} successes", under_way.len());
    }
    assert_eq!(steps, [1, 2, 4, 8, 16, 32, 64]);
}
