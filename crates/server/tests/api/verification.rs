//! `POST /v1/tenants/{tenant}/subscriptions/{id}/verify`, and what a subscription shows of its handshakes.

use std::time::Duration;

use postroad_domain::ErrorClass;
use postroad_store::StoreError;
use postroad_testkit::within;
use serde_json::{Value, json};

use crate::{
    app::{ACME, App, Reply},
    refusal,
};

/// A subscription that waits for its challenge; answers its path and what the creation answered.
async fn unverified(app: &App) -> (String, Value) {
    let tenant = app.tenant("doorbell", json!({})).await;
    app.subscribe_in(&tenant, json!({"delivery": {"url": "https://e.com"}})).await
}

/// Waits until the handshakes of a subscription came to this.
async fn reaches(app: &App, path: &str, state: &str) -> Value {
    let reached = async {
        loop {
            let subscription = app.get(path).await.expect(200);
            if subscription["verification"]["state"] == state {
                return subscription;
            }
            tokio::task::yield_now().await;
        }
    };
    within(state, reached).await
}

/// Asks to verify, and answers the challenge.
async fn verify(app: &App, path: &str, right: bool) -> Reply {
    let path = format!("{path}/verify");
    let receiver = async {
        let exchange = app.exchange().await;
        let challenge = exchange.request.body.clone();
        if right { exchange.answer(200, &challenge) } else { exchange.answer(200, b"no") }
    };
    let (reply, ()) = tokio::join!(app.send("POST", &path, ""), receiver);
    reply
}

#[tokio::test]
async fn a_subscription_is_unverified_until_its_receiver_has_sent_the_challenge_back() {
    let app = App::new().await;
    let (path, created) = unverified(&app).await;
    assert_eq!((&created["active"], &created["inactive_reason"]), (&json!(false), &json!("unverified")));
    assert_eq!(created["verification"], json!({"state": "pending", "at": created["created_at"]}));
    app.exchange().await.fail(ErrorClass::Connect);
    let failed = reaches(&app, &path, "failed").await;
    assert_eq!(failed["verification"]["detail"], "POST: no answer (connect): as the test says");
    assert_eq!(failed["inactive_reason"], "unverified");
    let tag = app.get(&path).await.header("etag").to_owned();

    app.clock.advance(Duration::from_secs(5));
    let still = verify(&app, &path, false).await.expect(200);
    assert_eq!(still["verification"]["detail"], "POST: the body is not what is expected");
    assert_eq!(still["inactive_reason"], "unverified");
    let reply = verify(&app, &path, true).await;
    let new_tag = reply.header("etag").to_owned();
    let active = reply.expect(200);
    assert_eq!((&active["active"], &active["verification"]["state"]), (&json!(true), &json!("passed")));
    assert_eq!((active.get("inactive_reason"), active["verification"].get("detail")), (None, None));
    assert_eq!(active["version"], created["version"]);
    assert_ne!(new_tag, tag, "whoever read it before has not seen it as it is");
    assert_eq!(app.get(&path).await.expect(200), active);
    let list = app.get("/v1/tenants/of-doorbell/subscriptions").await.expect(200);
    assert_eq!(list["data"][0]["verification"], active["verification"]);
    let all = app.get("/v1/subscriptions?limit=1").await.expect(200);
    assert_eq!(all["data"][0]["verification"], active["verification"]);

    let moved = app.patch(&path, json!({"delivery": {"url": "https://f.com"}})).await.expect(200);
    assert_eq!((&moved["active"], &moved["verification"]["state"]), (&json!(false), &json!("pending")));
}

#[tokio::test]
async fn each_handshake_stands_in_the_log_as_a_test_that_is_not_sent_again() {
    let app = App::new().await;
    let (path, _) = unverified(&app).await;
    let exchange = app.exchange().await;
    let challenge = exchange.request.body.clone();
    exchange.answer(200, &challenge);
    reaches(&app, &path, "passed").await;
    let list = app.get("/v1/tenants/of-doorbell/deliveries").await.expect(200);
    let [delivery] = list["data"].as_array().unwrap().as_slice() else { panic!("{list}") };
    assert_eq!(
        (&delivery["type"], &delivery["test"], &delivery["status"]),
        (&json!("postroad.handshake"), &json!(true), &json!("succeeded"))
    );
    let one = format!("/v1/tenants/of-doorbell/deliveries/{}", delivery["id"].as_str().unwrap());
    let shown = app.get(&one).await.expect(200);
    let attempt = &shown["attempts"][0];
    let challenge = str::from_utf8(&challenge).unwrap();
    assert_eq!(attempt["request"]["body"], challenge);
    assert_eq!(attempt["response"]["body"], challenge);
    let event =
        app.get(&format!("/v1/tenants/of-doorbell/events/{}", delivery["events"][0].as_str().unwrap())).await;
    let data = event.expect(200)["data"].clone();
    assert_eq!(
        (&data["handshake"], &data["blocking"], &data["passed"]),
        (&json!(1), &json!(true), &json!(true))
    );
    let retry = app.post(&format!("{one}/retry"), json!({})).await;
    refusal::check(
        &retry,
        409,
        "handshake_not_retried",
        "",
        "POST …/subscriptions/{id}/verify",
        "a handshake",
    );
    let audit = app.get("/v1/audit?tenant=of-doorbell&limit=1").await.expect(200);
    let entry = &audit["data"][0];
    assert_eq!((&entry["action"], &entry["actor"]), (&json!("subscription.verified"), &json!("system")));
}

#[tokio::test]
async fn the_name_under_which_handshakes_are_logged_is_taken() {
    let app = App::new().await;
    let reply = app.put(&format!("{ACME}/event-types/postroad.handshake"), json!({})).await;
    refusal::check(
        &reply,
        422,
        "invalid",
        "name",
        "is the type under which handshakes are logged",
        "event type",
    );
}

#[tokio::test]
async fn verify_refuses_what_it_cannot_do() {
    let app = App::new().await;
    let (path, _) = unverified(&app).await;
    app.exchange().await.answer(404, b"");
    reaches(&app, &path, "failed").await;
    let plain = app.subscribe_to("https://example.com").await;
    let plain = format!("{ACME}/subscriptions/{}/verify", plain["id"].as_str().unwrap());
    let none = app.send("POST", &plain, "").await;
    refusal::check(&none, 409, "no_handshakes", "", "set `active` to true", "no handshakes");
    let nowhere = format!("{ACME}/subscriptions/sub_01h455vb4pex5vsknk084sn02q/verify");
    refusal::check(&app.send("POST", &nowhere, "").await, 404, "not_found", "", "subscription", "nowhere");
    let shown = app.get(&plain.replace("/verify", "")).await.expect(200);
    assert_eq!(shown.get("verification"), None, "its profile has no handshakes");
    app.store.fail_commits(Some(StoreError::Full));
    app.post(&format!("{ACME}/events"), json!({"type": "a", "data": 1})).await.expect(503);
    let reply = app.send("POST", &format!("{path}/verify"), "").await;
    refusal::check(&reply, 503, "not_ready", "", "cannot take a write", "a full store");
}
