//! Profiles at work: what a delivery was created with goes on in each of its attempts and in the log, whatever changes.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use postroad_domain::{RetryOverride, Status, Subscription, SubscriptionSpec, TenantId};
use postroad_engine::{
    CreateError, FieldProblem, GivenProfile, NewSubscription, Origin, PublishError, PutTenantError,
    RotateError, Rotation, SubscriptionUpdate, SubscriptionView, UpdateError,
};
use postroad_store::memory::MemoryStore;
use postroad_testkit::clock::ManualClock;

use crate::world::{Exchange, World, acme, draft, event, exact_profiles, pushed_with, tenant_of, to};

const PRODUCT: &str = r#"{"product_id":7}"#;

/// An engine whose tenant `acme` has the profile.
async fn world_of(profile: &str, options: &str) -> World {
    let world = World::on(MemoryStore::embedded(), ManualClock::default()).await;
    put(&world, profile, options).await.unwrap();
    world
}

async fn put(world: &World, profile: &str, options: &str) -> Result<(), PutTenantError> {
    world
        .engine
        .configuration()
        .put_tenant(&Origin::ADMIN, acme(), tenant_of(profile, options))
        .await
        .map(|_| ())
}

async fn subscribe(world: &World, spec: SubscriptionSpec) -> Result<SubscriptionView, Vec<FieldProblem>> {
    let new = NewSubscription { draft: draft(spec), secret: None };
    world.engine.configuration().create_subscription(&Origin::ADMIN, &acme(), new).await.map_err(|error| {
        match error {
            CreateError::Invalid(problems) => problems,
            other => panic!("{other}"),
        }
    })
}

fn body(exchange: &Exchange) -> String {
    String::from_utf8(exchange.request.body.to_vec()).unwrap()
}

fn fields(problems: &[FieldProblem]) -> Vec<&str> {
    problems.iter().map(|problem| problem.field.as_str()).collect()
}

/// The built-in profiles, one of them with another text in its file.
fn edited(name: &str, from: &str, to: &str) -> Vec<GivenProfile> {
    let edit = |(known, mut files): (String, BTreeMap<String, String>)| {
        let text = files.get_mut("profile.toml").unwrap();
        if known == name {
            assert!(text.contains(from), "{from}");
            *text = text.replace(from, to);
        }
        GivenProfile::load(files).unwrap()
    };
    postroad_profile::built_in().into_iter().map(edit).collect()
}

#[tokio::test]
async fn a_retry_after_a_rotation_keeps_the_bytes_of_a_profile_that_signs_once_and_so_does_its_log() {
    let world = world_of("leanbe", "{}").await;
    let id = world.subscribe(to("https://a.example/")).await.subscription.id;
    let published = world.try_publish(event("idea.created", r#"{"n":1.0}"#)).await.unwrap();
    let first = world.exchange().await;
    let (sent, header) = (body(&first), first.header("x-leanbe-signature").to_owned());
    assert!(sent.contains(&header) && sent.starts_with(r#"{"payload":{"n":1},"#), "{sent}");
    first.answer(500);
    world.reaches(&published, Status::Queued).await;

    let rotation = Rotation { grace: None, secret: Some("another secret".to_owned()) };
    world.engine.configuration().rotate_secret(&Origin::ADMIN, &acme(), id, rotation).await.unwrap();
    world.pass(Duration::from_secs(10)).await;
    let second = world.exchange().await;
    assert_eq!(body(&second), sent);
    assert_eq!(second.header("x-leanbe-signature"), header);
    second.answer(200);
    let view = world.reaches(&published, Status::Succeeded).await;
    assert_eq!(view.body.unwrap(), sent);

    world.try_publish(event("idea.created", r#"{"n":1.0}"#)).await.unwrap();
    assert_ne!(world.exchange().await.header("x-leanbe-signature"), header);
}

#[tokio::test]
async fn a_profile_that_signs_each_attempt_uses_the_secrets_of_that_attempt() {
    let world = World::new().await;
    let spec = pushed_with(to("https://a.example/"), |push| {
        push.retry = Some(RetryOverride { attempts: Some(2), backoff: Some(vec![Duration::from_secs(5)]) });
    });
    let id = world.subscribe(spec).await.subscription.id;
    let published = world.publish("{}").await;
    world.exchange().await.answer(500);
    world.reaches(&published, Status::Queued).await;
    let rotation = Rotation { grace: Some(Duration::from_secs(60)), secret: None };
    world.engine.configuration().rotate_secret(&Origin::ADMIN, &acme(), id, rotation).await.unwrap();
    world.pass(Duration::from_secs(5)).await;
    let second = world.exchange().await;
    assert_eq!(second.header("webhook-signature").split(' ').count(), 2);
}

#[tokio::test]
async fn a_change_of_options_concerns_only_deliveries_that_come_after_it() {
    let world = world_of("sleekplan", PRODUCT).await;
    world.subscribe(to("https://a.example/")).await;
    let published = world.try_publish(event("item.create", "{}")).await.unwrap();
    let first = world.exchange().await;
    let sent = body(&first);
    assert!(sent.starts_with(r#"{"product_id":7,"#), "{sent}");
    first.answer(500);
    world.reaches(&published, Status::Queued).await;

    put(&world, "sleekplan", r#"{"product_id":8,"unit":"s","as":"number"}"#).await.unwrap();
    world.pass(Duration::from_secs(10)).await;
    let second = world.exchange().await;
    assert_eq!(body(&second), sent);
    second.answer(200);
    world.try_publish(event("item.create", "{}")).await.unwrap();
    assert!(body(&world.exchange().await).starts_with(r#"{"product_id":8,"#));
}

#[tokio::test]
async fn what_waits_is_sent_as_its_profile_was_also_after_a_start_with_an_edited_one() {
    let world = world_of("leadhub", "{}").await;
    let spec = SubscriptionSpec { name: Some("CRM".to_owned()), ..to("https://a.example/") };
    let mut new = draft(spec);
    new.events = vec!["lead.created".to_owned()];
    let new = NewSubscription { draft: new, secret: Some("s3cr3t".to_owned()) };
    world.engine.configuration().create_subscription(&Origin::ADMIN, &acme(), new).await.unwrap();
    let published = world.try_publish(event("lead.created", "{}")).await.unwrap();
    let first = world.exchange().await;
    let (sent, signature) = (body(&first), first.header("x-leadhub-signature").to_owned());
    first.answer(500);
    world.reaches(&published, Status::Queued).await;
    world.engine.stop(Duration::ZERO).await;

    let profiles = edited("leadhub", r#"name = "lead", json"#, r#"name = "contact", json"#);
    let next = World::with_profiles(world.store.clone(), world.clock.clone(), profiles).await;
    next.pass(Duration::from_secs(60)).await;
    let second = next.exchange().await;
    assert_eq!(body(&second), sent);
    assert_eq!(second.header("x-leadhub-signature"), signature);
    second.answer(200);
    assert_eq!(next.reaches(&published, Status::Succeeded).await.body.unwrap(), sent);
    next.try_publish(event("lead.created", "{}")).await.unwrap();
    assert!(body(&next.exchange().await).ends_with(r#""contact":{}}"#));
}

#[tokio::test]
async fn a_profile_that_is_not_given_any_more_goes_on_as_it_was() {
    let world = world_of("sleekplan", PRODUCT).await;
    world.subscribe(to("https://a.example/")).await;
    world.engine.stop(Duration::ZERO).await;
    let without = exact_profiles().into_iter().filter(|given| given.profile.name != "sleekplan").collect();
    let next = World::with_profiles(world.store.clone(), world.clock.clone(), without).await;
    next.try_publish(event("item.create", "{}")).await.unwrap();
    assert!(body(&next.exchange().await).contains(r#""action":"item.create""#));
}

#[tokio::test]
async fn what_the_profile_does_not_take_is_refused_at_the_door() {
    let world = world_of("leanbe", "{}").await;
    world.subscribe(to("https://a.example/")).await;
    let unknown = world.try_publish(event("idea.upvoted", "{}")).await.unwrap_err();
    let PublishError::UnknownType(name) = unknown else { panic!("{unknown}") };
    assert_eq!(name.nearest[0], "idea.upVoted");
    let number = world.try_publish(event("idea.created", r#"{"x":1e400}"#)).await.unwrap_err();
    assert!(matches!(number, PublishError::Data(_)), "{number}");
    let mut with_attributes = event("idea.created", "{}");
    with_attributes.attributes = Bytes::from_static(br#"{"color":1}"#);
    let attributes = world.try_publish(with_attributes).await.unwrap_err();
    let PublishError::Attributes(problems) = attributes else { panic!("{attributes}") };
    assert_eq!(fields(&problems), ["attributes.color"]);
    world.no_exchange().await;
}

#[tokio::test]
async fn what_the_profile_does_not_take_of_a_subscription_is_told_at_once() {
    let world = world_of("leadhub", "{}").await;
    let problems = subscribe(&world, to("https://a.example/")).await.err().unwrap();
    assert_eq!(fields(&problems), ["name", "events"]);

    let world = world_of("leanbe", "{}").await;
    let mut spec = to("https://a.example/");
    spec.push_mut().unwrap().method = Some("PUT".to_owned());
    spec.push_mut().unwrap().content_type = Some("text/plain".to_owned());
    spec.push_mut().unwrap().headers =
        vec![postroad_domain::CustomHeader::parse("X-LEANBE-Signature", "x").unwrap()];
    spec.push_mut().unwrap().success = Some(vec!["302".to_owned()]);
    spec.push_mut().unwrap().timeout = Some(Duration::from_secs(61));
    spec.options = r#"{"triggered_at_zone":"Mars","colour":1}"#.to_owned();
    let mut wanted = draft(spec);
    wanted.events = vec!["idea.upvoted".to_owned()];
    let new = NewSubscription { draft: wanted, secret: Some("mine".to_owned()) };
    let refused =
        world.engine.configuration().create_subscription(&Origin::ADMIN, &acme(), new).await.err().unwrap();
    let CreateError::Invalid(problems) = refused else { panic!("{refused}") };
    let mut named = fields(&problems);
    named.sort_unstable();
    assert_eq!(
        named,
        [
            "delivery.content_type",
            "delivery.headers[0].name",
            "delivery.method",
            "events[0]",
            "options.colour",
            "options.triggered_at_zone",
            "secret",
            "success",
            "timeout",
        ]
    );
}

#[tokio::test]
async fn the_profiles_first_method_is_not_kept_so_that_it_follows_the_profile() {
    let world = World::new().await;
    let mut spec = to("https://a.example/");
    spec.push_mut().unwrap().method = Some("POST".to_owned());
    spec.push_mut().unwrap().content_type = Some("application/json".to_owned());
    let kept = world.subscribe(spec).await.subscription.spec.push().unwrap().clone();
    assert_eq!((kept.method, kept.content_type), (None, None));
}

#[tokio::test]
async fn a_grace_is_refused_where_a_request_carries_one_signature() {
    let world = world_of("leanbe", "{}").await;
    let id = world.subscribe(to("https://a.example/")).await.subscription.id;
    let rotation = Rotation { grace: Some(Duration::from_secs(60)), secret: None };
    let refused = world
        .engine
        .configuration()
        .rotate_secret(&Origin::ADMIN, &acme(), id, rotation)
        .await
        .err()
        .unwrap();
    let RotateError::Invalid(problems) = refused else { panic!("{refused}") };
    assert_eq!(fields(&problems), ["grace"]);
    let at_once = Rotation { grace: Some(Duration::ZERO), secret: None };
    world.engine.configuration().rotate_secret(&Origin::ADMIN, &acme(), id, at_once).await.unwrap();
    let removal = |_: &Subscription| SubscriptionUpdate { draft: None, removes_secret: true };
    let configuration = world.engine.configuration();
    let removed = configuration.patch_subscription(&Origin::ADMIN, &acme(), id, |_| true, removal).await;
    let Err(UpdateError::Invalid(problems)) = removed else { panic!("it was taken") };
    assert_eq!(fields(&problems), ["secret"]);
}

#[tokio::test]
async fn a_way_to_sign_is_chosen_at_creation_and_stays() {
    let world = World::new().await;
    let created = world.subscribe(to("https://a.example/")).await.subscription;
    let spec = SubscriptionSpec { options: r#"{"signature":"ed25519"}"#.to_owned(), ..created.spec };
    let changed = world
        .engine
        .configuration()
        .update_subscription(&Origin::ADMIN, &acme(), created.id, created.version, draft(spec))
        .await;
    let Err(postroad_engine::UpdateError::Invalid(problems)) = changed else { panic!("it was taken") };
    assert_eq!(fields(&problems), ["options.signature"]);
}

#[tokio::test]
async fn a_tenant_with_subscriptions_keeps_its_profile() {
    let world = World::new().await;
    assert!(matches!(put(&world, "sleekplan", "{}").await, Err(PutTenantError::Invalid(_))));
    put(&world, "leanbe", "{}").await.unwrap();
    put(&world, "standard", "{}").await.unwrap();
    world.subscribe(to("https://a.example/")).await;
    assert!(matches!(put(&world, "leanbe", "{}").await, Err(PutTenantError::HasSubscriptions)));
    put(&world, "standard", "{}").await.unwrap();
    let other = TenantId::parse("other").unwrap();
    let unknown =
        world.engine.configuration().put_tenant(&Origin::ADMIN, other, tenant_of("standart", "{}")).await;
    let Err(PutTenantError::UnknownProfile { known }) = unknown else { panic!("it was taken") };
    assert_eq!(known, ["leadhub", "leadsquared", "leanbe", "sleekplan", "standard"]);
}
