//! Endpoints that a tenant keeps under names: subscriptions that are sent to one, and what follows when it changes.

use std::time::Duration;

use postroad_domain::{
    ReplaySelection, Status, Subscription, SubscriptionId, SubscriptionSpec, Target, TlsSettings,
    subscription::{InactiveReason, Push},
};
use postroad_engine::{
    AuditFilter, CreateError, GivenProfile, NewSubscription, Origin, PreviewEvent, PutTenantError,
    SubscriptionView, UpdateError,
};
use postroad_profile::FieldProblem;
use postroad_store::{Configuration, memory::MemoryStore};
use postroad_testkit::clock::ManualClock;
use serde_json::{Value, json};

use crate::{
    replaying::{all_of, next_exchange, start},
    world::{World, acme, draft, event, tenant_of, to},
};

const FUNCTIONS: &str = r#"
name = "functions"
title = "Functions"
events = [{ name = "lead.created", example = "examples/e.json" }]
request.methods = ["PUT", "POST"]
request.content = [{ type = "application/json", body = "{\"to\":{{ subscription.url | json }},\"data\":{{ event.data }}}" }]
delivery = { backoff = ["10s"], jitter_percent = 0 }
subscription.require_https = "options.strict"

[request.endpoint]
option = "options.function"
methods = ["POST"]
headers = [{ name = "x-api-key", value = "{{ endpoint.api_key }}" }]

[options]
functions = { of = "tenant", type = "endpoints" }
function = { of = "subscription", type = "endpoint", from = "options.functions" }
strict = { of = "subscription", type = "boolean", default = false }
tries = { of = "tenant", type = "boolean", default = false }

[[handshakes]]
on = ["url"]
method = "HEAD"
blocking = true
when = "options.tries"
"#;

/// A tenant with these options.
async fn world(options: Value) -> World {
    let files = [("profile.toml", FUNCTIONS), ("examples/e.json", r#"{"id":1}"#)];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    let profiles = vec![GivenProfile::load(files.into()).unwrap()];
    let world = World::with_profiles(MemoryStore::embedded(), ManualClock::default(), profiles).await;
    put(&world, options).await.unwrap();
    world
}

async fn put(world: &World, options: Value) -> Result<(), PutTenantError> {
    let spec = tenant_of("functions", &options.to_string());
    world.engine.configuration().put_tenant(&Origin::ADMIN, acme(), spec).await.map(drop)
}

fn function(name: &str, host: &str) -> Value {
    json!({"name": name, "url": format!("https://{host}.example/"), "api_key": format!("key of {host}")})
}

/// A subscription that names an endpoint, or brings one.
fn to_function(function: Value) -> SubscriptionSpec {
    SubscriptionSpec {
        options: json!({ "function": function }).to_string(),
        ..SubscriptionSpec::of(Target::Push(Push::to_named_endpoint()))
    }
}

async fn try_to_subscribe(world: &World, spec: SubscriptionSpec) -> Result<SubscriptionView, CreateError> {
    let new = NewSubscription { draft: draft(spec), secret: None };
    world.engine.configuration().create_subscription(&Origin::ADMIN, &acme(), new).await
}

/// The fault of a subscription that is refused for one.
async fn refused(world: &World, spec: SubscriptionSpec) -> (String, String) {
    match try_to_subscribe(world, spec).await.map(drop).unwrap_err() {
        CreateError::Invalid(problems) => only(problems),
        other => panic!("{other}"),
    }
}

async fn tenant_refused(world: &World, options: Value) -> (String, String) {
    match put(world, options).await.unwrap_err() {
        PutTenantError::Invalid(problems) => only(problems),
        other => panic!("{other}"),
    }
}

fn only(mut problems: Vec<FieldProblem>) -> (String, String) {
    assert_eq!(problems.len(), 1, "{problems:?}");
    let FieldProblem { field, message } = problems.remove(0);
    (field, message)
}

async fn now(world: &World, id: SubscriptionId) -> Subscription {
    world.engine.configuration().subscription(&acme(), id).await.unwrap()
}

/// What the tenant's options are, in plain.
async fn options(world: &World) -> Value {
    let tenant = world.engine.configuration().tenant(&acme()).await.unwrap().unwrap();
    serde_json::from_str(&tenant.spec.options).unwrap()
}

#[tokio::test]
async fn what_waits_and_what_comes_follows_an_endpoint_to_its_new_url_with_its_new_key() {
    let world = world(json!({"functions": [function("score", "a"), function("other", "b")]})).await;
    let id = world.subscribe(to_function(json!("score"))).await.subscription.id;
    let other = world.subscribe(to_function(json!("other"))).await.subscription;
    world.pause(other.id, false).await;
    let other = now(&world, other.id).await;
    let waiting = world.publish(r#"{"id":1}"#).await;
    let first = world.exchange().await;
    assert_eq!((first.request.method.as_str(), first.request.url.as_str()), ("POST", "https://a.example/"));
    assert_eq!(first.header("x-api-key"), "key of a");
    let body = first.request.body.clone();
    first.answer(500);
    world.settle().await;

    put(&world, json!({"functions": [function("score", "new"), function("other", "b")]})).await.unwrap();
    assert_eq!(
        (now(&world, id).await.version, now(&world, other.id).await),
        (2, other),
        "it alone leads elsewhere"
    );
    world.pass(Duration::from_secs(10)).await;
    let again = world.exchange().await;
    assert_eq!(
        (again.request.url.as_str(), again.header("x-api-key")),
        ("https://new.example/", "key of new")
    );
    assert_eq!(again.request.body, body, "the body is that of the delivery");
    again.answer(200);
    let view = world.reaches(&waiting, Status::Succeeded).await;
    for attempt in &view.attempts {
        assert_eq!(attempt.request.headers.get("x-api-key"), Some("***"), "{:?}", attempt.request);
    }
    world.publish(r#"{"id":2}"#).await;
    let next = world.exchange().await;
    assert_eq!(next.request.body, r#"{"to":"https://new.example/","data":{"id":2}}"#);
    next.answer(200);
    // Another key alone is followed too.
    put(&world, json!({"functions": [json!({"name": "score", "url": "https://new.example/", "api_key": "k"}), function("other", "b")]}))
        .await
        .unwrap();
    world.publish("{}").await;
    assert_eq!(world.exchange().await.header("x-api-key"), "k");
}

#[tokio::test]
async fn a_new_endpoint_comes_with_its_subscription_or_not_at_all() {
    let world = world(json!({"functions": [function("known", "a")]})).await;
    let (field, message) = refused(&world, to_function(function("new", "blocked"))).await;
    assert_eq!(field, "options.function.url");
    assert!(message.contains("is refused: its address is private"), "{message}");
    let too_long = SubscriptionSpec { name: Some("x".repeat(300)), ..to_function(function("new", "b")) };
    assert_eq!(refused(&world, too_long).await.0, "name");
    assert_eq!(options(&world).await["functions"].as_array().unwrap().len(), 1);

    let created = world.subscribe(to_function(function("new", "b"))).await.subscription;
    assert_eq!(created.spec.options, r#"{"function":"new"}"#, "it names what it brought");
    assert_eq!(options(&world).await["functions"], json!([function("known", "a"), function("new", "b")]));
    let stored = world.store.tenant(acme()).await.unwrap().unwrap();
    assert_eq!(stored.version, 2);
    let at_rest = serde_json::to_string(&stored.spec).unwrap();
    assert!(!at_rest.contains("key of") && !at_rest.contains("b.example"), "{at_rest}");
    world.publish("{}").await;
    let exchange = world.exchange().await;
    assert_eq!(
        (exchange.request.url.as_str(), exchange.header("x-api-key")),
        ("https://b.example/", "key of b")
    );
    exchange.answer(200);

    let filter = AuditFilter { tenant: Some(acme()), ..AuditFilter::default() };
    let audit = world.engine.history().list_audit(filter, None, 10).await.unwrap().items;
    let told: Vec<_> = audit.iter().map(|entry| entry.action.as_str()).collect();
    assert!(told.contains(&"tenant.changed") && told.contains(&"subscription.created"), "{told:?}");
    let told = format!("{audit:?}");
    assert!(!told.contains("key of") && told.contains("b.example"), "{told}");

    // The same once more is the same endpoint; another one of the name is refused.
    let again = world.subscribe(to_function(function("new", "b"))).await.subscription;
    assert_eq!(again.spec.options, created.spec.options);
    assert_eq!(refused(&world, to_function(function("new", "c"))).await.0, "options.function.name");
    assert_eq!(world.store.tenant(acme()).await.unwrap().unwrap().version, 2);
}

#[tokio::test]
async fn a_subscription_changes_between_a_url_and_an_endpoint_also_a_new_one() {
    let world = world(json!({})).await;
    let created = world.subscribe(to("https://own.example/")).await.subscription;
    let change = async |before: &Subscription, spec: SubscriptionSpec| {
        let configuration = world.engine.configuration();
        let revision = before.revision();
        configuration.update_subscription(&Origin::ADMIN, &acme(), before.id, revision, draft(spec)).await
    };
    let refused = change(&created, to_function(function("f", "blocked"))).await.unwrap_err();
    let UpdateError::Invalid(problems) = refused else { panic!("{refused}") };
    assert_eq!(only(problems).0, "options.function.url");
    let moved = change(&created, to_function(function("f", "a"))).await.unwrap();
    assert_eq!((moved.version, moved.spec.push().unwrap().url.clone()), (2, None));
    assert_eq!(options(&world).await["functions"], json!([function("f", "a")]));
    let same = change(&moved, to_function(function("f", "a"))).await.unwrap();
    assert_eq!(same.version, 2, "what is so already makes no version");
    world.publish("{}").await;
    let exchange = world.exchange().await;
    assert_eq!(exchange.request.url.as_str(), "https://a.example/");
    exchange.answer(200);
    let back = change(&same, to("https://own.example/")).await.unwrap();
    world.publish("{}").await;
    let exchange = world.exchange().await;
    assert_eq!(exchange.request.url.as_str(), "https://own.example/");
    assert!(exchange.request.headers.get("x-api-key").is_none());
    exchange.answer(200);
    assert_eq!(back.version, 3);
}

#[tokio::test]
async fn what_says_where_to_send_is_said_once() {
    let world = world(json!({"functions": [function("score", "a")]})).await;
    let both =
        SubscriptionSpec { options: r#"{"function":"score"}"#.to_owned(), ..to("https://own.example/") };
    let (field, message) = refused(&world, both).await;
    assert_eq!(field, "delivery.url");
    assert!(message.contains("no place beside `options.function`"), "{message}");
    let neither = SubscriptionSpec::of(Target::Push(Push::to_named_endpoint()));
    let (field, message) = refused(&world, neither).await;
    assert_eq!(
        (field.as_str(), message.as_str()),
        ("delivery.url", "is required, or `options.function` in its place")
    );
    let (field, message) = refused(&world, to_function(json!("scores"))).await;
    assert_eq!(field, "options.function");
    assert!(message.contains("the nearest one is score"), "{message}");
    let mut by_put = to_function(json!("score"));
    by_put.push_mut().unwrap().method = Some("PUT".to_owned());
    assert_eq!(refused(&world, by_put).await.0, "delivery.method");
}

#[tokio::test]
async fn an_endpoint_that_subscriptions_are_sent_to_stays_as_they_need_it() {
    let world = world(json!({"functions": [function("used", "a"), function("free", "b")]})).await;
    let spec = SubscriptionSpec {
        options: r#"{"function":"used","strict":true}"#.to_owned(),
        ..to_function(json!("used"))
    };
    let id = world.subscribe(spec).await.subscription.id;
    let (field, message) = tenant_refused(&world, json!({"functions": [function("free", "b")]})).await;
    assert_eq!(field, "options.functions");
    assert!(
        message.contains(&format!("has no used any more, to which the subscription {id} sends")),
        "{message}"
    );
    assert_eq!(tenant_refused(&world, json!({})).await.0, "options.functions");
    let cleartext = json!({"name": "used", "url": "http://a.example/", "api_key": "k"});
    let (field, message) =
        tenant_refused(&world, json!({"functions": [function("free", "b"), cleartext]})).await;
    assert_eq!(field, "options.functions[1].url");
    assert!(
        message.contains(&format!("must begin with https://, as the subscription {id} needs it")),
        "{message}"
    );
    let blocked = json!({"functions": [function("used", "a"), function("free", "blocked")]});
    let (field, message) = tenant_refused(&world, blocked).await;
    assert_eq!(field, "options.functions[1].url");
    assert!(message.contains("is refused: its address is private"), "{message}");
    assert_eq!(options(&world).await["functions"].as_array().unwrap().len(), 2, "nothing has changed");

    put(&world, json!({"functions": [function("used", "a")]})).await.unwrap();
    assert!(world.engine.configuration().delete_subscription(&Origin::ADMIN, &acme(), id).await.unwrap());
    put(&world, json!({})).await.unwrap();
}

#[tokio::test]
async fn what_needs_https_is_not_sent_to_an_endpoint_of_cleartext() {
    let world =
        world(json!({"functions": [json!({"name": "f", "url": "http://a.example/", "api_key": "k"})]})).await;
    let strict = SubscriptionSpec {
        options: r#"{"function":"f","strict":true}"#.to_owned(),
        ..to_function(json!("f"))
    };
    let (field, message) = refused(&world, strict).await;
    assert_eq!(field, "options.function");
    assert!(message.contains("names an endpoint whose URL must begin with https://"), "{message}");
    let mut with_authorities = to_function(json!("f"));
    let tls = TlsSettings { ca: Some("x".to_owned()), ..TlsSettings::default() };
    with_authorities.push_mut().unwrap().tls = Some(tls);
    let CreateError::Invalid(problems) =
        try_to_subscribe(&world, with_authorities).await.map(drop).unwrap_err()
    else {
        panic!("it is refused by its fields")
    };
    assert!(problems.iter().any(|problem| problem.field == "delivery.tls"), "{problems:?}");
    world.subscribe(to_function(json!("f"))).await;
}

#[tokio::test]
async fn another_url_of_an_endpoint_holds_what_waits_until_the_new_receiver_has_passed() {
    let world = world(json!({"tries": true, "functions": [function("score", "a")]})).await;
    let id = world.subscribe(to_function(json!("score"))).await.subscription.id;
    let published = world.publish("{}").await;
    world.exchange().await.answer(500);
    world.settle().await;
    put(&world, json!({"tries": true, "functions": [function("score", "new")]})).await.unwrap();
    let moved = now(&world, id).await;
    assert_eq!(moved.inactive.map(|(reason, _)| reason), Some(InactiveReason::Unverified));
    let probe = world.exchange().await;
    assert_eq!((probe.request.method.as_str(), probe.request.url.as_str()), ("HEAD", "https://new.example/"));
    assert_eq!(probe.header("x-api-key"), "key of new");
    world.pass(Duration::from_secs(60)).await;
    world.no_exchange().await;
    probe.answer(200);
    let delivered = world.exchange().await;
    assert_eq!(delivered.request.url.as_str(), "https://new.example/");
    delivered.answer(200);
    world.reaches(&published, Status::Succeeded).await;
    // A new key alone is no new receiver.
    let rekeyed = json!({"name": "score", "url": "https://new.example/", "api_key": "k"});
    put(&world, json!({"tries": true, "functions": [rekeyed]})).await.unwrap();
    assert_eq!(now(&world, id).await.inactive, None);
}

#[tokio::test]
async fn a_receiver_that_is_slowed_down_is_not_when_its_endpoint_moves() {
    let world = world(json!({"functions": [function("score", "a")]})).await;
    let mut one_at_a_time = to_function(json!("score"));
    one_at_a_time.push_mut().unwrap().concurrency = 1;
    world.subscribe(one_at_a_time).await;
    for _ in 0..12 {
        world.publish("{}").await;
    }
    for _ in 0..10 {
        world.exchange().await.answer(500);
        world.settle().await;
    }
    world.no_exchange().await;
    put(&world, json!({"functions": [function("score", "new")]})).await.unwrap();
    let at_once = world.exchange().await;
    assert_eq!(at_once.request.url.as_str(), "https://new.example/");
}

#[tokio::test]
async fn a_preview_shows_where_it_would_go_and_not_the_key() {
    let world = world(json!({"functions": [function("score", "a")]})).await;
    let id = world.subscribe(to_function(json!("score"))).await.subscription.id;
    let asked =
        PreviewEvent { event_type: None, data: None, attributes: Default::default(), occurred_at: None };
    let shown = world.engine.sending().preview(&acme(), id, asked).await.unwrap();
    assert_eq!((shown.method.as_str(), shown.url.as_str()), ("POST", "https://a.example/"));
    assert_eq!(shown.headers.get("x-api-key"), Some("***"));
}

#[tokio::test]
async fn an_event_from_before_the_endpoint_is_replayed_to_it() {
    let world = world(json!({})).await;
    let created = world.subscribe(to("https://own.example/")).await.subscription;
    let published = world.try_publish(event("lead.created", r#"{"id":1}"#)).await.unwrap();
    world.exchange().await.answer(500);
    world.settle().await;
    let configuration = world.engine.configuration();
    let moved = draft(to_function(function("f", "a")));
    configuration
        .update_subscription(&Origin::ADMIN, &acme(), created.id, created.revision(), moved)
        .await
        .unwrap();
    // What waits keeps its body and follows.
    world.pass(Duration::from_secs(10)).await;
    let again = world.exchange().await;
    assert_eq!(again.request.url.as_str(), "https://a.example/");
    assert_eq!(again.request.body, r#"{"to":"https://own.example/","data":{"id":1}}"#);
    again.answer(200);
    world.reaches(&published, Status::Succeeded).await;
    // The replay's delivery is shaped by the tenant that the event names, which had no endpoint.
    start(&world, all_of(created.id, ReplaySelection::All)).await;
    let replayed = next_exchange(&world).await;
    assert_eq!(
        (replayed.request.url.as_str(), replayed.header("x-api-key")),
        ("https://a.example/", "key of a")
    );
    assert_eq!(replayed.request.body, r#"{"to":"","data":{"id":1}}"#);
    replayed.answer(200);
}
