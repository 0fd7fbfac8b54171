//! What is tried again, when, and what never is.

use std::{sync::Arc, time::Duration};

use postroad_client::{Error, NewSubscription, Retries, SubscriptionPatch};
use postroad_testkit::{Answer, Receiver};

use crate::stage::{ACCEPTED, DEADLINE, EVENTS, Gaps, builder, event, problem, stage};

fn accepted() -> Answer {
    Answer::status(202).body(ACCEPTED)
}

#[tokio::test]
async fn an_event_is_published_again_with_the_same_key_until_it_is_accepted() {
    let (server, client, gaps) = stage().await;
    let busy = problem(429, "overloaded").header("Retry-After", "1");
    let away = problem(503, "store_unavailable").header("Retry-After", "1");
    server.answer_in_turn(EVENTS, [Answer::close(), busy, away, accepted()]);
    let published = client.tenant("acme").publish(event()).await.unwrap();
    assert_eq!((published.id.as_str(), published.deliveries), ("evt_1", 2));

    let received = server.received();
    assert_eq!(received.len(), 4);
    let keys: Vec<_> = received.iter().map(|request| request.header("idempotency-key")).collect();
    assert_eq!(keys, [Some("ff".repeat(16).as_str()); 4]);
    assert!(received.iter().all(|request| request.body == received[0].body));
    // The first gap is the client's own; the others are what the server asked for, and a little of one's own.
    let noted = gaps.noted.lock().unwrap().clone();
    assert_eq!(noted, [100, 1_100, 1_200].map(Duration::from_millis));
}

#[tokio::test]
async fn a_key_of_the_callers_own_is_the_key() {
    let (server, client, _) = stage().await;
    server.answer(EVENTS, accepted());
    client.tenant("acme").publish(event().idempotency_key("lead-7")).await.unwrap();
    client.tenant("acme").publish(event().idempotency_key("größer")).await.unwrap();
    let received = server.received();
    assert_eq!(received[0].header("idempotency-key"), Some("lead-7"));
    assert_eq!(received[0].json()["id"], "lead-7");
    assert_eq!((received[1].header("idempotency-key"), &received[1].json()["id"]), (None, &"größer".into()));
}

#[tokio::test]
async fn repeats_have_an_end_and_the_last_refusal_is_told() {
    let (server, client, gaps) = stage().await;
    server.answer(EVENTS, problem(429, "overloaded").header("Retry-After", "2"));
    let error = client.tenant("acme").publish(event()).await.unwrap_err();
    assert_eq!((error.code(), error.status()), (Some("overloaded"), Some(429)));
    assert_eq!(error.problem().unwrap().retry_after, Some(Duration::from_secs(2)));
    assert_eq!((server.received().len(), gaps.noted.lock().unwrap().len()), (5, 4));
}

#[tokio::test]
async fn a_wait_that_is_longer_than_any_gap_is_left_to_the_caller() {
    let (server, client, gaps) = stage().await;
    server.answer(EVENTS, problem(503, "store_full").header("Retry-After", "3600"));
    let error = client.tenant("acme").publish(event()).await.unwrap_err();
    assert_eq!(error.problem().unwrap().retry_after, Some(Duration::from_secs(3_600)));
    assert_eq!((server.received().len(), gaps.noted.lock().unwrap().len()), (1, 0));
}

#[tokio::test]
async fn what_would_happen_twice_is_not_tried_again() {
    let (server, client, _) = stage().await;
    let (hooks, one) = ("/v1/tenants/acme/subscriptions", "/v1/tenants/acme/subscriptions/sub_1");
    let subscriptions = client.tenant("acme").subscriptions();
    server.answer(hooks, Answer::close());
    let error = subscriptions.create(&NewSubscription::push("https://a.example")).await.unwrap_err();
    assert!(matches!(error, Error::Connection { is_unsent: false, .. }), "{error}");
    server.answer(one, Answer::close());
    subscriptions.update_if("sub_1", &SubscriptionPatch::new().active(false), "\"v1\"").await.unwrap_err();
    assert_eq!(server.received().len(), 2);
    assert_eq!(server.received()[1].header("if-match"), Some("\"v1\""));

    server.answer_in_turn(hooks, [problem(429, "overloaded"), problem(503, "store_unavailable")]);
    subscriptions.create(&NewSubscription::push("https://a.example")).await.unwrap_err();
    assert_eq!(server.received().len(), 4, "429 says that nothing was begun, 503 does not");
}

#[tokio::test]
async fn what_an_earlier_attempt_erased_is_gone_and_what_never_was_is_not_found() {
    let (server, client, _) = stage().await;
    let path = "/v1/tenants/acme";
    server.answer_in_turn(path, [Answer::close(), problem(404, "not_found")]);
    client.tenants().delete("acme").await.unwrap();
    let error = client.tenants().delete("acme").await.unwrap_err();
    assert_eq!(error.code(), Some("not_found"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_as_often_as_said() {
    let gaps = Arc::new(Gaps::default());
    let address = Receiver::start().await.url("");
    let retries = Retries { attempts: 3, ..Retries::default() };
    let client = builder(&address, Arc::clone(&gaps)).retries(retries).build().unwrap();
    let error = client.tenant("acme").subscriptions().test("sub_1", None).await.unwrap_err();
    assert!(matches!(error, Error::Connection { is_unsent: true, .. }), "{error}");
    assert!(error.to_string().starts_with(&format!("no answer from {address}: cannot connect")), "{error}");
    assert_eq!(gaps.noted.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_call_ends_by_its_deadline() {
    let server = Receiver::start().await;
    server.answer("/v1/profiles/standard", Answer::hang());
    let gaps = Arc::new(Gaps { deadline_comes: true, ..Gaps::default() });
    let client = builder(&server.url(""), gaps).build().unwrap();
    let error = client.profiles().get("standard").await.unwrap_err();
    assert!(matches!(error, Error::Timeout { deadline: DEADLINE, .. }), "{error}");
    let hurried = client.with_deadline(Duration::from_secs(5));
    let error = hurried.profiles().get("standard").await.unwrap_err();
    assert_eq!(error.to_string(), format!("no answer from {} within 5s", server.url("")));
}
