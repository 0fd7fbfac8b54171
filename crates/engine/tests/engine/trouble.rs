//! What no receiver is the reason of: a store that cannot write, where ingest is refused, outcomes are kept and everything
//! recovers by itself; answers of the store that are lost; a way out that is shut.

use std::time::Duration;

use postroad_domain::{
    Clock, CredentialKind, KeySpec, RetryOverride, Scope, Status, attempt::Answer, tenant::TenantSpec,
};
use postroad_engine::{Credential, KeyRefusal, Origin, PublishError};
use postroad_store::StoreError;

use crate::world::{World, acme, event, patient, pushed_with, tenant_of, to};

#[tokio::test]
async fn on_a_full_disk_nothing_is_accepted_no_outcome_is_lost_and_it_recovers_by_itself() {
    let world = World::new().await;
    world.subscribe(to("https://a.example/")).await;
    let published = world.publish("{}").await;
    let exchange = world.exchange().await;
    world.store.fail_commits(Some(StoreError::Full));
    let refused = world.try_publish(event("a", "{}")).await;
    assert!(matches!(refused, Err(PublishError::Store(StoreError::Full))), "{refused:?}");
    exchange.answer(200);
    world.settle().await;
    assert!(!world.engine.is_ready());
    let refused = world.try_publish(event("a", "{}")).await;
    assert!(matches!(refused, Err(PublishError::Store(_))), "{refused:?}");

    world.store.fail_commits(None);
    patient("the recovery", async {
        while !world.engine.is_ready() {
            world.clock.advance(Duration::from_millis(250));
            tokio::task::yield_now().await;
        }
    })
    .await;
    let view = world.reaches(&published, Status::Succeeded).await;
    assert_eq!(view.attempts.len(), 1);
    world.publish("{}").await;
    world.exchange().await.answer(200);
}

/// It would have waited until somebody made room, which may be hours, while whoever asked for it waited too.
#[tokio::test]
async fn an_event_that_waits_behind_a_commit_that_finds_the_disk_full_is_refused_with_it() {
    let world = World::new().await;
    let held = world.store.hold_commits();
    let publish = || {
        let engine = world.engine.clone();
        tokio::spawn(async move { engine.accepting().publish(&acme(), event("a", "{}")).await })
    };
    let first = publish();
    world.settle().await;
    let second = publish();
    world.settle().await;
    world.store.fail_commits(Some(StoreError::Full));
    drop(held);
    for publishing in [first, second] {
        let refused = patient("an answer", publishing).await.unwrap();
        assert!(matches!(refused, Err(PublishError::Store(StoreError::Full))), "{refused:?}");
    }
    assert!(!world.engine.is_ready());
}

/// A stop used to wait for room on the disk.
#[tokio::test]
async fn a_node_that_cannot_write_stops_all_the_same_and_its_last_outcome_is_made_again() {
    let world = World::new().await;
    world.subscribe(to("https://a.example/")).await;
    let published = world.publish("{}").await;
    let exchange = world.exchange().await;
    world.store.fail_commits(Some(StoreError::Full));
    exchange.answer(200);
    world.settle().await;
    patient("the stop", world.engine.stop(Duration::ZERO)).await;

    world.store.fail_commits(None);
    let again = World::on(world.store.clone(), world.clock.clone()).await;
    again.exchange().await.answer(200);
    again.reaches(&published, Status::Succeeded).await;
}

#[tokio::test]
async fn deliveries_go_out_also_after_the_wall_clock_was_set_back() {
    let world = World::new().await;
    world.subscribe(to("https://a.example/")).await;
    world.publish("{}").await;
    let hanging = world.exchange().await;
    world.clock.set_wall(world.clock.now().before(Duration::from_secs(3_600)));
    // More than memory holds, so that the rest must come from the store by its due time.
    for _ in 0..1_500 {
        world.publish("{}").await;
    }
    hanging.answer(200);
    for _ in 0..1_500 {
        world.exchange().await.answer(200);
    }
}

#[tokio::test]
async fn the_gaps_of_a_schedule_are_kept_also_after_the_wall_clock_was_set_back() {
    let world = World::new().await;
    world.subscribe(to("https://a.example/")).await;
    let published = world.publish("{}").await;
    let exchange = world.exchange().await;
    world.clock.set_wall(world.clock.now().before(Duration::from_secs(3_600)));
    exchange.answer(500);
    world.reaches(&published, Status::Queued).await;
    world.pass(Duration::from_secs(4)).await;
    world.no_exchange().await;
    world.clock.advance(Duration::from_secs(2));
    world.exchange().await.answer(200);
}

fn lost() -> Option<StoreError> {
    Some(StoreError::Unavailable("the answer was lost".to_owned()))
}

/// Its keys went on being taken, and its subscriptions being sent to, from memory.
#[tokio::test]
async fn when_nobody_knows_whether_a_tenant_was_deleted_memory_answers_nothing_of_it() {
    let world = World::new().await;
    world.subscribe(to("https://a.example/")).await;
    let spec = KeySpec {
        name: "app".to_owned(),
        kind: CredentialKind::Api,
        scopes: [Scope::EventsWrite].into(),
        rate_limit: None,
        expires_at: None,
    };
    let (_, credential) =
        world.engine.configuration().create_key(&Origin::ADMIN, &acme(), spec).await.unwrap();
    let Credential::Key(key) = credential else { panic!("it is a pair") };
    world.engine.configuration().key(&key).await.unwrap();
    world.store.lose_answers(lost());
    let deleted = world.engine.configuration().delete_tenant(&Origin::ADMIN, &acme()).await;
    assert!(matches!(deleted, Err(StoreError::Unavailable(_))), "{deleted:?}");
    assert_eq!(world.engine.configuration().tenant(&acme()).await.unwrap(), None);
    let refused = world.engine.configuration().key(&key).await;
    assert!(matches!(refused, Err(KeyRefusal::Unknown)), "{refused:?}");
    assert!(world.try_publish(event("a", "{}")).await.is_err());
}

#[tokio::test]
async fn when_nobody_knows_whether_a_tenant_was_changed_it_is_read_again() {
    let world = World::new().await;
    let spec = TenantSpec { name: Some("Acme".to_owned()), ..tenant_of("standard", "{}") };
    world.store.lose_answers(lost());
    world.engine.configuration().put_tenant(&Origin::ADMIN, acme(), spec).await.unwrap_err();
    let read = world.engine.configuration().tenant(&acme()).await.unwrap().unwrap();
    assert_eq!(read.spec.name.as_deref(), Some("Acme"));
}

#[tokio::test]
async fn when_nobody_knows_whether_a_subscription_was_deleted_nothing_is_sent_to_it() {
    let world = World::new().await;
    let id = world.subscribe(to("https://a.example/")).await.subscription.id;
    world.publish("{}").await;
    let first = world.exchange().await;
    let published = world.publish("{}").await;
    world.store.lose_answers(lost());
    world.engine.configuration().delete_subscription(&Origin::ADMIN, &acme(), id).await.unwrap_err();
    first.answer(200);
    world.no_exchange().await;
    world.reaches(&published, Status::Cancelled).await;
}

/// A proxy that was down for some minutes used up the attempts of everything that waited.
#[tokio::test]
async fn while_the_way_out_is_shut_deliveries_wait_in_their_order_and_no_attempt_is_counted() {
    for ordered in [false, true] {
        let world = World::new().await;
        let retry = Some(RetryOverride { attempts: Some(1), backoff: None });
        world
            .subscribe(pushed_with(to("https://a.example/"), |push| {
                push.retry = retry;
                push.ordered = ordered;
            }))
            .await;
        let published = [world.publish("1").await, world.publish("2").await];
        for seconds in [1, 1, 2, 4, 8] {
            let pause = Duration::from_secs(seconds);
            world.exchange().await.shut_out(pause);
            world.pass(pause - Duration::from_millis(1)).await;
            world.no_exchange().await;
            world.pass(Duration::from_millis(1)).await;
        }
        for one in &published {
            let exchange = world.exchange().await;
            assert_eq!(exchange.header("webhook-id"), one.id.to_string());
            exchange.answer(200);
            let view = world.reaches(one, Status::Succeeded).await;
            assert_eq!((view.attempts.len(), view.attempts[0].number), (1, 1));
        }
    }
}

#[tokio::test]
async fn a_test_of_a_subscription_says_that_the_way_out_is_shut() {
    let world = World::new().await;
    let id = world.subscribe(to("https://a.example/")).await.subscription.id;
    let (engine, named) = (world.engine.clone(), Some("lead.created".to_owned()));
    let test =
        tokio::spawn(
            async move { engine.sending().test_subscription(&Origin::ADMIN, &acme(), id, named).await },
        );
    world.exchange().await.shut_out(Duration::from_secs(1));
    let view = world.view(test.await.unwrap().unwrap()).await;
    assert_eq!(view.delivery.status, Status::Failed);
    let answer = &view.attempts[0].answer;
    assert!(
        matches!(answer, Answer::Error { message, .. } if message == "the way out is shut"),
        "{answer:?}"
    );
}
