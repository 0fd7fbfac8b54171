//! Handshakes of a running server, with receivers that pass, refuse, lie, hang, redirect and never end.

use std::time::Duration;

use postroad_testkit::{Answer, Gate, Received, poll_for};
use serde_json::{Value, json};

use super::folder;
use crate::{
    stage::{Stage, StageOptions, id_of},
    support::openssl::hmac_sha256,
};

const SECRET: &str = "a secret of sixteen characters";

async fn serve(profile: &'static str, tenant: Value) -> Stage {
    let arguments = vec!["--profiles".to_owned(), folder().display().to_string()];
    Stage::start_with(StageOptions { profile, tenant, arguments, ..StageOptions::default() }).await
}

/// Sends the challenge back and proves that it knows the secret.
fn echo() -> Answer {
    Answer::made(|request| {
        let challenge = request.json()["challenge"].as_str().unwrap_or_default().to_owned();
        let proof = format!("sha256={}", hmac_sha256(SECRET, challenge.as_bytes()));
        Answer::status(200).body(json!({"challenge": challenge, "proof": proof}).to_string())
    })
}

/// Subscribes at a path of the receiver; answers the id.
async fn subscribe(stage: &Stage, path: &str, further: Value) -> String {
    let mut body = further;
    body["delivery"] = json!({"type": "push", "url": stage.receiver.url(path)});
    let created = stage.subscribe(body).await;
    assert_eq!((&created["active"], &created["inactive_reason"]), (&json!(false), &json!("unverified")));
    assert_eq!(created["verification"]["state"], "pending");
    id_of(&created).to_owned()
}

async fn verified(stage: &Stage, id: &str) -> Value {
    poll_for("the end of the handshakes", async || {
        let subscription = stage.get(&stage.path(&format!("subscriptions/{id}"))).await;
        (subscription["verification"]["state"] != "pending").then_some(subscription)
    })
    .await
}

async fn verify(stage: &Stage, id: &str) -> Value {
    let path = stage.path(&format!("subscriptions/{id}/verify"));
    stage.server.post_json(&path, &json!({})).await.expect("the server answers").expect_status(200).json()
}

fn expect_held(subscription: &Value, why: &str) {
    assert_eq!(subscription["inactive_reason"], "unverified", "{subscription}");
    let verification = &subscription["verification"];
    assert_eq!(verification["state"], "failed", "{subscription}");
    assert!(verification["detail"].as_str().is_some_and(|detail| detail.contains(why)), "{subscription}");
}

fn posts(received: &[Received]) -> usize {
    received.iter().filter(|request| request.method == "POST").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_receiver_that_echoes_and_proves_is_sent_to() {
    let stage = serve("challenge-echo", json!({})).await;
    let gate = Gate::default();
    let cases = [
        ("/refuses", Answer::status(404), "it answered 404"),
        (
            "/lies",
            Answer::status(200).body(r#"{"challenge":"x","proof":"sha256=00"}"#),
            "is not what is expected",
        ),
        (
            "/redirects",
            Answer::status(302).header("Location", &stage.receiver.url("/right")),
            "it answered 302",
        ),
        ("/hangs", Answer::hang(), "no answer (timeout)"),
        ("/closes", Answer::close(), "no answer (connect)"),
        ("/endless", Answer::endless(200), "its body is longer than"),
        ("/trickles", Answer::trickle(200, Duration::from_millis(20)), "its body is longer than"),
        ("/mumbles", Answer::raw("hello\r\n\r\n"), "no answer (protocol)"),
    ];
    stage.receiver.answer_in_turn("/right", [echo().after(&gate), Answer::status(204)]);
    let right = subscribe(&stage, "/right", json!({"secret": SECRET})).await;
    let mut held = Vec::new();
    for (path, answer, why) in cases {
        stage.receiver.answer(path, answer);
        held.push((subscribe(&stage, path, json!({"secret": SECRET, "timeout": "1s"})).await, path, why));
    }
    for (id, path, why) in &held {
        expect_held(&verified(&stage, id).await, why);
        let of_path = stage.receiver.wait_for_path(path, 1).await;
        assert_eq!(of_path.len(), 1, "one exchange and no more: {path}");
    }
    let early = stage.publish("message.posted", r#"{"message":"1"}"#).await.expect_status(202);
    assert_eq!(early.json()["deliveries"], 0, "nobody is verified yet");
    gate.open();
    let active = verified(&stage, &right).await;
    assert_eq!((&active["active"], &active["verification"]["state"]), (&json!(true), &json!("passed")));

    let before = stage.receiver.received().len();
    let published = stage.publish("message.posted", r#"{"message":"2"}"#).await.expect_status(202);
    stage.wait_for_event(&published, "succeeded").await;
    let sent = stage.receiver.received().split_off(before);
    assert_eq!(sent.iter().map(Received::path).collect::<Vec<_>>(), ["/right"], "and to nobody else");

    let log = stage.deliveries().await;
    let shown = log
        .iter()
        .find(|delivery| delivery["type"] == "postroad.handshake" && delivery["subscription"] == *right);
    let shown = stage.delivery(id_of(shown.expect("a handshake is logged"))).await;
    let asked = stage.receiver.wait_for_path("/right", 2).await.remove(0);
    assert_eq!(asked.header("x-signature"), Some(&*format!("sha256={}", hmac_sha256(SECRET, &asked.body))));
    assert_eq!(shown["attempts"][0]["request"]["body"], asked.text());
    assert_eq!((&shown["test"], &shown["status"]), (&json!(true), &json!("succeeded")));

    // One that has repented.
    let (id, path, _) = &held[0];
    stage.receiver.answer(path, echo());
    assert_eq!(verify(&stage, id).await["active"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_pass_is_made_again_after_a_kill_and_holds_what_waited_for_the_old_url() {
    let mut stage = serve("challenge-echo", json!({})).await;
    stage.receiver.answer_in_turn("/old", [echo(), Answer::status(500)]);
    let soon = json!({"attempts": 4, "backoff": ["1s"]});
    let id = subscribe(&stage, "/old", json!({"secret": SECRET, "retry": soon})).await;
    assert_eq!(verified(&stage, &id).await["active"], true);
    let published = stage.publish("message.posted", r#"{"message":"1"}"#).await.expect_status(202);
    stage.receiver.wait_for_path("/old", 2).await;
    stage.receiver.answer_in_turn("/new", [Answer::hang(), echo(), Answer::status(204)]);
    let moved =
        stage.patch(&id, json!({"delivery": {"url": stage.receiver.url("/new")}})).await.expect_status(200);
    assert_eq!(moved.json()["inactive_reason"], "unverified");
    stage.receiver.wait_for_path("/new", 1).await;
    stage.server.kill9().await.expect("it runs");
    stage.server.start_again().await.unwrap_or_else(|error| panic!("{error:#}"));
    assert_eq!(verified(&stage, &id).await["active"], true);
    stage.wait_for_event(&published, "succeeded").await;
    let to_new = stage.receiver.wait_for_path("/new", 3).await;
    assert_eq!(to_new[0].json()["type"], "url_verification");
    assert_eq!(to_new[1].json()["type"], "url_verification");
    assert_ne!(to_new[0].json()["challenge"], to_new[1].json()["challenge"]);
    assert_eq!((to_new.len(), &to_new[2].json()["type"]), (3, &json!("event")));
    assert_eq!(posts(&stage.receiver.wait_for_path("/old", 2).await), 2, "nothing more went there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_of_cloudevents_is_sent_to_when_it_allows_the_origin() {
    let stage = serve("cloudevents", json!({"origin": "events.example.com", "https": false})).await;
    let allows =
        |origin: &str| Answer::status(200).header("WebHook-Allowed-Origin", origin).header("Allow", "POST");
    let mut ids = Vec::new();
    for (path, origin) in [("/one", "events.example.com"), ("/all", "*"), ("/other", "example.com")] {
        stage.receiver.answer_in_turn(path, [allows(origin), Answer::status(204)]);
        ids.push(subscribe(&stage, path, json!({})).await);
    }
    stage.receiver.answer("/knows-nothing-of-it", Answer::status(405));
    ids.push(subscribe(&stage, "/knows-nothing-of-it", json!({})).await);
    for (id, passes) in ids.iter().zip([true, true, false, false]) {
        assert_eq!(verified(&stage, id).await["active"], passes);
    }
    let event = "com.example.order.placed";
    let _ = stage.publish(event, r#"{"order":"o_1"}"#).await.expect_status(202);
    let received = stage.receiver.wait_until("both", |received| posts(received) == 2).await;
    for request in &received {
        assert_eq!(request.header("webhook-request-origin"), Some("events.example.com"));
        match request.method.as_str() {
            "OPTIONS" => assert!(request.body.is_empty() && request.header("content-type").is_none()),
            _ => {
                assert_eq!(
                    request.header("content-type"),
                    Some("application/cloudevents+json; charset=UTF-8")
                );
                let sent = request.json();
                assert_eq!((&sent["specversion"], &sent["type"]), (&json!("1.0"), &json!(event)));
                assert_eq!(sent["data"], json!({"order": "o_1"}));
            }
        }
    }
    assert_eq!(received.len(), 6, "four that ask, and two events");
}
