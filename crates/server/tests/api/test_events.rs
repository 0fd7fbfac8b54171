//! `POST /v1/tenants/{tenant}/subscriptions/{id}/test`

use postroad_domain::{ErrorClass, limits::TESTS_MAX};
use postroad_store::StoreError;
use serde_json::{Value, json};

use crate::{
    app::{ACME, App, Reply},
    refusal::{self, Refused},
};

/// Sends a test and answers its exchange with a status.
async fn test(app: &App, subscription: &str, body: &str, status: u16) -> (Reply, Value) {
    let path = format!("{subscription}/test");
    let asked = app.send("POST", &path, body.to_owned());
    let (reply, sent) = tokio::join!(asked, async {
        let exchange = app.exchange().await;
        let sent = serde_json::from_slice(&exchange.request.body).unwrap();
        exchange.answer(status, b"thanks");
        sent
    });
    (reply, sent)
}

#[tokio::test]
async fn a_test_sends_the_example_now_and_answers_the_delivery_with_its_attempt() {
    let app = App::new().await;
    let tenant = app.tenant("sleekplan", json!({"product_id": 7})).await;
    let (path, created) = app.subscribe_in(&tenant, json!({"delivery": {"url": "https://e.com"}})).await;
    let (reply, sent) = test(&app, &path, r#"{"type":"item.create"}"#, 204).await;
    let delivery = reply.expect(200);
    assert_eq!((&sent["action"], &sent["product_id"]), (&json!("item.create"), &json!(7)));
    assert_eq!((&delivery["test"], &delivery["status"]), (&json!(true), &json!("succeeded")));
    assert_eq!((&delivery["type"], &delivery["subscription"]), (&json!("item.create"), &created["id"]));
    let attempt = &delivery["attempts"][0];
    assert_eq!((&attempt["number"], &attempt["response"]["body"]), (&json!(1), &json!("thanks")));
    let body: Value = serde_json::from_str(attempt["request"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(body, sent);

    let id = delivery["id"].as_str().unwrap();
    assert_eq!(app.get(&format!("{tenant}/deliveries/{id}")).await.expect(200), delivery);
    let event = delivery["events"][0].as_str().unwrap();
    assert_eq!(app.get(&format!("{tenant}/events/{event}")).await.expect(200)["test"], true);
}

#[tokio::test]
async fn a_test_that_fails_is_answered_too_and_not_tried_again() {
    let app = App::new().await;
    let created = app.subscribe_to("https://example.com").await;
    let path = format!("{ACME}/subscriptions/{}", created["id"].as_str().unwrap());
    let (reply, _) = test(&app, &path, "", 500).await;
    let failed = reply.expect(200);
    assert_eq!((&failed["status"], &failed["test"]), (&json!("failed"), &json!(true)));
    assert_eq!(failed["attempts"][0]["response"]["status"], 500);

    let test_path = format!("{path}/test");
    let (reply, ()) = tokio::join!(app.send("POST", &test_path, "{}"), async {
        app.exchange().await.fail(ErrorClass::Tls);
    });
    assert_eq!(reply.expect(200)["attempts"][0]["error"]["class"], "tls");
}

#[tokio::test]
async fn without_a_type_the_first_that_the_subscription_selects_is_sent() {
    let app = App::new().await;
    let tenant = app.tenant("workshop", json!({})).await;
    let url = json!({"url": "https://e.com"});
    let (any, _) = app.subscribe_in(&tenant, json!({"delivery": url})).await;
    let (one, _) = app.subscribe_in(&tenant, json!({"delivery": url, "events": ["job.begun"]})).await;
    for (path, body, sent) in [
        (&any, "", json!({"id": 7, "cost": 1.0})),
        (&any, "{}", json!({"id": 7, "cost": 1.0})),
        (&any, r#"{"type":null}"#, json!({"id": 7, "cost": 1.0})),
        (&any, r#"{"type":"Job Begun"}"#, json!({"id": 8})),
        (&one, "", json!({"id": 8})),
        // What it does not select can be tried all the same.
        (&one, r#"{"type":"job.done"}"#, json!({"id": 7, "cost": 1.0})),
    ] {
        let (reply, body_sent) = test(&app, path, body, 200).await;
        assert_eq!(body_sent, sent, "{path} {body}");
        reply.expect(200);
    }
    app.put(&format!("{tenant}/event-types/own"), json!({"example": {"id": 9}})).await.expect(201);
    assert_eq!(test(&app, &any, r#"{"type":"own"}"#, 200).await.1, json!({"id": 9}));
}

#[tokio::test]
async fn a_test_of_a_type_that_nobody_gave_an_example_says_so() {
    let app = App::new().await;
    let wanted = json!({"delivery": {"url": "https://e.com"}, "events": ["lead.created"]});
    let (path, _) = app.subscribe_in(ACME, wanted).await;
    let data = test(&app, &path, "", 200).await.1["data"].clone();
    assert_eq!((&data["example"], &data["type"]), (&json!(true), &json!("lead.created")));
    assert!(
        data["note"].as_str().unwrap().contains("PUT /v1/tenants/{tenant}/event-types/lead.created"),
        "{data}"
    );
    app.put(&format!("{ACME}/event-types/lead.created"), json!({"example": {"id": 9}})).await.expect(201);
    assert_eq!(test(&app, &path, "", 200).await.1["data"], json!({"id": 9}));
}

#[tokio::test]
async fn a_test_that_cannot_be_is_refused() {
    let app = App::new().await;
    let tenant = app.tenant("leanbe", json!({})).await;
    let (path, _) = app.subscribe_in(&tenant, json!({"delivery": {"url": "https://e.com"}})).await;
    let path = &format!("{path}/test");
    let long = json!({"type": "t".repeat(256)}).to_string();
    for (body, code, field, says) in [
        ("[]", "invalid", "", "must be an object"),
        (r#"{"typ":"a"}"#, "invalid", "typ", "did you mean `type`?"),
        (r#"{"type":7}"#, "invalid", "type", "must be a string, not a number"),
        (r#"{"type":""}"#, "invalid", "type", "1 to 255 characters"),
        (&long, "invalid", "type", "1 to 255 characters"),
        (r#"{"type":"idea.upvoted"}"#, "unknown_event_type", "type", "idea.upVoted"),
    ] {
        Refused { method: "POST", path, body, status: 422, code, field, says }.check(&app).await;
    }
    let (body, code) = ("{", "malformed_json");
    Refused { method: "POST", path, body, status: 400, code, field: "", says: "line 1" }.check(&app).await;
    assert_eq!(app.get(&format!("{tenant}/deliveries")).await.expect(200)["data"], json!([]));
}

#[tokio::test]
async fn when_too_many_tests_are_under_way_the_next_is_told_to_come_again() {
    let app = App::new().await;
    let created = app.subscribe_to("https://example.com").await;
    let path = &format!("{ACME}/subscriptions/{}/test", created["id"].as_str().unwrap());
    let tests = (0..=TESTS_MAX / 2).map(|_| Box::pin(app.send("POST", path, "")));
    let mut under_way: Vec<_> = tests.collect();
    let refused = std::future::poll_fn(|context| {
        let ready = under_way.iter_mut().find_map(|test| match test.as_mut().poll(context) {
            std::task::Poll::Ready(reply) => Some(reply),
            std::task::Poll::Pending => None,
        });
        ready.map_or(std::task::Poll::Pending, std::task::Poll::Ready)
    });
    let reply = postroad_testkit::within("a refusal", refused).await;
    refusal::check(&reply, 429, "too_many_tests", "", "This tenant has as many", "one more");
    assert_eq!(reply.header("retry-after"), "1");
}

#[tokio::test]
async fn a_node_that_cannot_write_sends_no_test() {
    let app = App::new().await;
    let created = app.subscribe_to("https://example.com").await;
    let path = &format!("{ACME}/subscriptions/{}/test", created["id"].as_str().unwrap());
    app.store.fail_commits(Some(StoreError::Full));
    app.post(&format!("{ACME}/events"), json!({"type": "a", "data": 1})).await.expect(503);
    let reply = app.send("POST", path, "").await;
    refusal::check(&reply, 503, "not_ready", "", "Try again in a moment", "full");
    assert_eq!(reply.header("retry-after"), "1");
}
