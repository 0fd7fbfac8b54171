//! `/v1/tenants/{tenant}/deliveries`

use postroad_domain::ErrorClass;
use serde_json::json;

use crate::{
    app::{ACME, App},
    refusal,
};

#[tokio::test]
async fn a_delivery_shows_each_attempt_with_request_and_response() {
    let app = App::new().await;
    let body = json!({
        "delivery": {"url": "https://example.com/h?k=1", "authorization": "Basic YTpi"},
        "retry": {"backoff": ["1m"]},
    });
    let subscription = app.subscribe(body).await;
    let event = app.publish(json!({"type": "lead.created", "data": {"a": "é"}})).await;
    let path = app.delivery_of(&event).await;

    app.exchange().await.answer(503, b"not \xff now");
    let waiting = app.reaches(&path, "queued").await;
    assert_eq!(waiting["subscription"], subscription["id"]);
    assert_eq!(waiting["events"], json!([event["id"]]));
    assert_eq!((&waiting["type"], &waiting["attempts_made"]), (&json!("lead.created"), &json!(1)));
    assert!(waiting["due_at"].as_str().is_some_and(|due| due >= "2026-11-21T00:01:00"));
    let attempt = &waiting["attempts"][0];
    assert!(attempt["id"].as_str().unwrap().starts_with("att_"));
    assert_eq!((&attempt["number"], &attempt["duration_ms"]), (&json!(1), &json!(0)));
    assert_eq!(attempt["repeated"], json!(false));
    let request = &attempt["request"];
    assert_eq!((&request["method"], &request["url"]), (&json!("POST"), &json!("https://example.com/h?k=1")));
    assert!(request["body"].as_str().unwrap().ends_with(r#""data":{"a":"é"}}"#));
    assert!(
        request["headers"].as_array().unwrap().contains(&json!({"name": "Authorization", "value": "***"}))
    );
    assert_eq!(
        attempt["response"],
        json!({
            "status": 503, "headers": [{"name": "server", "value": "test"}], "body": "not \u{fffd} now",
            "truncated": false,
        })
    );
    assert_eq!(attempt["error"], json!(null));

    while app.clock.advance_to_next().is_some() {
        tokio::task::yield_now().await;
        if app.get(&path).await.expect(200)["status"] == "delivering" {
            break;
        }
    }
    app.exchange().await.fail(ErrorClass::Connect);
    let failed = app.reaches(&path, "failed").await;
    assert_eq!((&failed["reason"], &failed["attempts_made"]), (&json!("exhausted"), &json!(2)));
    assert!(failed["finished_at"].is_string() && failed["due_at"].is_null());
    let attempt = &failed["attempts"][1];
    assert_eq!(attempt["error"], json!({"class": "connect", "message": "as the test says"}));
    assert_eq!(attempt["response"], json!(null));
}

#[tokio::test]
async fn a_delivery_that_ended_is_sent_again_and_one_that_is_under_way_is_not() {
    let app = App::new().await;
    app.subscribe_to("https://example.com").await;
    let event = app.publish(json!({"type": "a", "data": 1})).await;
    let path = app.delivery_of(&event).await;
    let first = app.exchange().await;
    let reply = app.send("POST", &format!("{path}/retry"), "").await;
    refusal::check(&reply, 409, "delivery_waiting", "", "An attempt is under way", "under way");
    first.answer(200, b"");
    app.reaches(&path, "succeeded").await;
    let again = app.send("POST", &format!("{path}/retry"), "").await.expect(202);
    assert_eq!((&again["status"], &again["attempts_made"]), (&json!("queued"), &json!(1)));
    app.exchange().await.answer(200, b"");
    assert_eq!(app.reaches(&path, "succeeded").await["attempts_made"], 2);
}

#[tokio::test]
async fn a_delivery_that_waits_is_sent_at_once_by_a_retry_or_with_all_that_waits() {
    let app = App::new().await;
    let subscription = json!({"delivery": {"url": "https://example.com"}, "retry": {"backoff": ["1m"]}});
    let subscription = app.subscribe(subscription).await;
    let event = app.publish(json!({"type": "a", "data": 1})).await;
    let path = app.delivery_of(&event).await;
    app.exchange().await.answer(500, b"");
    app.reaches(&path, "queued").await;
    let sent = app.send("POST", &format!("{path}/retry"), "").await.expect(202);
    assert_eq!((&sent["status"], &sent["attempts_made"]), (&json!("queued"), &json!(1)));
    app.exchange().await.answer(500, b"");
    let failed = app.reaches(&path, "failed").await;
    assert_eq!(failed["attempts_made"], 2, "it keeps its schedule");

    let event = app.publish(json!({"type": "a", "data": 2})).await;
    let path = app.delivery_of(&event).await;
    app.exchange().await.answer(500, b"");
    app.reaches(&path, "queued").await;
    let subscription = format!("{ACME}/subscriptions/{}", subscription["id"].as_str().unwrap());
    let sent = app.send("POST", &format!("{subscription}/send-now"), "").await.expect(200);
    assert_eq!(sent, json!({"count": 1}));
    app.exchange().await.answer(200, b"");
    app.reaches(&path, "succeeded").await;
    app.patch(&subscription, json!({"active": false})).await.expect(200);
    let reply = app.send("POST", &format!("{subscription}/send-now"), "").await;
    refusal::check(&reply, 409, "subscription_inactive", "", "Set it active first", "paused");
}

#[tokio::test]
async fn a_retry_to_a_paused_subscription_is_refused_and_not_forgotten() {
    let app = App::new().await;
    let subscription = app.subscribe_to("https://example.com").await;
    let event = app.publish(json!({"type": "a", "data": 1})).await;
    let path = app.delivery_of(&event).await;
    app.exchange().await.answer(200, b"");
    app.reaches(&path, "succeeded").await;
    let subscription = format!("{ACME}/subscriptions/{}", subscription["id"].as_str().unwrap());
    app.patch(&subscription, json!({"active": false})).await.expect(200);
    let reply = app.send("POST", &format!("{path}/retry"), "").await;
    refusal::check(&reply, 409, "subscription_inactive", "", "Set it active first", "paused");
}

#[tokio::test]
async fn a_waiting_delivery_is_called_off_and_one_that_ended_is_not() {
    let app = App::new().await;
    app.subscribe_to("https://example.com").await;
    let event = app.publish(json!({"type": "a", "data": 1})).await;
    let path = app.delivery_of(&event).await;
    app.exchange().await.answer(500, b"");
    app.reaches(&path, "queued").await;
    let cancelled = app.send("POST", &format!("{path}/cancel"), "").await.expect(200);
    assert_eq!((&cancelled["status"], &cancelled["reason"]), (&json!("cancelled"), &json!("operator")));
    assert_eq!(cancelled["attempts"].as_array().unwrap().len(), 1);
    let reply = app.send("POST", &format!("{path}/cancel"), "").await;
    refusal::check(&reply, 409, "delivery_finished", "", "nothing to call off", "again");
}

#[tokio::test]
async fn a_body_that_cannot_be_made_is_shown_as_null() {
    let app = App::new().await;
    let tenant = app.tenant("workshop", json!({})).await;
    let delivery = json!({"url": "https://e.com", "content_type": "application/x-www-form-urlencoded"});
    app.subscribe_in(&tenant, json!({"delivery": delivery, "retry": {"attempts": 1}})).await;
    let event = json!({"type": "job.done", "data": {"id": 1, "at": "yesterday"}});
    app.post(&format!("{tenant}/events"), event).await.expect(202);
    let list = app.get(&format!("{tenant}/deliveries")).await.expect(200);
    let path = format!("{tenant}/deliveries/{}", list["data"][0]["id"].as_str().unwrap());
    let failed = app.reaches(&path, "failed").await;
    assert_eq!(failed.get("test"), None);
    assert_eq!(failed["attempts"][0]["request"]["body"], json!(null), "{failed}");
    assert!(failed["attempts"][0]["error"]["message"].is_string(), "{failed}");
}

#[tokio::test]
async fn an_unknown_delivery_or_another_tenants_is_not_found() {
    let app = App::new().await;
    app.subscribe_to("https://example.com").await;
    app.put("/v1/tenants/other", json!({"profile": "standard"})).await.expect(201);
    let event = app.publish(json!({"type": "a", "data": 1})).await;
    let id = app.delivery_of(&event).await.rsplit_once('/').unwrap().1.to_owned();
    for path in [
        format!("/v1/tenants/other/deliveries/{id}"),
        format!("/v1/tenants/nobody/deliveries/{id}"),
        format!("{ACME}/deliveries/dlv_00000000000000000000000000"),
        format!("{ACME}/deliveries/nonsense"),
    ] {
        for (method, path) in
            [("GET", path.clone()), ("POST", format!("{path}/retry")), ("POST", format!("{path}/cancel"))]
        {
            let reply = app.send(method, &path, "").await;
            refusal::check(&reply, 404, "not_found", "", "There is no such", &path);
        }
    }
}
