//! `/v1/tenants/{tenant}/events/batch`

use axum::body::Body;
use serde_json::{Value, json};

use crate::{
    app::{App, with_key},
    refusal::{self, Refused},
};

const BATCH: &str = "/v1/tenants/acme/events/batch";

#[tokio::test]
async fn each_event_of_a_batch_is_answered_for_itself_in_order() {
    let app = App::new().await;
    let body = r#"{"events":[
        {"type":"a","data":1},
        {"type":"a b","data":1},
        7,
        {"type":"b","data":2,"id":"k"},
        {"type":"b","data":2,"id":"k"},
        {"type":"b","data":3,"id":"k"},
        {"type":"c","data":3,"data":4}
    ]}"#;
    let answer = app.send("POST", BATCH, body).await.expect(202);
    let results = answer["results"].as_array().unwrap();
    let brief: Vec<Value> = results
        .iter()
        .map(|result| json!([result["type"], result["status"], result["code"], result["duplicate"]]))
        .collect();
    assert_eq!(
        brief,
        [
            json!(["a", null, null, null]),
            json!(["/problems/unknown_event_type", 422, "unknown_event_type", null]),
            json!(["/problems/invalid", 422, "invalid", null]),
            json!(["b", null, null, null]),
            json!(["b", null, null, true]),
            json!(["/problems/idempotency_conflict", 409, "idempotency_conflict", null]),
            json!(["/problems/duplicate_key", 400, "duplicate_key", null]),
        ]
    );
    assert_eq!(results[1]["errors"][0]["field"], "events[1].type");
    assert_eq!(results[2]["errors"][0]["field"], "events[2]");
    assert_eq!(results[3]["id"], results[4]["id"]);
    let events = app.get("/v1/tenants/acme/events").await.expect(200);
    assert_eq!(events["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_batch_may_be_empty_and_may_hold_a_thousand_events_and_no_more() {
    let app = App::new().await;
    assert_eq!(app.post(BATCH, json!({"events": []})).await.expect(202), json!({"results": []}));
    let event = json!({"type": "a", "data": {}});
    let answer = app.post(BATCH, json!({"events": vec![event.clone(); 1_000]})).await.expect(202);
    assert_eq!(answer["results"].as_array().unwrap().len(), 1_000);
    let reply = app.post(BATCH, json!({"events": vec![event; 1_001]})).await;
    refusal::check(&reply, 422, "invalid", "events", "holds 1001 events; 1000 are allowed", "too many");
}

#[tokio::test]
async fn an_event_that_is_too_large_alone_is_too_large_in_a_batch() {
    let app = App::new().await;
    let large = format!(r#"{{"type":"a","data":"{}"}}"#, "x".repeat(1024 * 1024));
    let body = format!(r#"{{"events":[{large},{{"type":"a","data":1}}]}}"#);
    let answer = app.send("POST", BATCH, body).await.expect(202);
    assert_eq!(answer["results"][0]["code"], "body_too_large");
    assert_eq!(answer["results"][1]["type"], "a");
    let reply = app.send("POST", BATCH, vec![b' '; 16 * 1024 * 1024 + 1]).await;
    refusal::check(&reply, 413, "body_too_large", "", "16777216 bytes", "the whole batch");
}

#[tokio::test]
async fn what_is_no_batch_is_refused_as_a_whole() {
    let app = App::new().await;
    for (body, status, code, field, says) in [
        ("{}", 422, "invalid", "events", "is required"),
        ("[]", 422, "invalid", "", "must be an object with a list `events`"),
        (r#"{"events":{}}"#, 422, "invalid", "", "must be an object with a list `events`"),
        (r#"{"events":[],"event":1}"#, 422, "invalid", "event", "known: events"),
        (r#"{"events":[],"events":[]}"#, 400, "duplicate_key", "", "`events` stands twice"),
        (r#"{"events":[{]}"#, 400, "malformed_json", "", "line 1 column"),
    ] {
        Refused { method: "POST", path: BATCH, body, status, code, field, says }.check(&app).await;
    }
    let keyed = with_key("POST", BATCH).header("idempotency-key", "k");
    let reply = app.call(keyed.body(Body::from(r#"{"events":[]}"#)).unwrap()).await;
    refusal::check(&reply, 422, "invalid", "Idempotency-Key", "give each event its own `id`", "a key");
    let reply = app.post("/v1/tenants/nobody/events/batch", json!({"events": [1]})).await;
    refusal::check(&reply, 404, "not_found", "", "no such tenant", "an unknown tenant");
}
