//! Handshakes: what is sent to a receiver before anything else, and what follows from what it answers.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use aws_lc_rs::hmac;
use postroad_domain::{
    CustomHeader, EndpointUrl, ErrorClass, Repeat, Status, Subscription, SubscriptionId, SubscriptionSpec,
    TenantId, VerificationState, attempt::Answer, limits::HANDSHAKES_WAITING_MAX,
    subscription::InactiveReason,
};
use postroad_engine::{
    AuditFilter, DeliveryView, EventOutcome, GivenProfile, NewSubscription, Origin, PublishEvent, RetryError,
    Rotation, VerifyError,
};
use postroad_store::{DeliveryFilter, memory::MemoryStore};
use postroad_testkit::clock::ManualClock;
use serde_json::{Value, json};

use crate::world::{Exchange, World, acme, draft, event, patient, pushed_with, tenant_of, to};

/// In the manner of LeadSquared: a hint, with what a delivery has.
const PROBING: &str = r#"
name = "probing"
title = "Probing"
events = [{ name = "lead.created", example = "examples/e.json" }]
request.content = [{ type = "application/json", body = "{{ event.data }}" }]
request.query = [{ name = "eventType", value = "{{ event.type }}" }]
delivery.timeout = "7s"
[options.probe]
type = "text"
choices = ["head", "post_empty", "off"]
default = "head"
[[handshakes]]
on = ["created", "enabled"]
method = "HEAD"
when = "options.probe == 'head'"
[[handshakes]]
on = ["created", "enabled"]
method = "POST"
when = "options.probe == 'post_empty'"
"#;

/// Two that must pass: the second one must be refused.
const STRICT: &str = r#"
name = "strict"
title = "Strict"
events = [{ name = "lead.created", example = "examples/e.json" }]
request.content = [{ type = "application/json", body = "{{ event.data }}" }]
request.headers = [{ name = "X-Sign", value = "{{ signature }}" }]
signature = { sign = "once", message = "{{ body }}", schemes = [{ name = "s", algorithm = "hmac-sha256" }] }
secret.is = "generated"
[[handshakes]]
method = "POST"
signature = "right"
blocking = true
[[handshakes]]
method = "POST"
signature = "wrong"
expect.status = ["4xx"]
blocking = true
"#;

fn profile(toml: &str) -> GivenProfile {
    let files = [("profile.toml", toml), ("examples/e.json", r#"{"id":1}"#)];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    GivenProfile::load(files.into()).unwrap()
}

/// An example profile from its folder.
fn example(name: &str) -> GivenProfile {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles/examples").join(name);
    let text = |path: &Path| fs::read_to_string(path).unwrap();
    let mut files = BTreeMap::from([("profile.toml".to_owned(), text(&folder.join("profile.toml")))]);
    for entry in fs::read_dir(folder.join("examples")).unwrap() {
        let path = entry.unwrap().path();
        files.insert(format!("examples/{}", path.file_name().unwrap().to_str().unwrap()), text(&path));
    }
    GivenProfile::load(files).unwrap()
}

fn profiles() -> Vec<GivenProfile> {
    vec![profile(PROBING), profile(STRICT), example("challenge-echo"), example("cloudevents")]
}

async fn on(store: MemoryStore, clock: ManualClock) -> World {
    World::with_profiles(store, clock, profiles()).await
}

/// The tenant `acme` of a profile.
async fn world_of(profile: &str, options: Value) -> World {
    let world = on(MemoryStore::embedded(), ManualClock::default()).await;
    put(&world, &acme(), profile, options).await;
    world
}

async fn put(world: &World, tenant: &TenantId, profile: &str, options: Value) {
    let spec = tenant_of(profile, &options.to_string());
    world.engine.configuration().put_tenant(&Origin::ADMIN, tenant.clone(), spec).await.unwrap();
}

async fn echo() -> World {
    world_of("challenge-echo", json!({})).await
}

async fn now(world: &World, id: SubscriptionId) -> Subscription {
    world.engine.configuration().subscription(&acme(), id).await.unwrap()
}

/// Waits until the handshakes of the subscription came to something.
async fn verified(world: &World, id: SubscriptionId) -> (VerificationState, Option<String>, Subscription) {
    let came = async {
        loop {
            let subscription = now(world, id).await;
            let verification = subscription.verification.clone().unwrap();
            if verification.state != VerificationState::Pending {
                return (verification.state, verification.detail, subscription);
            }
            tokio::task::yield_now().await;
        }
    };
    patient("the end of the handshakes", came).await
}

fn inactive(subscription: &Subscription) -> Option<InactiveReason> {
    subscription.inactive.map(|(reason, _)| reason)
}

/// The answer of a receiver that knows the secret; what it is asked is in the request.
fn echo_of(exchange: &Exchange) -> String {
    let body: Value = serde_json::from_slice(&exchange.request.body).unwrap();
    let challenge = body["challenge"].as_str().unwrap();
    json!({"challenge": challenge, "proof": proof(challenge)}).to_string()
}

/// HMAC-SHA256 with [`SECRET`], as the profile writes it.
fn proof(text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let digest = hmac::sign(&key, text.as_bytes());
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

const SECRET: &str = "a secret of sixteen characters";

async fn subscribe(world: &World, spec: SubscriptionSpec) -> SubscriptionId {
    subscribe_in(world, &acme(), spec).await
}

async fn subscribe_in(world: &World, tenant: &TenantId, spec: SubscriptionSpec) -> SubscriptionId {
    let signs =
        world.engine.configuration().profile_of(tenant).await.unwrap().profile.name == "challenge-echo";
    let new = NewSubscription { draft: draft(spec), secret: signs.then(|| SECRET.to_owned()) };
    let created = world.engine.configuration().create_subscription(&Origin::ADMIN, tenant, new).await;
    created.unwrap().subscription.id
}

async fn change(
    world: &World,
    id: SubscriptionId,
    change: impl FnOnce(&mut SubscriptionSpec),
) -> Subscription {
    let current = now(world, id).await;
    let (revision, mut spec) = (current.revision(), current.spec);
    change(&mut spec);
    let configuration = world.engine.configuration();
    configuration.update_subscription(&Origin::ADMIN, &acme(), id, revision, draft(spec)).await.unwrap()
}

/// The handshakes in the log, oldest first.
async fn logged(world: &World) -> Vec<DeliveryView> {
    let page = world.engine.history().list_deliveries(&acme(), DeliveryFilter::default(), None, 100).await;
    let mut views = Vec::new();
    for delivery in page.unwrap().items.iter().rev().filter(|delivery| delivery.test) {
        views.push(world.view(delivery.id).await);
    }
    views
}

fn posted() -> PublishEvent {
    event("message.posted", "{}")
}

#[tokio::test]
async fn nothing_is_sent_before_the_challenge_came_back_and_all_of_it_stands_in_the_log() {
    let world = echo().await;
    let id = subscribe(&world, to("https://a.example/hook")).await;
    let created = now(&world, id).await;
    let verification = created.verification.clone().unwrap();
    assert_eq!((verification.state, verification.version), (VerificationState::Pending, 1));
    assert_eq!((inactive(&created), created.spec.active), (Some(InactiveReason::Unverified), false));
    let early = world.try_publish(posted()).await.unwrap();
    assert_eq!(early.deliveries, 0, "as to any inactive subscription");

    let exchange = world.exchange().await;
    let request = &exchange.request;
    assert_eq!((request.method.as_str(), request.url.as_str()), ("POST", "https://a.example/hook"));
    assert_eq!((request.deadline, request.repeat), (Duration::from_secs(10), Repeat::Unsent));
    assert_eq!(
        exchange.header("x-signature"),
        proof(str::from_utf8(&request.body).unwrap()),
        "signed like a delivery"
    );
    let sent = request.body.clone();
    let answer = echo_of(&exchange);
    exchange.answer_body(200, &answer, false);
    let (state, detail, active) = verified(&world, id).await;
    assert_eq!((state, detail, inactive(&active)), (VerificationState::Passed, None, None));
    assert_eq!(active.version, 1, "deliveries are shaped as before");

    world.try_publish(posted()).await.unwrap();
    world.exchange().await.answer(200);
    world.no_exchange().await;
    let log = logged(&world).await;
    assert_eq!(log.len(), 1, "one exchange and no more");
    let view = &log[0];
    assert_eq!(view.delivery.event_type.as_str(), "postroad.handshake");
    assert_eq!((view.delivery.status, view.attempts.len()), (Status::Succeeded, 1));
    assert_eq!(view.body.as_ref(), Some(&sent), "what was sent can be seen");
    assert!(matches!(&view.attempts[0].answer, Answer::Response(head) if head.body == answer));
    let refused = world.engine.history().retry_delivery(&Origin::ADMIN, &acme(), view.delivery.id).await;
    assert!(matches!(refused, Err(RetryError::Handshake)), "{refused:?}");
    let why = world.engine.history().explain(&acme(), early.id, None, 10).await.unwrap().items.remove(0);
    assert!(
        matches!(why.outcome, EventOutcome::Inactive { reason: InactiveReason::Unverified, .. }),
        "{why:?}"
    );
}

#[tokio::test]
async fn a_receiver_that_refuses_lies_redirects_or_never_ends_stays_unverified_with_the_reason() {
    for (case, expected) in [
        ("refuses", "POST: it answered 404, and 2xx is expected"),
        ("lies", "POST: `/proof` in the body is not what is expected"),
        ("is somebody else", "POST: `/challenge` in the body is missing"),
        ("speaks no JSON", "POST: its body is not JSON"),
        ("redirects", "POST: it answered 307, and 2xx is expected"),
        ("never ends", "POST: its body is longer than 16384 bytes, or did not come to its end"),
        ("hangs", "POST: no answer (timeout): as the test says"),
        ("is not there", "POST: no answer (dns): as the test says"),
        ("is gone", "POST: it answered 410, and 2xx is expected"),
    ] {
        let world = echo().await;
        let id = subscribe(&world, to("https://a.example/")).await;
        let exchange = world.exchange().await;
        let right = echo_of(&exchange);
        match case {
            "refuses" => exchange.answer(404),
            "lies" => exchange.answer_body(200, &right.replace("sha256=", "sha256=0"), false),
            "is somebody else" => exchange.answer_body(200, "{}", false),
            "speaks no JSON" => exchange.answer(200),
            "redirects" => exchange.answer_with(307, &[("location", "https://b.example/")]),
            "never ends" => exchange.answer_body(200, &right, true),
            "hangs" => exchange.fail(ErrorClass::Timeout),
            "is not there" => exchange.fail(ErrorClass::Dns),
            _ => exchange.answer(410),
        }
        let (state, detail, failed) = verified(&world, id).await;
        assert_eq!((state, detail.as_deref()), (VerificationState::Failed, Some(expected)), "{case}");
        assert_eq!(inactive(&failed), Some(InactiveReason::Unverified), "{case}");
        assert_eq!(logged(&world).await[0].delivery.status, Status::Failed, "{case}");
        world.no_exchange().await;
    }
}

#[tokio::test]
async fn verify_tries_again_and_answers_the_subscription() {
    let world = echo().await;
    let id = subscribe(&world, to("https://a.example/")).await;
    world.exchange().await.answer(500);
    verified(&world, id).await;
    let verify = || {
        let engine = world.engine.clone();
        tokio::spawn(async move { engine.sending().verify_subscription(&Origin::ADMIN, &acme(), id).await })
    };
    let verifying = verify();
    world.exchange().await.answer_body(200, "{}", false);
    let still = verifying.await.unwrap().unwrap();
    assert_eq!(inactive(&still), Some(InactiveReason::Unverified));
    let verifying = verify();
    let exchange = world.exchange().await;
    let right = echo_of(&exchange);
    exchange.answer_body(200, &right, false);
    let active = verifying.await.unwrap().unwrap();
    assert_eq!((inactive(&active), active.spec.active), (None, true));
    // It sends by now: another one that fails is shown and stops nothing.
    let verifying = verify();
    world.exchange().await.answer(500);
    let failed = verifying.await.unwrap().unwrap();
    assert_eq!(inactive(&failed), None);
    assert_eq!(failed.verification.unwrap().state, VerificationState::Failed);
    let audit = world.engine.history().list_audit(acme_only(), None, 100).await.unwrap();
    let verified = audit.items.iter().filter(|entry| entry.action.as_str() == "subscription.verified");
    assert_eq!(verified.count(), 3, "one of each that somebody asked for");
}

fn acme_only() -> AuditFilter {
    AuditFilter { tenant: Some(acme()), ..AuditFilter::default() }
}

#[tokio::test]
async fn another_url_holds_what_waits_until_the_new_receiver_has_passed() {
    let world = echo().await;
    let id = subscribe(&world, to("https://a.example/")).await;
    pass(&world, id).await;
    let published = world.try_publish(posted()).await.unwrap();
    world.exchange().await.answer(500);
    world.settle().await;
    let moved =
        change(&world, id, |spec| spec.push_mut().unwrap().url = Some(url("https://b.example/"))).await;
    assert_eq!(inactive(&moved), Some(InactiveReason::Unverified));
    assert_eq!(moved.verification.unwrap().state, VerificationState::Pending);
    let exchange = world.exchange().await;
    assert_eq!(exchange.request.url.as_str(), "https://b.example/");
    world.pass(Duration::from_secs(60)).await;
    world.no_exchange().await;
    let why = world.engine.history().explain(&acme(), published.id, None, 10).await.unwrap().items.remove(0);
    assert!(why.sentence().contains("has not passed the handshake"), "{}", why.sentence());
    let right = echo_of(&exchange);
    exchange.answer_body(200, &right, false);
    verified(&world, id).await;
    let delivered = world.exchange().await;
    assert_eq!(delivered.request.url.as_str(), "https://b.example/");
    delivered.answer(200);
    world.reaches(&published, Status::Succeeded).await;
}

fn url(text: &str) -> EndpointUrl {
    EndpointUrl::parse(text).unwrap()
}

/// The receiver answers the handshake that waits.
async fn pass(world: &World, id: SubscriptionId) {
    let exchange = world.exchange().await;
    let right = echo_of(&exchange);
    exchange.answer_body(200, &right, false);
    let (state, detail, _) = verified(world, id).await;
    assert_eq!((state, detail), (VerificationState::Passed, None));
}

#[tokio::test]
async fn a_new_secret_and_enabling_ask_again_and_a_new_name_does_not() {
    let world = echo().await;
    let id = subscribe(&world, to("https://a.example/")).await;
    pass(&world, id).await;
    change(&world, id, |spec| spec.name = Some("n".to_owned())).await;
    world.no_exchange().await;
    assert_eq!(inactive(&now(&world, id).await), None);
    let rotation = Rotation { grace: None, secret: Some("another secret of enough bytes".to_owned()) };
    world.engine.configuration().rotate_secret(&Origin::ADMIN, &acme(), id, rotation).await.unwrap();
    assert_eq!(inactive(&now(&world, id).await), Some(InactiveReason::Unverified));
    // The receiver signs with the old secret still, which is right while both do.
    pass(&world, id).await;
    let paused = change(&world, id, |spec| spec.active = false).await;
    assert_eq!(inactive(&paused), Some(InactiveReason::Paused));
    world.no_exchange().await;
    let enabled = change(&world, id, |spec| spec.active = true).await;
    assert_eq!(inactive(&enabled), Some(InactiveReason::Unverified));
    world.exchange().await.answer(500);
    verified(&world, id).await;
    // A person who sets it active does not go round it.
    let again = change(&world, id, |spec| spec.active = true).await;
    assert_eq!(inactive(&again), Some(InactiveReason::Unverified));
    pass(&world, id).await;
    assert_eq!(inactive(&now(&world, id).await), None);
}

#[tokio::test]
async fn one_that_is_created_inactive_is_tried_and_not_activated_by_that() {
    let world = echo().await;
    let id = subscribe(&world, SubscriptionSpec { active: false, ..to("https://a.example/") }).await;
    world.exchange().await.answer(500);
    let (state, _, failed) = verified(&world, id).await;
    assert_eq!((state, inactive(&failed)), (VerificationState::Failed, Some(InactiveReason::Paused)));
    let enabled = change(&world, id, |spec| spec.active = true).await;
    assert_eq!(inactive(&enabled), Some(InactiveReason::Unverified));
    pass(&world, id).await;
}

#[tokio::test]
async fn a_hint_carries_what_a_delivery_carries_and_stops_nothing() {
    let world = world_of("probing", json!({})).await;
    let spec = pushed_with(to("https://a.example/x?secret=1"), |push| {
        let own = |value: &str| CustomHeader { name: "X-Key".to_owned(), value: value.to_owned() };
        push.headers = vec![own("one"), own("two")];
        push.authorization = Some("Basic eDp5".to_owned());
    });
    let id = subscribe(&world, spec).await;
    assert_eq!(inactive(&now(&world, id).await), None);
    world.publish("{}").await;
    let mut exchanges = [world.exchange().await, world.exchange().await];
    exchanges.sort_by_key(|exchange| exchange.request.method.as_str() == "POST");
    let [probe, delivery] = exchanges;
    assert_eq!(probe.request.method.as_str(), "HEAD");
    assert_eq!(probe.request.url, delivery.request.url);
    assert_eq!(probe.request.url.as_str(), "https://a.example/x?secret=1&eventType=lead.created");
    assert_eq!((probe.request.deadline, probe.request.body.len()), (Duration::from_secs(7), 0));
    let own: Vec<_> = probe.request.headers.iter().filter(|(name, _)| *name == "X-Key").collect();
    assert_eq!(own, [("X-Key", "one"), ("X-Key", "two")]);
    assert_eq!((probe.header("authorization"), probe.header("content-type")), ("Basic eDp5", ""));
    probe.answer(405);
    delivery.answer(200);
    let (state, detail, active) = verified(&world, id).await;
    assert_eq!((state, inactive(&active)), (VerificationState::Failed, None));
    assert_eq!(detail.as_deref(), Some("HEAD: it answered 405, and 2xx is expected"));
    let head = &logged(&world).await[0].attempts[0].request;
    assert_eq!(head.headers.get("x-key"), Some("***"), "the log shows no keys of the customer");
    // On enabling once more, and by the option not at all or otherwise.
    change(&world, id, |spec| spec.active = false).await;
    change(&world, id, |spec| spec.active = true).await;
    world.exchange().await.answer(200);
    assert_eq!(verified(&world, id).await.0, VerificationState::Passed);
    for (option, method) in [("off", None), ("post_empty", Some("POST"))] {
        let spec =
            SubscriptionSpec { options: json!({"probe": option}).to_string(), ..to("https://b.example/") };
        let id = subscribe(&world, spec).await;
        match method {
            None => {
                world.no_exchange().await;
                assert_eq!(now(&world, id).await.verification, None);
                let refused = world.engine.sending().verify_subscription(&Origin::ADMIN, &acme(), id).await;
                assert!(matches!(refused, Err(VerifyError::NoHandshakes)), "{refused:?}");
            }
            Some(method) => {
                let probe = world.exchange().await;
                assert_eq!((probe.request.method.as_str(), probe.request.body.len()), (method, 0));
                probe.answer(200);
                assert_eq!(verified(&world, id).await.0, VerificationState::Passed);
            }
        }
    }
}

#[tokio::test]
async fn what_is_signed_wrongly_must_be_refused() {
    let world = world_of("strict", json!({})).await;
    for (second, expected) in [(200, VerificationState::Failed), (401, VerificationState::Passed)] {
        let id = subscribe(&world, to("https://a.example/")).await;
        let right = world.exchange().await;
        let signature = right.header("x-sign").to_owned();
        right.answer(200);
        let wrong = world.exchange().await;
        assert_eq!(wrong.header("x-sign").len(), signature.len());
        assert_ne!(wrong.header("x-sign"), signature);
        wrong.answer(second);
        let (state, detail, subscription) = verified(&world, id).await;
        assert_eq!((state, inactive(&subscription).is_none()), (expected, second == 401));
        assert_eq!(detail.is_some(), second == 200);
    }
}

#[tokio::test]
async fn a_receiver_of_cloudevents_allows_the_origin_or_all() {
    let world = world_of("cloudevents", json!({"origin": "events.example.com"})).await;
    for (allowed, expected) in [
        ("events.example.com", VerificationState::Passed),
        ("*", VerificationState::Passed),
        ("other.example.com", VerificationState::Failed),
    ] {
        let id = subscribe(&world, to("https://a.example/")).await;
        let exchange = world.exchange().await;
        assert_eq!(exchange.request.method.as_str(), "OPTIONS");
        assert_eq!(exchange.header("webhook-request-origin"), "events.example.com");
        exchange.answer_with(200, &[("webhook-allowed-origin", allowed)]);
        assert_eq!(verified(&world, id).await.0, expected, "{allowed}");
    }
}

#[tokio::test]
async fn what_must_pass_is_made_again_after_a_crash_and_a_hint_is_forgotten() {
    let world = echo().await;
    let id = subscribe(&world, to("https://a.example/")).await;
    let _never_answered = world.exchange().await;
    let next = on(world.store.clone(), world.clock.clone()).await;
    assert_eq!(now(&next, id).await.verification.unwrap().state, VerificationState::Pending);
    pass(&next, id).await;
    assert_eq!(inactive(&now(&next, id).await), None);
    assert_eq!(logged(&next).await.len(), 1, "of the one that was cut off there is no trace");

    let other = TenantId::parse("other").unwrap();
    put(&next, &other, "probing", json!({})).await;
    let hinted = subscribe_in(&next, &other, to("https://b.example/")).await;
    let _never_answered = next.exchange().await;
    let last = on(next.store.clone(), next.clock.clone()).await;
    last.no_exchange().await;
    let still = last.engine.configuration().subscription(&other, hinted).await.unwrap();
    assert_eq!(still.verification.unwrap().state, VerificationState::Pending);
}

#[tokio::test]
async fn a_change_in_between_is_asked_for_anew_and_the_old_answer_says_nothing() {
    let world = echo().await;
    let id = subscribe(&world, to("https://a.example/")).await;
    let first = world.exchange().await;
    change(&world, id, |spec| spec.push_mut().unwrap().url = Some(url("https://b.example/"))).await;
    world.no_exchange().await;
    let right = echo_of(&first);
    first.answer_body(200, &right, false);
    let second = world.exchange().await;
    assert_eq!(second.request.url.as_str(), "https://b.example/");
    assert_eq!(
        inactive(&now(&world, id).await),
        Some(InactiveReason::Unverified),
        "that was another receiver"
    );
    let right = echo_of(&second);
    second.answer_body(200, &right, false);
    verified(&world, id).await;
    assert_eq!(inactive(&now(&world, id).await), None);
}

#[tokio::test]
async fn a_tenant_whose_receivers_hang_keeps_nobody_elses_handshakes_waiting() {
    let world = echo().await;
    let mut hanging = Vec::new();
    for _ in 0..20 {
        subscribe(&world, to("https://a.example/")).await;
    }
    for _ in 0..16 {
        hanging.push(world.exchange().await);
    }
    world.no_exchange().await;
    let other = TenantId::parse("other").unwrap();
    put(&world, &other, "challenge-echo", json!({})).await;
    subscribe_in(&world, &other, to("https://b.example/")).await;
    let theirs = world.exchange().await;
    assert_eq!(theirs.request.url.as_str(), "https://b.example/");
    hanging.into_iter().for_each(|exchange| exchange.answer(500));
    for _ in 0..4 {
        world.exchange().await.answer(500);
    }
}

#[tokio::test]
async fn of_very_many_the_hints_that_find_no_room_are_dropped_and_what_must_pass_is_made_later() {
    let world = echo().await;
    let all = HANDSHAKES_WAITING_MAX / 2 + 40;
    for _ in 0..all {
        subscribe(&world, to("https://a.example/")).await;
    }
    for _ in 0..all {
        let exchange = world.exchange().await;
        let right = echo_of(&exchange);
        exchange.answer_body(200, &right, false);
    }
    let passed = async {
        loop {
            let subscriptions = world.engine.configuration().subscriptions(&acme()).await.unwrap();
            if subscriptions.iter().all(|subscription| subscription.spec.active) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    patient("all to pass", passed).await;
    world.no_exchange().await;
}

#[tokio::test]
async fn a_profile_without_handshakes_has_nothing_to_verify() {
    let world = World::new().await;
    let id = world.subscribe(to("https://a.example/")).await.subscription.id;
    assert_eq!(now(&world, id).await.verification, None);
    let refused = world.engine.sending().verify_subscription(&Origin::ADMIN, &acme(), id).await;
    assert!(matches!(refused, Err(VerifyError::NoHandshakes)), "{refused:?}");
    let unknown = SubscriptionId::from_bytes([7; 16]);
    let unknown = world.engine.sending().verify_subscription(&Origin::ADMIN, &acme(), unknown).await;
    assert!(matches!(unknown, Err(VerifyError::NotFound)), "{unknown:?}");
}
