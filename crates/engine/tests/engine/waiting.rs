//! Deliveries that wait: for a delay, for a moment, for further events; and those that are sent before.

use std::time::Duration;

use bytes::Bytes;
use postroad_domain::{Clock, Grouping, Status, SubscriptionSpec, Timestamp};
use postroad_engine::{Origin, PublishError, PublishEvent, RetryError, SendNowError};

use crate::world::{World, acme, event, pushed_with, to};

const SECOND: Duration = Duration::from_secs(1);

fn delayed(delay: Duration) -> SubscriptionSpec {
    pushed_with(to("https://receiver.example/hook"), |push| push.delay = delay)
}

fn grouped(window: Duration, delay: Duration) -> SubscriptionSpec {
    let group = Some(Grouping { window, max_events: None, max_bytes: None });
    pushed_with(to("https://receiver.example/hook"), |push| (push.group, push.delay) = (group, delay))
}

fn at(event: PublishEvent, deliver_at: Timestamp) -> PublishEvent {
    PublishEvent { deliver_at: Some(deliver_at), ..event }
}

fn data_of(body: &Bytes) -> Vec<u64> {
    let list: Vec<serde_json::Value> = serde_json::from_slice(body).unwrap();
    list.iter().map(|event| event["data"]["n"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_delay_counts_from_the_event_and_not_from_when_it_came() {
    let world = World::new().await;
    world.subscribe(delayed(10 * SECOND)).await;
    let late = PublishEvent {
        occurred_at: Some(world.clock.now().before(4 * SECOND)),
        ..event("lead.created", r#"{"n":1}"#)
    };
    let early = world.publish(r#"{"n":2}"#).await;
    world.try_publish(late).await.unwrap();
    let view = world.reaches(&early, Status::Queued).await;
    assert_eq!(view.delivery.due_at, Some(early.accepted_at.after(10 * SECOND)));
    world.pass(5 * SECOND).await;
    world.no_exchange().await;
    world.pass(SECOND).await;
    world.exchange().await.answer(200);
    world.no_exchange().await;
    world.pass(4 * SECOND).await;
    world.exchange().await.answer(200);
    world.reaches(&early, Status::Succeeded).await;
}

#[tokio::test]
async fn an_event_that_is_said_to_happen_later_waits_no_longer_than_its_delay() {
    let world = World::new().await;
    world.subscribe(delayed(10 * SECOND)).await;
    let future = world.clock.now().after(3_600 * SECOND);
    world
        .try_publish(PublishEvent { occurred_at: Some(future), ..event("lead.created", "{}") })
        .await
        .unwrap();
    world.pass(10 * SECOND).await;
    world.exchange().await.answer(200);
}

#[tokio::test]
async fn an_event_is_not_sent_before_its_moment_and_its_delay() {
    let world = World::new().await;
    world.subscribe(delayed(10 * SECOND)).await;
    world.subscribe(to("https://other.example/hook")).await;
    let moment = world.clock.now().after(5 * SECOND);
    world.try_publish(at(event("lead.created", "{}"), moment)).await.unwrap();
    world.pass(4 * SECOND).await;
    world.no_exchange().await;
    world.pass(SECOND).await;
    let first = world.exchange().await;
    assert!(first.request.url.as_str().starts_with("https://other.example"));
    first.answer(200);
    world.no_exchange().await;
    world.pass(5 * SECOND).await;
    world.exchange().await.answer(200);
}

#[tokio::test]
async fn a_moment_that_is_over_means_at_once_and_one_far_away_is_refused() {
    let world = World::new().await;
    world.subscribe(to("https://receiver.example/hook")).await;
    let now = world.clock.now();
    world.try_publish(at(event("lead.created", "{}"), now.before(SECOND))).await.unwrap();
    world.exchange().await.answer(200);
    let far = now.after(Duration::from_secs(31 * 24 * 3_600));
    let refused = world.try_publish(at(event("lead.created", "{}"), far)).await.unwrap_err();
    assert!(matches!(refused, PublishError::DeliverAt(_)), "{refused:?}");
    world.no_exchange().await;
}

#[tokio::test]
async fn what_waits_can_be_called_off() {
    let world = World::new().await;
    world.subscribe(delayed(10 * SECOND)).await;
    let published = world.publish("{}").await;
    let id = world.delivery_of(&published).await;
    world.engine.history().cancel_delivery(&Origin::ADMIN, &acme(), id).await.unwrap();
    world.pass(20 * SECOND).await;
    world.no_exchange().await;
}

#[tokio::test]
async fn a_delivery_that_waits_is_sent_at_once_by_a_retry_and_keeps_its_schedule() {
    let world = World::new().await;
    world.subscribe(to("https://receiver.example/hook")).await;
    let published = world.publish("{}").await;
    let first = world.exchange().await;
    let id = world.delivery_of(&published).await;
    let under_way = world.engine.history().retry_delivery(&Origin::ADMIN, &acme(), id).await;
    assert!(matches!(under_way, Err(RetryError::Delivering)), "{under_way:?}");
    first.answer(500);
    world.reaches(&published, Status::Queued).await;
    world.settle().await;
    world.engine.history().retry_delivery(&Origin::ADMIN, &acme(), id).await.unwrap();
    world.exchange().await.answer(500);
    world.settle().await;
    let view = world.view(id).await;
    // Behind the second attempt, not behind the first.
    let gap = view.delivery.due_at.unwrap().since(view.attempts[1].at);
    assert_eq!((view.attempts.len(), gap.as_secs()), (2, 300));
}

#[tokio::test]
async fn all_that_waits_for_a_subscription_is_sent_now_in_its_order() {
    let world = World::new().await;
    let spec = pushed_with(delayed(3_600 * SECOND), |push| push.concurrency = 1);
    let subscription = world.subscribe(spec).await.subscription;
    for number in 1..=3 {
        world.publish(&format!(r#"{{"n":{number}}}"#)).await;
        world.pass(SECOND).await;
    }
    world.no_exchange().await;
    let tenant = acme();
    let send_now = || world.engine.sending().send_now(&Origin::ADMIN, &tenant, subscription.id);
    assert_eq!(send_now().await.unwrap(), 3);
    world.pass(Duration::from_millis(1)).await;
    for number in 1..=3 {
        let exchange = world.exchange().await;
        let sent: serde_json::Value = serde_json::from_slice(&exchange.request.body).unwrap();
        assert_eq!(sent["data"]["n"], number);
        exchange.answer(200);
    }
    world.settle().await;
    assert_eq!(send_now().await.unwrap(), 0);
    world.pause(subscription.id, false).await;
    let refused = send_now().await.unwrap_err();
    assert!(matches!(refused, SendNowError::Inactive), "{refused:?}");
}

#[tokio::test]
async fn sending_now_ends_the_pause_of_the_breaker() {
    let world = World::new().await;
    let spec = pushed_with(to("https://receiver.example/hook"), |push| push.concurrency = 1);
    let subscription = world.subscribe(spec).await.subscription;
    for _ in 0..12 {
        world.publish("{}").await;
    }
    for _ in 0..10 {
        world.exchange().await.answer(500);
    }
    world.no_exchange().await;
    world.engine.sending().send_now(&Origin::ADMIN, &acme(), subscription.id).await.unwrap();
    world.exchange().await.answer(200);
}

#[tokio::test]
async fn the_events_of_a_window_are_one_request_in_the_order_in_which_they_happened() {
    let world = World::new().await;
    world.subscribe(grouped(60 * SECOND, Duration::ZERO)).await;
    let first = world.publish(r#"{"n":2}"#).await;
    let earlier = PublishEvent {
        occurred_at: Some(world.clock.now().before(SECOND)),
        ..event("lead.created", r#"{"n":1}"#)
    };
    world.try_publish(earlier).await.unwrap();
    world.pass(SECOND).await;
    world.publish(r#"{"n":3}"#).await;
    world.pass(58 * SECOND).await;
    world.no_exchange().await;
    world.pass(SECOND).await;
    let exchange = world.exchange().await;
    assert_eq!(data_of(&exchange.request.body), [1, 2, 3]);
    let body = exchange.request.body.clone();
    exchange.answer(500);
    world.pass(5 * SECOND).await;
    let again = world.exchange().await;
    assert_eq!(again.request.body, body, "it is the same in every attempt");
    again.answer(200);
    let view = world.reaches(&first, Status::Succeeded).await;
    assert_eq!((view.delivery.event_count, view.body), (3, Some(body)));
    world.publish(r#"{"n":4}"#).await;
    world.pass(60 * SECOND).await;
    let next = world.exchange().await;
    assert_eq!(data_of(&next.request.body), [4], "a list also where it is one");
    next.answer(200);
}

/// LeadSquared's page: the delay counts from the event, so a group waits for its latest event and not for both.
#[tokio::test]
async fn a_group_waits_for_its_window_or_the_delay_of_its_latest_event() {
    let world = World::new().await;
    world.subscribe(grouped(2 * SECOND, 3 * SECOND)).await;
    world.publish(r#"{"n":1}"#).await;
    world.pass(SECOND).await;
    world.publish(r#"{"n":2}"#).await;
    world.pass(2 * SECOND).await;
    world.no_exchange().await;
    world.pass(SECOND).await;
    let exchange = world.exchange().await;
    assert_eq!(data_of(&exchange.request.body), [1, 2]);
    exchange.answer(200);
}

/// It was read when its window was over, and sent before the delay of the event that came last; and then once more.
#[tokio::test]
async fn a_group_waits_for_an_event_whose_commit_was_under_way_when_its_window_ended() {
    let world = World::new().await;
    world.subscribe(grouped(3 * SECOND, 2 * SECOND)).await;
    world.publish(r#"{"n":1}"#).await;
    world.pass(Duration::from_millis(2_500)).await;
    let held = world.store.hold_commits();
    let (last, _) = tokio::join!(world.publish(r#"{"n":2}"#), async {
        held.wait_for(1).await;
        world.pass(Duration::from_millis(500)).await;
        world.no_exchange().await;
        drop(held);
    });
    world.no_exchange().await;
    world.pass(Duration::from_millis(1_499)).await;
    world.no_exchange().await;
    world.pass(Duration::from_millis(1)).await;
    let exchange = world.exchange().await;
    assert_eq!(data_of(&exchange.request.body), [1, 2]);
    exchange.answer(200);
    let view = world.reaches(&last, Status::Succeeded).await;
    assert_eq!(view.attempts.len(), 1);
    world.pass(60 * SECOND).await;
    world.no_exchange().await;
}

#[tokio::test]
async fn a_full_group_is_sent_at_once() {
    let world = World::new().await;
    let spec = pushed_with(grouped(60 * SECOND, Duration::ZERO), |push| {
        push.group = push.group.map(|group| Grouping { max_events: Some(2), ..group });
    });
    world.subscribe(spec).await;
    for number in 1..=3 {
        world.publish(&format!(r#"{{"n":{number}}}"#)).await;
    }
    let exchange = world.exchange().await;
    assert_eq!(data_of(&exchange.request.body), [1, 2]);
    exchange.answer(200);
    world.no_exchange().await;
    world.pass(60 * SECOND).await;
    let exchange = world.exchange().await;
    assert_eq!(data_of(&exchange.request.body), [3]);
    exchange.answer(200);
}

#[tokio::test]
async fn sending_now_closes_the_open_group() {
    let world = World::new().await;
    let subscription = world.subscribe(grouped(60 * SECOND, Duration::ZERO)).await.subscription;
    world.publish(r#"{"n":1}"#).await;
    world.publish(r#"{"n":2}"#).await;
    let count = world.engine.sending().send_now(&Origin::ADMIN, &acme(), subscription.id).await.unwrap();
    assert_eq!(count, 1);
    world.publish(r#"{"n":3}"#).await;
    let exchange = world.exchange().await;
    assert_eq!(data_of(&exchange.request.body), [1, 2]);
    exchange.answer(200);
    world.no_exchange().await;
}

#[tokio::test]
async fn an_event_with_a_moment_of_its_own_is_not_sent_with_others() {
    let world = World::new().await;
    world.subscribe(grouped(60 * SECOND, Duration::ZERO)).await;
    let moment = world.clock.now().after(SECOND);
    let refused = world.try_publish(at(event("lead.created", "{}"), moment)).await.unwrap_err();
    assert!(matches!(&refused, PublishError::DeliverAt(why) if why.contains("sub_")), "{refused:?}");
}

#[tokio::test]
async fn pausing_calls_the_open_group_off() {
    let world = World::new().await;
    let subscription = world.subscribe(grouped(60 * SECOND, Duration::ZERO)).await.subscription;
    let lost = world.publish(r#"{"n":1}"#).await;
    world.pause(subscription.id, false).await;
    world.pause(subscription.id, true).await;
    world.publish(r#"{"n":2}"#).await;
    world.pass(60 * SECOND).await;
    let exchange = world.exchange().await;
    assert_eq!(data_of(&exchange.request.body), [2]);
    exchange.answer(200);
    world.reaches(&lost, Status::Cancelled).await;
}
