//! Every delivery ends: by success, exhaustion, expiry, pause, deletion, gone receivers, a person's word.

use std::time::Duration;

use postroad_domain::{ErrorClass, Reason, RetryOverride, Status, SubscriptionSpec};
use postroad_engine::{CancelError, Origin, RetryError};

use crate::world::{World, acme, draft, pushed_with, to};

fn twice(url: &str) -> SubscriptionSpec {
    let retry = RetryOverride { attempts: Some(2), backoff: Some(vec![Duration::from_secs(10)]) };
    pushed_with(to(url), |push| push.retry = Some(retry))
}

#[tokio::test]
async fn a_delivery_whose_schedule_is_over_has_failed_exhausted() {
    let world = World::new().await;
    world.subscribe(twice("https://a.example/")).await;
    let published = world.publish("{}").await;
    world.exchange().await.fail(ErrorClass::Connect);
    world.reaches(&published, Status::Queued).await;
    world.pass(Duration::from_secs(10)).await;
    world.exchange().await.answer(302);
    let view = world.reaches(&published, Status::Failed).await;
    assert_eq!(view.delivery.reason, Some(Reason::Exhausted));
    assert_eq!(view.attempts.len(), 2);
}

#[tokio::test]
async fn a_person_sends_a_finished_delivery_again_through_the_normal_schedule() {
    let world = World::new().await;
    world.subscribe(twice("https://a.example/")).await;
    let published = world.publish("{}").await;
    world.exchange().await.answer(200);
    world.reaches(&published, Status::Succeeded).await;
    let id = world.delivery_of(&published).await;
    assert_eq!(
        world.engine.history().retry_delivery(&Origin::ADMIN, &acme(), id).await.unwrap().delivery.status,
        Status::Queued
    );
    let exchange = world.exchange().await;
    let under_way = world.engine.history().retry_delivery(&Origin::ADMIN, &acme(), id).await;
    assert!(matches!(under_way, Err(RetryError::Delivering)));
    exchange.answer(500);
    world.reaches(&published, Status::Queued).await;
    world.pass(Duration::from_secs(10)).await;
    world.exchange().await.answer(500);
    let view = world.reaches(&published, Status::Failed).await;
    assert_eq!(view.attempts.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 2, 3]);
}

#[tokio::test]
async fn a_pause_cancels_what_waits_and_only_new_events_go_out_afterwards() {
    let world = World::new().await;
    let subscription = world.subscribe(twice("https://a.example/")).await.subscription;
    let early = world.publish("1").await;
    world.exchange().await.answer(500);
    world.reaches(&early, Status::Queued).await;
    world.pause(subscription.id, false).await;
    let view = world.reaches(&early, Status::Cancelled).await;
    assert_eq!(view.delivery.reason, Some(Reason::Paused));
    assert_eq!(world.publish("2").await.deliveries, 0);

    let id = view.delivery.id;
    let refused = world.engine.history().retry_delivery(&Origin::ADMIN, &acme(), id).await;
    assert!(matches!(refused, Err(RetryError::Inactive)));
    world.pause(subscription.id, true).await;
    world.pass(Duration::from_secs(60)).await;
    world.no_exchange().await;
    world.publish("3").await;
    assert!(world.exchange().await.request.body.ends_with(br#""data":3}"#));
}

#[tokio::test]
async fn an_attempt_under_way_when_its_subscription_is_paused_may_still_succeed() {
    let world = World::new().await;
    let subscription = world.subscribe(to("https://a.example/")).await.subscription;
    let published = world.publish("{}").await;
    let exchange = world.exchange().await;
    world.pause(subscription.id, false).await;
    exchange.answer(200);
    world.reaches(&published, Status::Succeeded).await;
}

#[tokio::test]
async fn a_gone_receiver_makes_its_subscription_inactive_and_what_waits_is_held() {
    let world = World::new().await;
    let spec = pushed_with(twice("https://a.example/"), |push| push.concurrency = 1);
    let subscription = world.subscribe(spec).await.subscription;
    let first = world.publish("1").await;
    let second = world.publish("2").await;
    world.exchange().await.answer(410);
    world.reaches(&first, Status::Queued).await;
    world.no_exchange().await;
    let inactive = world.engine.configuration().subscription(&acme(), subscription.id).await.unwrap();
    assert!(!inactive.spec.active);
    assert_eq!(world.publish("3").await.deliveries, 0);

    world.pause(subscription.id, true).await;
    world.exchange().await.answer(200);
    world.reaches(&second, Status::Succeeded).await;
    world.pass(Duration::from_secs(10)).await;
    world.exchange().await.answer(200);
    world.reaches(&first, Status::Succeeded).await;
}

#[tokio::test]
async fn a_held_delivery_expires() {
    let world = World::new().await;
    world.subscribe(twice("https://a.example/")).await;
    let published = world.publish("1").await;
    world.exchange().await.answer(410);
    world.reaches(&published, Status::Queued).await;
    world.pass(Duration::from_secs(24 * 3600 + 11)).await;
    let view = world.reaches(&published, Status::Failed).await;
    assert_eq!(view.delivery.reason, Some(Reason::Expired));
}

#[tokio::test]
async fn a_cancelled_delivery_is_not_sent_and_an_ended_one_cannot_be_cancelled() {
    let world = World::new().await;
    world.subscribe(twice("https://a.example/")).await;
    let published = world.publish("{}").await;
    world.exchange().await.answer(500);
    let view = world.reaches(&published, Status::Queued).await;
    let id = view.delivery.id;
    let cancelled = world.engine.history().cancel_delivery(&Origin::ADMIN, &acme(), id).await.unwrap();
    assert_eq!(
        (cancelled.delivery.status, cancelled.delivery.reason),
        (Status::Cancelled, Some(Reason::Operator))
    );
    world.pass(Duration::from_secs(60)).await;
    world.no_exchange().await;
    assert!(matches!(
        world.engine.history().cancel_delivery(&Origin::ADMIN, &acme(), id).await,
        Err(CancelError::Finished)
    ));
}

#[tokio::test]
async fn a_deleted_subscription_gets_nothing_more_and_its_history_stays() {
    let world = World::new().await;
    let subscription = world.subscribe(twice("https://a.example/")).await.subscription;
    let published = world.publish("{}").await;
    world.exchange().await.answer(500);
    world.reaches(&published, Status::Queued).await;
    assert!(
        world
            .engine
            .configuration()
            .delete_subscription(&Origin::ADMIN, &acme(), subscription.id)
            .await
            .unwrap()
    );
    let view = world.reaches(&published, Status::Cancelled).await;
    assert_eq!(view.delivery.reason, Some(Reason::Deleted));
    assert_eq!(view.delivery.subscription, subscription.id);
    assert_eq!(view.attempts.len(), 1);
    world.pass(Duration::from_secs(60)).await;
    world.no_exchange().await;
}

#[tokio::test]
async fn a_delivery_cancelled_and_retried_during_its_attempt_is_sent_again() {
    let world = World::new().await;
    world.subscribe(twice("https://a.example/")).await;
    let published = world.publish("{}").await;
    let hanging = world.exchange().await;
    let id = world.delivery_of(&published).await;
    world.engine.history().cancel_delivery(&Origin::ADMIN, &acme(), id).await.unwrap();
    world.clock.advance(Duration::from_millis(1));
    let retried = world.engine.history().retry_delivery(&Origin::ADMIN, &acme(), id).await.unwrap();
    assert_eq!(retried.delivery.status, Status::Queued, "as it was written, not as it stands");
    world.settle().await;
    hanging.answer(500);
    world.exchange().await.answer(200);
    world.reaches(&published, Status::Succeeded).await;
}

#[tokio::test]
async fn the_answer_of_an_address_that_was_replaced_does_not_stop_the_new_one() {
    let world = World::new().await;
    let subscription = world.subscribe(twice("https://old.example/")).await.subscription;
    let published = world.publish("{}").await;
    let old = world.exchange().await;
    let mut spec = twice("https://new.example/");
    spec.push_mut().unwrap().concurrency = subscription.spec.push().unwrap().concurrency;
    world
        .engine
        .configuration()
        .update_subscription(&Origin::ADMIN, &acme(), subscription.id, 1, draft(spec))
        .await
        .unwrap();
    old.answer(410);
    world.reaches(&published, Status::Queued).await;
    assert!(world.engine.configuration().subscription(&acme(), subscription.id).await.unwrap().spec.active);
    world.pass(Duration::from_secs(10)).await;
    let new = world.exchange().await;
    assert_eq!(new.request.url.as_str(), "https://new.example/");
    new.answer(200);
}

#[tokio::test]
async fn a_change_of_the_subscription_ends_the_rest_that_its_receiver_asked_for() {
    let world = World::new().await;
    let subscription = world.subscribe(twice("https://a.example/")).await.subscription;
    world.publish("1").await;
    world.exchange().await.answer_with(429, &[("retry-after", "86400")]);
    world.settle().await;
    world.publish("2").await;
    world.no_exchange().await;
    world
        .engine
        .configuration()
        .update_subscription(&Origin::ADMIN, &acme(), subscription.id, 1, draft(twice("https://b.example/")))
        .await
        .unwrap();
    world.exchange().await.answer(200);
}

#[tokio::test]
async fn a_receiver_gets_its_rest_also_when_it_asks_for_it_at_a_deliverys_last_attempt() {
    let world = World::new().await;
    let retry = RetryOverride { attempts: Some(1), backoff: None };
    let spec = pushed_with(to("https://a.example/"), |push| {
        push.retry = Some(retry);
        push.concurrency = 1;
    });
    world.subscribe(spec).await;
    let exhausted = world.publish("1").await;
    world.publish("2").await;
    world.exchange().await.answer_with(503, &[("retry-after", "60")]);
    world.reaches(&exhausted, Status::Failed).await;
    world.pass(Duration::from_secs(59)).await;
    world.no_exchange().await;
    world.clock.advance(Duration::from_secs(2));
    world.exchange().await.answer(200);
}
