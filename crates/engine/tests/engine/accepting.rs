//! Accepting: durable before it is answered, once per key, routed to whom it concerns.

use bytes::Bytes;
use postroad_domain::{EventType, SubscriptionSpec, TenantId};
use postroad_engine::{Origin, PublishError, PublishEvent};

use crate::world::{World, acme, event, patient, to};

#[tokio::test]
async fn an_event_is_answered_only_after_its_commit_and_sent_only_then() {
    let world = World::new().await;
    world.subscribe(to("https://a.example/hook")).await;
    let held = world.store.hold_commits();
    let engine = world.engine.clone();
    let publishing = tokio::spawn(async move { engine.accepting().publish(&acme(), event("a", "{}")).await });
    world.no_exchange().await;
    assert!(!publishing.is_finished());
    drop(held);
    let published = patient("the answer", publishing).await.unwrap().unwrap();
    assert_eq!(published.deliveries, 1);
    world.exchange().await;
}

#[tokio::test]
async fn what_waits_while_a_commit_is_under_way_shares_the_next_one() {
    let world = World::new().await;
    let before = world.store.commits();
    let held = world.store.hold_commits();
    let publish = || {
        let engine = world.engine.clone();
        tokio::spawn(async move { engine.accepting().publish(&acme(), event("a", "{}")).await })
    };
    let first = publish();
    world.settle().await;
    let others: Vec<_> = (0..100).map(|_| publish()).collect();
    world.settle().await;
    drop(held);
    for publishing in others.into_iter().chain([first]) {
        patient("the answer", publishing).await.unwrap().unwrap();
    }
    assert_eq!(world.store.commits() - before, 2);
}

#[tokio::test]
async fn an_event_goes_to_the_subscriptions_that_want_its_type_and_tags() {
    let world = World::new().await;
    let events = vec![EventType::parse("lead.created").unwrap()];
    world.subscribe(SubscriptionSpec { events, ..to("https://leads.example/") }).await;
    let tag_sets = vec![vec!["vip".to_owned()]];
    world.subscribe(SubscriptionSpec { tag_sets, ..to("https://vip.example/") }).await;
    world.subscribe(SubscriptionSpec { active: false, ..to("https://paused.example/") }).await;

    let tagged = PublishEvent { tags: vec!["vip".to_owned()], ..event("lead.created", "{}") };
    assert_eq!(world.try_publish(tagged).await.unwrap().deliveries, 2);
    assert_eq!(world.publish("{}").await.deliveries, 1);
    assert_eq!(world.try_publish(event("other", "{}")).await.unwrap().deliveries, 0);
}

#[tokio::test]
async fn the_same_key_is_the_same_event_and_with_other_bytes_a_conflict() {
    let world = World::new().await;
    let keyed = |bytes: &'static str| PublishEvent {
        idempotency: Some(("order-7".to_owned(), Bytes::from_static(bytes.as_bytes()))),
        ..event("a", "{}")
    };
    // Both wait for the same commit: the second joins the first.
    let (first, second) = tokio::join!(world.try_publish(keyed("x")), world.try_publish(keyed("x")));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!((first.id, first.duplicate, second.duplicate), (second.id, false, true));
    assert_eq!(second.accepted_at, first.accepted_at);
    let conflict = world.try_publish(keyed("y")).await;
    assert!(matches!(conflict, Err(PublishError::KeyConflict)), "{conflict:?}");
}

#[tokio::test]
async fn a_subscription_is_seen_by_the_event_published_right_after_it() {
    let world = World::new().await;
    world.publish("{}").await;
    world.subscribe(to("https://a.example/")).await;
    assert_eq!(world.publish("{}").await.deliveries, 1);
}

#[tokio::test]
async fn a_subscription_made_by_somebody_else_on_the_same_store_is_seen_too() {
    let world = World::new().await;
    world.publish("{}").await;
    // A second engine on the store stands for any writer whose change this one's cache did not notice.
    let other = World::on(world.store.clone(), world.clock.clone()).await;
    other.subscribe(to("https://a.example/")).await;
    assert_eq!(world.publish("{}").await.deliveries, 1);
}

#[tokio::test]
async fn an_event_for_a_tenant_that_is_not_there_is_refused() {
    let world = World::new().await;
    let nobody = TenantId::parse("nobody").unwrap();
    let refused = world.engine.accepting().publish(&nobody, event("a", "{}")).await;
    assert!(matches!(refused, Err(PublishError::NoTenant)));
    world.publish("{}").await;
    assert!(world.engine.configuration().delete_tenant(&Origin::ADMIN, &acme()).await.unwrap());
    let refused = world.try_publish(event("a", "{}")).await;
    assert!(matches!(refused, Err(PublishError::NoTenant)));
}

#[tokio::test]
async fn an_event_for_hundreds_of_subscriptions_reaches_them_all_and_says_so_at_once() {
    let world = World::new().await;
    for number in 0..450 {
        world.subscribe(to(&format!("https://s{number}.example/"))).await;
    }
    assert_eq!(world.publish("{}").await.deliveries, 450);
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..450 {
        let exchange = world.exchange().await;
        reached.insert(exchange.request.url.as_str().to_owned());
        exchange.answer(200);
    }
    assert_eq!(reached.len(), 450);
    world.no_exchange().await;
}

#[tokio::test]
async fn one_event_that_the_store_refuses_does_not_fail_its_neighbours() {
    let world = World::new().await;
    world.store.fail_events_of_type("poison");
    let batch = ["a", "poison", "b", "c", "d"].map(|name| event(name, "{}")).to_vec();
    let results = patient("the batch", world.engine.accepting().publish_batch(&acme(), batch)).await;
    let accepted: Vec<_> = results.iter().map(Result::is_ok).collect();
    assert_eq!(accepted, [true, false, true, true, true]);
}
