//! Sending: the exact request, turns, limits, what the log shows.

use postroad_engine::{NewSubscription, Origin};
use std::time::Duration;

use postroad_domain::{CustomHeader, ErrorClass, Status, SubscriptionSpec, TenantId, attempt::Answer};

use crate::world::{World, acme, draft, event, pushed_with, to};

#[tokio::test]
async fn the_request_carries_the_data_byte_for_byte_and_the_log_shows_what_was_sent() {
    let world = World::new().await;
    let spec = pushed_with(to("https://a.example/hook?key=A%2FB"), |push| {
        push.headers = vec![
            CustomHeader::parse("X-Team", "crm").unwrap(),
            CustomHeader::parse("X-Api-Key", "s3cret").unwrap(),
        ];
        push.authorization = Some("Basic dTpw".to_owned());
    });
    world.subscribe(spec).await;
    let published = world.publish(r#"{"b":1.0, "a":[1e3,"\u00e9"], "b":2}"#).await;

    let exchange = world.exchange().await;
    let accepted_at = published.accepted_at;
    let body = format!(
        r#"{{"type":"lead.created","timestamp":"{accepted_at}","data":{{"b":1.0, "a":[1e3,"\u00e9"], "b":2}}}}"#
    );
    assert_eq!(exchange.request.body, body);
    assert_eq!(exchange.request.url.as_str(), "https://a.example/hook?key=A%2FB");
    assert_eq!(exchange.header("webhook-id"), published.id.to_string());
    assert_eq!(exchange.header("content-type"), "application/json");
    assert_eq!(exchange.header("x-team"), "crm");
    assert_eq!(exchange.header("authorization"), "Basic dTpw");
    let signature = exchange.header("webhook-signature").to_owned();
    exchange.answer_with(201, &[("X-Trace", "7")]);

    let view = world.reaches(&published, Status::Succeeded).await;
    assert_eq!(view.body.unwrap(), body);
    let attempt = &view.attempts[0];
    let logged = |name: &str| attempt.request.headers.get(name);
    assert_eq!(logged("webhook-signature"), Some(signature.as_str()));
    for name in ["authorization", "x-api-key", "x-team"] {
        assert_eq!(logged(name), Some("***"), "what the customer set may be a credential");
    }
    let Answer::Response(response) = &attempt.answer else { panic!("{attempt:?}") };
    assert_eq!((response.status, &response.body[..]), (201, &b"thanks"[..]));
}

#[tokio::test]
async fn one_subscription_has_no_more_exchanges_under_way_than_it_allows() {
    let world = World::new().await;
    world.subscribe(pushed_with(to("https://a.example/"), |push| push.concurrency = 2)).await;
    for _ in 0..4 {
        world.publish("{}").await;
    }
    let unknown = world.exchange().await;
    world.no_exchange().await;
    // It answers, so it may have all that its subscription allows.
    unknown.answer(200);
    let first = world.exchange().await;
    let _second = world.exchange().await;
    world.no_exchange().await;
    first.answer(200);
    world.exchange().await;
}

#[tokio::test]
async fn a_receiver_that_never_answers_does_not_slow_its_neighbour() {
    let world = World::new().await;
    let events = |name: &str| vec![postroad_domain::EventType::parse(name).unwrap()];
    world.subscribe(SubscriptionSpec { events: events("slow"), ..to("https://slow.example/") }).await;
    world.subscribe(SubscriptionSpec { events: events("quick"), ..to("https://quick.example/") }).await;
    for _ in 0..3_000 {
        world.try_publish(event("slow", "{}")).await.unwrap();
    }
    // One is answered, so that its lane has all exchanges that it may have; then it hangs.
    world.exchange().await.answer(200);
    world.exchange().await.answer(200);
    let mut hanging = Vec::new();
    for _ in 0..8 {
        hanging.push(world.exchange().await);
    }
    for _ in 0..100 {
        world.try_publish(event("quick", "{}")).await.unwrap();
        let exchange = world.exchange().await;
        assert_eq!(exchange.request.url.as_str(), "https://quick.example/");
        exchange.answer(200);
    }
    // What did not fit into memory comes from the store, each once.
    let mut seen = std::collections::BTreeSet::new();
    for exchange in hanging {
        seen.insert(exchange.header("webhook-id").to_owned());
        exchange.answer(200);
    }
    while seen.len() < 2_998 {
        let exchange = world.exchange().await;
        assert!(seen.insert(exchange.header("webhook-id").to_owned()), "sent twice");
        exchange.answer(200);
    }
    world.no_exchange().await;
}

#[tokio::test]
async fn a_failed_delivery_comes_back_at_its_due_time_and_not_before() {
    let world = World::new().await;
    world.subscribe(to("https://a.example/")).await;
    let published = world.publish("{}").await;
    let first = world.exchange().await;
    let (id, signature) =
        (first.header("webhook-id").to_owned(), first.header("webhook-signature").to_owned());
    first.answer(500);
    let view = world.reaches(&published, Status::Queued).await;
    let wait = view.delivery.due_at.unwrap().since(published.accepted_at);
    assert!((Duration::from_secs(5)..=Duration::from_millis(5_501)).contains(&wait), "{wait:?}");

    world.pass(wait - Duration::from_micros(10)).await;
    world.no_exchange().await;
    world.clock.advance(Duration::from_micros(20));
    let second = world.exchange().await;
    assert_eq!(second.header("webhook-id"), id);
    assert_ne!(second.header("webhook-signature"), signature, "timestamp and signature are renewed");
    second.answer(200);
    let view = world.reaches(&published, Status::Succeeded).await;
    assert_eq!(view.attempts.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn a_receiver_that_asks_for_rest_gets_it() {
    let world = World::new().await;
    world.subscribe(pushed_with(to("https://a.example/"), |push| push.concurrency = 1)).await;
    world.publish("{}").await;
    world.publish("{}").await;
    world.exchange().await.answer_with(429, &[("retry-after", "60")]);
    world.pass(Duration::from_secs(59)).await;
    world.no_exchange().await;
    world.clock.advance(Duration::from_secs(2));
    world.exchange().await.answer(200);
    world.exchange().await.answer(200);
}

#[tokio::test]
async fn a_url_that_must_not_be_called_is_refused_and_nothing_is_created() {
    let world = World::new().await;
    let new = postroad_engine::NewSubscription { draft: draft(to("https://blocked.example/")), secret: None };
    let refused =
        world.engine.configuration().create_subscription(&Origin::ADMIN, &acme(), new).await.err().unwrap();
    assert!(matches!(refused, postroad_engine::CreateError::BlockedUrl(_)));
    assert_eq!(world.engine.configuration().subscriptions(&acme()).await.unwrap(), []);
}

#[tokio::test]
async fn an_attempt_whose_request_went_out_twice_says_so_whatever_came_of_it() {
    let world = World::new().await;
    world.subscribe(to("https://a.example/")).await;
    let published = world.publish("{}").await;
    world.exchange().await.fail_the_second_time(ErrorClass::Connect);
    world.pass(Duration::from_secs(60)).await;
    world.exchange().await.answer(503);
    world.pass(Duration::from_secs(3_600)).await;
    world.exchange().await.answer_the_second_time(200);
    let view = world.reaches(&published, Status::Succeeded).await;
    let repeated: Vec<_> = view.attempts.iter().map(|attempt| attempt.repeated).collect();
    assert_eq!(repeated, [true, false, true]);
}

#[tokio::test]
async fn requests_of_two_tenants_to_one_receiver_have_different_owners() {
    let world = World::new().await;
    world.put_tenant("other").await;
    let other = TenantId::parse("other").unwrap();
    let mut owners = Vec::new();
    for tenant in [acme(), other.clone(), acme(), other] {
        let (configuration, accepting) = (world.engine.configuration(), world.engine.accepting());
        let subscription = NewSubscription { draft: draft(to("https://a.example/")), secret: None };
        configuration.create_subscription(&Origin::ADMIN, &tenant, subscription).await.unwrap();
        accepting.publish(&tenant, event("lead.created", "{}")).await.unwrap();
        let exchange = world.exchange().await;
        owners.push(exchange.request.owner);
        exchange.answer(200);
        // A second subscription of the tenant has its own exchange.
        if owners.len() > 2 {
            world.exchange().await.answer(200);
        }
    }
    assert_eq!((owners[0], owners[1]), (owners[2], owners[3]));
    assert_ne!(owners[0], owners[1]);
}
