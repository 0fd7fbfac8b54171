//! Trying a subscription out, and the event types that a tenant adds.

use bytes::Bytes;
use postroad_domain::{EventType, RegisteredType, Status, TenantId, limits::TESTS_MAX};
use postroad_engine::{
    EventRefusal, NewSubscription, Origin, PreviewError, PreviewEvent, PublishError, PutTypeError, TestError,
};
use postroad_store::memory::MemoryStore;
use postroad_testkit::clock::ManualClock;

use crate::world::{World, acme, draft, event, tenant_of, to};

async fn sleekplan() -> World {
    let world = World::on(MemoryStore::embedded(), ManualClock::default()).await;
    world
        .engine
        .configuration()
        .put_tenant(&Origin::ADMIN, acme(), tenant_of("sleekplan", r#"{"product_id":7}"#))
        .await
        .unwrap();
    world
}

fn registered(name: &str) -> RegisteredType {
    RegisteredType {
        name: EventType::parse(name).unwrap(),
        title: None,
        group: None,
        description: None,
        example: None,
        schema: None,
    }
}

fn preview_of(event_type: &str, data: &'static str) -> PreviewEvent {
    PreviewEvent {
        event_type: Some(event_type.to_owned()),
        data: Some(Bytes::from_static(data.as_bytes())),
        attributes: Bytes::new(),
        occurred_at: None,
    }
}

#[tokio::test]
async fn a_test_goes_out_at_once_also_to_an_inactive_subscription_and_is_logged_as_one() {
    let world = sleekplan().await;
    let id = world.subscribe(to("https://a.example/")).await.subscription.id;
    world.pause(id, false).await;
    let engine = world.engine.clone();
    let test =
        tokio::spawn(
            async move { engine.sending().test_subscription(&Origin::ADMIN, &acme(), id, None).await },
        );
    let exchange = world.exchange().await;
    let body = String::from_utf8(exchange.request.body.to_vec()).unwrap();
    assert!(
        body.starts_with(r#"{"product_id":7,"action":"item.create","data":{"feedback_id":"3","#),
        "{body}"
    );
    exchange.answer(204);
    let view = world.view(test.await.unwrap().unwrap()).await;
    assert!(view.delivery.test);
    assert_eq!((view.delivery.status, view.attempts.len()), (Status::Succeeded, 1));
    assert_eq!(view.body.unwrap(), body);
    assert!(world.engine.history().event(&acme(), view.delivery.events[0]).await.unwrap().test);
}

#[tokio::test]
async fn a_test_that_fails_is_not_tried_again_and_a_person_may_retry_it() {
    let world = World::new().await;
    let id = world.subscribe(to("https://a.example/")).await.subscription.id;
    let engine = world.engine.clone();
    let named = Some("lead.created".to_owned());
    let test =
        tokio::spawn(
            async move { engine.sending().test_subscription(&Origin::ADMIN, &acme(), id, named).await },
        );
    world.exchange().await.answer(410);
    let failed = world.view(test.await.unwrap().unwrap()).await;
    assert_eq!(failed.delivery.status, Status::Failed);
    world.pass(std::time::Duration::from_secs(100_000)).await;
    world.no_exchange().await;
    assert!(
        world.engine.configuration().subscription(&acme(), id).await.unwrap().spec.active,
        "a test stops nothing"
    );
    world.engine.history().retry_delivery(&Origin::ADMIN, &acme(), failed.delivery.id).await.unwrap();
    world.exchange().await.answer(200);
}

#[tokio::test]
async fn a_test_takes_the_first_type_that_the_subscription_selects_or_the_named_one() {
    let world = sleekplan().await;
    let mut wanted = draft(to("https://a.example/"));
    wanted.events = vec!["vote.create".to_owned(), "comment.update".to_owned()];
    let new = NewSubscription { draft: wanted, secret: None };
    let id = world
        .engine
        .configuration()
        .create_subscription(&Origin::ADMIN, &acme(), new)
        .await
        .unwrap()
        .subscription
        .id;
    let engine = world.engine.clone();
    let test =
        tokio::spawn(
            async move { engine.sending().test_subscription(&Origin::ADMIN, &acme(), id, None).await },
        );
    let exchange = world.exchange().await;
    let body = String::from_utf8(exchange.request.body.to_vec()).unwrap();
    assert!(body.contains(r#""action":"comment.update""#), "the catalogue's order counts: {body}");
    exchange.answer(200);
    test.await.unwrap().unwrap();
    let unknown = world
        .engine
        .sending()
        .test_subscription(&Origin::ADMIN, &acme(), id, Some("vote.created".to_owned()))
        .await;
    let Err(TestError::UnknownType(unknown)) = unknown else { panic!("it was sent") };
    assert_eq!(unknown.nearest[0], "vote.create");
}

#[tokio::test]
async fn a_tenant_whose_tests_hang_keeps_nobody_else_from_testing() {
    let world = World::new().await;
    let id = world.subscribe(to("https://a.example/")).await.subscription.id;
    let test_of = |tenant: TenantId, id| {
        let engine = world.engine.clone();
        tokio::spawn(
            async move { engine.sending().test_subscription(&Origin::ADMIN, &tenant, id, None).await },
        )
    };
    let mut running: Vec<_> = (0..TESTS_MAX / 2).map(|_| test_of(acme(), id)).collect();
    let mut exchanges = Vec::new();
    for _ in &running {
        exchanges.push(world.exchange().await);
    }
    assert!(matches!(test_of(acme(), id).await.unwrap(), Err(TestError::TooMany)));

    let other = TenantId::parse("other").unwrap();
    world.put_tenant("other").await;
    let new = NewSubscription { draft: draft(to("https://b.example/")), secret: None };
    let configuration = world.engine.configuration();
    let theirs = configuration.create_subscription(&Origin::ADMIN, &other, new).await.unwrap();
    running.push(test_of(other, theirs.subscription.id));
    exchanges.push(world.exchange().await);
    exchanges.into_iter().for_each(|exchange| exchange.answer(200));
    for one in running {
        one.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_preview_is_the_request_that_would_be_sent_and_sends_nothing() {
    let world = sleekplan().await;
    let id = world.subscribe(to("https://a.example/hook?key=A%2FB#top")).await.subscription.id;
    let shown =
        world.engine.sending().preview(&acme(), id, preview_of("item.create", r#"{"b":1.0}"#)).await.unwrap();
    assert_eq!((shown.method.as_str(), shown.url.as_str()), ("POST", "https://a.example/hook?key=A%2FB"));
    let body = String::from_utf8(shown.body.to_vec()).unwrap();
    assert!(body.starts_with(r#"{"product_id":7,"action":"item.create","data":{"b":1.0},"timestamp":""#));
    world.no_exchange().await;
    let refused = world.engine.sending().preview(&acme(), id, preview_of("item.created", "{}")).await;
    assert!(matches!(refused, Err(PreviewError::Refused(EventRefusal::UnknownType { .. }))));
}

#[tokio::test]
async fn a_preview_of_nothing_is_that_of_a_test_and_a_type_without_an_example_says_so() {
    let world = World::new().await;
    let id = world.subscribe(to("https://a.example/")).await.subscription.id;
    let mut strict = registered("lead.created");
    strict.schema = Some(r#"{"type":"object","required":["id"]}"#.to_owned());
    world.engine.configuration().put_event_type(&Origin::ADMIN, &acme(), strict).await.unwrap();
    let body = async |event_type: Option<&str>, data: Option<&'static str>| {
        let (event_type, data) = (event_type.map(str::to_owned), data.map(Bytes::from));
        let asked = PreviewEvent { event_type, data, ..PreviewEvent::default() };
        let shown = world.engine.sending().preview(&acme(), id, asked).await;
        shown.map(|shown| String::from_utf8(shown.body.to_vec()).unwrap())
    };
    // The first of the catalogue, as a test sends it.
    assert!(body(None, None).await.unwrap().contains(r#""type":"example.created""#));
    // What is made up need not fit a schema that its reader may not know yet; what is given must.
    let made_up = body(Some("lead.created"), None).await.unwrap();
    assert!(
        made_up.contains(r#""example":true"#) && made_up.contains("event-types/lead.created"),
        "{made_up}"
    );
    let refused = body(Some("lead.created"), Some("{}")).await.unwrap_err();
    assert!(matches!(refused, PreviewError::Refused(EventRefusal::Schema(_))), "{refused}");
}

#[tokio::test]
async fn a_tenant_adds_event_types_to_its_profiles_and_their_schema_is_checked_at_the_door() {
    let world = sleekplan().await;
    let mut invoice = registered("invoice.paid");
    invoice.title = Some("Invoice paid".to_owned());
    invoice.schema = Some(r#"{"type":"object","required":["total"]}"#.to_owned());
    assert!(matches!(
        world.try_publish(event("invoice.paid", "{}")).await,
        Err(PublishError::UnknownType { .. })
    ));
    assert!(
        world.engine.configuration().put_event_type(&Origin::ADMIN, &acme(), invoice.clone()).await.unwrap()
    );
    assert!(
        !world.engine.configuration().put_event_type(&Origin::ADMIN, &acme(), invoice.clone()).await.unwrap()
    );
    assert_eq!(world.engine.configuration().event_types(&acme()).await.unwrap(), [invoice]);
    let refused = world.try_publish(event("invoice.paid", "{}")).await.unwrap_err();
    let PublishError::Schema(problems) = refused else { panic!("{refused}") };
    assert_eq!(problems[0].field, "data.total");
    let published = world.try_publish(event("Invoice paid", r#"{"total":1}"#)).await.unwrap();
    assert_eq!(published.event_type.as_str(), "invoice.paid");

    let other = TenantId::parse("other").unwrap();
    world
        .engine
        .configuration()
        .put_tenant(&Origin::ADMIN, other.clone(), tenant_of("sleekplan", r#"{"product_id":8}"#))
        .await
        .unwrap();
    assert!(matches!(
        world.engine.accepting().publish(&other, event("invoice.paid", r#"{"total":1}"#)).await,
        Err(PublishError::UnknownType { .. })
    ));
    let name = EventType::parse("invoice.paid").unwrap();
    assert!(world.engine.configuration().delete_event_type(&Origin::ADMIN, &acme(), &name).await.unwrap());
    assert!(!world.engine.configuration().delete_event_type(&Origin::ADMIN, &acme(), &name).await.unwrap());
}

#[tokio::test]
async fn a_subscription_can_be_stopped_also_when_one_of_its_event_types_was_removed() {
    let world = sleekplan().await;
    world
        .engine
        .configuration()
        .put_event_type(&Origin::ADMIN, &acme(), registered("invoice.paid"))
        .await
        .unwrap();
    let mut wanted = draft(to("https://a.example/"));
    wanted.events = vec!["invoice.paid".to_owned()];
    let new = NewSubscription { draft: wanted, secret: None };
    let id = world
        .engine
        .configuration()
        .create_subscription(&Origin::ADMIN, &acme(), new)
        .await
        .unwrap()
        .subscription
        .id;
    world
        .engine
        .configuration()
        .delete_event_type(&Origin::ADMIN, &acme(), &EventType::parse("invoice.paid").unwrap())
        .await
        .unwrap();
    world.pause(id, false).await;
    assert!(!world.engine.configuration().subscription(&acme(), id).await.unwrap().spec.active);
}

#[tokio::test]
async fn an_own_event_type_must_not_shadow_the_profiles_or_contradict_itself() {
    let world = sleekplan().await;
    world.engine.configuration().put_event_type(&Origin::ADMIN, &acme(), registered("a")).await.unwrap();
    let mut titled = registered("b");
    titled.title = Some("a".to_owned());
    let mut bad_schema = registered("c");
    bad_schema.schema = Some(r#"{"type":"nothing"}"#.to_owned());
    let mut bad_example = registered("d");
    bad_example.schema = Some(r#"{"type":"object"}"#.to_owned());
    bad_example.example = Some("1".to_owned());
    let mut nameful = registered("e");
    nameful.title = Some("Invoice paid".to_owned());
    world
        .engine
        .configuration()
        .put_event_type(&Origin::ADMIN, &acme(), RegisteredType { title: Some("f".to_owned()), ..nameful })
        .await
        .unwrap();
    for (wrong, field) in [
        (registered("item.create"), "name"),
        (registered("f"), "name"),
        (titled, "title"),
        (bad_schema, "schema"),
        (bad_example, "example"),
    ] {
        let refused =
            world.engine.configuration().put_event_type(&Origin::ADMIN, &acme(), wrong).await.unwrap_err();
        let PutTypeError::Invalid(problems) = refused else { panic!("{refused}") };
        assert_eq!(problems[0].field, field);
    }
}
