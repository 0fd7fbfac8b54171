//! What the pages promise, in mixtures: counts and gaps, order, times after a clock leaps, who an answer concerns.

use std::time::Duration;

use postroad_domain::{
    Clock, EventType, RateLimit, RetryOverride, Status, SubscriptionId, TenantId, Timestamp,
};
use postroad_engine::{EventOutcome, Origin, Wait};
use postroad_store::DeliveryFilter;

use crate::world::{World, acme, event, pushed_with, tenant_of, to};

const YEAR: Duration = Duration::from_secs(365 * 24 * 3_600);

/// After ten failures in a row one delivery was tried per pause, so that four attempts in seven minutes became hours.
#[tokio::test]
async fn forty_leads_for_a_dead_endpoint_get_four_attempts_each_at_the_promised_times() {
    let world = World::new().await;
    let tenant = TenantId::parse("leads").unwrap();
    let configuration = world.engine.configuration();
    configuration.put_tenant(&Origin::ADMIN, tenant.clone(), tenant_of("leadhub", "{}")).await.unwrap();
    let mut spec = to("https://dead.example/");
    spec.name = Some("Dead".to_owned());
    spec.events = vec![EventType::parse("lead.created").unwrap()];
    world.subscribe_in(&tenant, spec).await;
    for number in 0..40 {
        let lead = event("lead.created", &format!(r#"{{"id":{number}}}"#));
        world.engine.accepting().publish(&tenant, lead).await.unwrap();
    }
    for gap in [0, 60, 120, 240] {
        world.pass(Duration::from_secs(gap)).await;
        for _ in 0..40 {
            world.exchange().await.answer(503);
        }
        world.no_exchange().await;
    }
    let filter = DeliveryFilter { status: Some(Status::Failed), ..DeliveryFilter::default() };
    let failed = world.engine.history().list_deliveries(&tenant, filter, None, 100).await.unwrap();
    assert_eq!(failed.items.len(), 40);
    assert!(failed.items.iter().all(|delivery| delivery.attempts == 4));
}

/// A target beyond the 200th got its place in a later commit, and an event that was published meanwhile arrived before.
#[tokio::test]
async fn an_ordered_subscription_has_its_delivery_when_a_large_fan_out_is_answered() {
    let world = World::new().await;
    for number in 0..205 {
        let mut spec = to(&format!("https://r{number}.example/"));
        spec.events = vec![EventType::parse("lead.created").unwrap()];
        world.subscribe(spec).await;
    }
    let ordered = pushed_with(to("https://ordered.example/"), |push| push.ordered = true);
    let ordered = world.subscribe(ordered).await.subscription.id;
    let large = world.publish("1").await;
    let small = world.try_publish(event("lead.updated", "2")).await.unwrap();
    assert_eq!((large.deliveries, small.deliveries), (206, 1));
    let filter = DeliveryFilter { subscription: Some(ordered), ..DeliveryFilter::default() };
    let own = world.engine.history().list_deliveries(&acme(), filter, None, 10).await.unwrap();
    assert_eq!(own.items.len(), 2, "both are there");
    let mut order = Vec::new();
    while order.len() < 2 {
        let exchange = world.exchange().await;
        if exchange.request.url.as_str().contains("ordered") {
            order.push(String::from_utf8(exchange.request.body.to_vec()).unwrap());
            exchange.answer(200);
        }
    }
    assert!(order[0].ends_with(r#""data":1}"#) && order[1].ends_with(r#""data":2}"#), "{order:?}");
}

#[tokio::test]
async fn an_answer_that_a_receiver_is_gone_concerns_the_subscription_as_it_was_asked() {
    let world = World::new().await;
    let subscription =
        world.subscribe(pushed_with(to("https://a.example/"), |push| push.concurrency = 8)).await;
    let id = subscription.subscription.id;
    // A new lane has one exchange until it was answered.
    world.publish("0").await;
    world.exchange().await.answer(200);
    world.publish("1").await;
    world.publish("2").await;
    let (first, second) = (world.exchange().await, world.exchange().await);
    first.answer(410);
    world.settle().await;
    assert!(!is_active(&world, id).await);
    world.pause(id, true).await;
    assert!(is_active(&world, id).await);
    second.answer(410);
    world.settle().await;
    assert!(is_active(&world, id).await, "the old answer says nothing of what the customer set since");
}

async fn is_active(world: &World, id: SubscriptionId) -> bool {
    world.engine.configuration().subscription(&acme(), id).await.unwrap().spec.active
}

/// Each was answered 202 and failed unsent, until a restart.
#[tokio::test]
async fn after_a_leap_of_the_clock_ahead_and_back_events_go_out_and_do_not_expire() {
    let world = World::new().await;
    world.subscribe(to("https://a.example/")).await;
    let now = world.clock.now();
    world.clock.set_wall(now.after(10 * YEAR));
    world.publish("1").await;
    world.exchange().await.answer(200);
    world.clock.set_wall(now);
    let published = world.publish("2").await;
    world.exchange().await.answer(500);
    world.reaches(&published, Status::Queued).await;
    world.pass(Duration::from_secs(5)).await;
    world.exchange().await.answer(200);
    world.reaches(&published, Status::Succeeded).await;
}

#[tokio::test]
async fn order_is_kept_over_a_restart_with_a_clock_that_was_set_back() {
    let world = World::new().await;
    let spec = pushed_with(to("https://a.example/"), |push| {
        push.ordered = true;
        push.retry = Some(RetryOverride { attempts: Some(5), backoff: Some(vec![Duration::from_secs(60)]) });
    });
    world.subscribe(spec).await;
    world.publish("1").await;
    world.publish("2").await;
    world.exchange().await.answer(500);
    world.settle().await;
    let clock = world.clock.clone();
    clock.set_wall(clock.now().before(Duration::from_secs(3_600)));
    let world = World::on(world.store.clone(), clock).await;
    for data in ["3", "4", "5"] {
        world.publish(data).await;
    }
    world.pass(Duration::from_secs(60)).await;
    for data in 1..=5 {
        let exchange = world.exchange().await;
        assert!(exchange.request.body.ends_with(format!(r#""data":{data}}}"#).as_bytes()), "{data}");
        exchange.answer(200);
    }
}

#[tokio::test]
async fn what_was_accepted_before_a_clock_was_set_back_is_listed_before_what_came_then() {
    let world = World::new().await;
    let clock = world.clock.clone();
    let ahead = clock.now();
    let first = world.publish("1").await;
    clock.set_wall(ahead.before(YEAR));
    let world = World::on(world.store.clone(), clock).await;
    let second = world.publish("2").await;
    assert!(second.accepted_at > first.accepted_at, "time goes on from the newest event");
    let since = postroad_store::EventFilter {
        since: Some(ahead.after(Duration::from_micros(1))),
        ..Default::default()
    };
    let listed = world.engine.history().list_events(&acme(), since, None, 10).await.unwrap();
    let ids: Vec<_> = listed.items.iter().map(|event| event.id).collect();
    assert_eq!(ids, [second.id]);
}

#[tokio::test]
async fn what_a_delivery_waits_for_has_its_true_name() {
    let world = World::new().await;
    let limit = RateLimit { count: 1, per: Duration::from_secs(3_600) };
    world.subscribe(pushed_with(to("https://a.example/"), |push| push.rate_limit = Some(limit))).await;
    world.publish("1").await;
    world.exchange().await.answer(200);
    let second = world.publish("2").await;
    world.settle().await;
    assert_eq!(wait(&world, second.id).await, Wait::RateLimit);
    let other = World::new().await;
    other.subscribe(to("https://a.example/")).await;
    let first = other.publish("1").await;
    other.exchange().await.shut_out(Duration::from_secs(30));
    other.settle().await;
    assert_eq!(wait(&other, first.id).await, Wait::Unavailable);
}

async fn wait(world: &World, id: postroad_domain::EventId) -> Wait {
    let explained = world.engine.history().explain(&acme(), id, None, 10).await.unwrap();
    let EventOutcome::Pending { why, .. } = explained.items[0].outcome else {
        panic!("{:?}", explained.items[0].outcome)
    };
    why
}

/// Nobody was woken until the timer that looks every 30 s.
#[tokio::test]
async fn cancelling_the_waiting_head_of_an_ordered_lane_lets_the_next_one_go_at_once() {
    let world = World::new().await;
    let spec = pushed_with(to("https://a.example/"), |push| {
        push.ordered = true;
        push.retry =
            Some(RetryOverride { attempts: Some(5), backoff: Some(vec![Duration::from_secs(3_600)]) });
    });
    world.subscribe(spec).await;
    let head = world.publish("1").await;
    world.publish("2").await;
    world.exchange().await.answer(500);
    world.reaches(&head, Status::Queued).await;
    let id = world.delivery_of(&head).await;
    world.engine.history().cancel_delivery(&Origin::ADMIN, &acme(), id).await.unwrap();
    assert!(world.exchange().await.request.body.ends_with(br#""data":2}"#));
    assert_eq!(world.engine.metrics().lanes_rescued(), 0);
}

#[tokio::test]
async fn a_moment_of_the_wall_clock_is_never_behind_the_newest_event() {
    let world = World::new().await;
    let first = world.publish("1").await;
    world.clock.set_wall(Timestamp::from_millis(1));
    let second = world.publish("2").await;
    assert!(second.accepted_at > first.accepted_at);
}

/// The others waited until the first exchange was over: nobody started what its lookup had allowed.
#[tokio::test]
async fn a_batch_for_an_idle_receiver_that_hangs_has_as_many_exchanges_as_its_subscription_allows() {
    let world = World::new().await;
    let tenant = TenantId::parse("leads").unwrap();
    let configuration = world.engine.configuration();
    configuration.put_tenant(&Origin::ADMIN, tenant.clone(), tenant_of("leadhub", "{}")).await.unwrap();
    let mut spec = pushed_with(to("https://slow.example/"), |push| push.concurrency = 8);
    spec.name = Some("Slow".to_owned());
    spec.events = vec![EventType::parse("lead.created").unwrap()];
    world.subscribe_in(&tenant, spec).await;
    let leads = (0..10).map(|number| event("lead.created", &format!(r#"{{"id":{number}}}"#))).collect();
    for published in world.engine.accepting().publish_batch(&tenant, leads).await {
        published.unwrap();
    }
    let mut hanging = Vec::new();
    for _ in 0..8 {
        hanging.push(world.exchange().await);
    }
    world.no_exchange().await;
}
