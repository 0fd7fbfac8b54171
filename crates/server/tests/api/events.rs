//! `/v1/tenants/{tenant}/events`

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use serde_json::json;

use crate::{
    app::{ACME, App, Reply, with_key},
    coming::Coming,
    refusal::{self, Refused, fields},
};

const EVENTS: &str = "/v1/tenants/acme/events";

async fn publish_with_key(app: &App, key: &str, body: &str) -> Reply {
    let request = with_key("POST", EVENTS).header("idempotency-key", key);
    app.call(request.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test]
async fn an_event_is_accepted_routed_and_read() {
    let app = App::new().await;
    app.subscribe_to("https://example.com/hook").await;
    let body = json!({
        "type": "lead.created", "data": {"name": "Jo"}, "tags": ["a", "b"], "attributes": {},
        "occurred_at": "2026-11-20T12:00:00+01:00",
    });
    let accepted = app.publish(body).await;
    let id = accepted["id"].as_str().unwrap();
    assert!(id.starts_with("evt_"));
    assert_eq!((&accepted["type"], &accepted["deliveries"]), (&json!("lead.created"), &json!(1)));
    assert_eq!(accepted.get("duplicate"), None);
    let event = app.get(&format!("{EVENTS}/{id}")).await.expect(200);
    assert_eq!(
        event,
        json!({
            "id": id, "type": "lead.created", "accepted_at": accepted["accepted_at"],
            "occurred_at": "2026-11-20T11:00:00Z", "tags": ["a", "b"], "attributes": {},
            "data": {"name": "Jo"}, "deliveries": 1,
        })
    );
}

#[tokio::test]
async fn data_stays_byte_for_byte_what_came() {
    let app = App::new().await;
    app.subscribe_to("https://example.com/hook").await;
    let large = format!(r#"{{"z":1.0,"a":"{}"}}"#, "x".repeat(40_000));
    for data in [
        r#"{"z": 1.50 , "a":1e2,"u":"\u00e9\/é", "z":2}"#,
        "null",
        "12345678901234567890123",
        r#""text""#,
        "[ ]",
        &large,
    ] {
        let body = format!("{{\"type\":\"a\", \"data\" :  {data}  }}");
        let accepted = app.send("POST", EVENTS, body).await.expect(202);
        let sent = app.exchange().await;
        let text = String::from_utf8(sent.request.body.to_vec()).unwrap();
        assert!(text.ends_with(&format!(r#""data":{data}}}"#)), "{text}");
        sent.answer(200, b"");
        let shown = app.get(&format!("{EVENTS}/{}", accepted["id"].as_str().unwrap())).await;
        assert!(String::from_utf8_lossy(&shown.body).contains(&format!(r#""data":{data},"#)), "{data}");
    }
}

#[tokio::test]
async fn the_same_key_with_the_same_bytes_is_the_same_event_and_with_others_a_conflict() {
    let app = App::new().await;
    let body = r#"{"type":"a","data":1}"#;
    let first = publish_with_key(&app, "order-7", body).await.expect(202);
    let again = publish_with_key(&app, "order-7", body).await.expect(202);
    assert_eq!((&again["id"], &again["duplicate"]), (&first["id"], &json!(true)));
    let other = publish_with_key(&app, "order-7", r#"{"type":"a","data": 1}"#).await;
    refusal::check(&other, 409, "idempotency_conflict", "", "with other bytes", "another body");

    let named = r#"{"type":"a","data":1,"id":"order-8"}"#;
    let first = app.send("POST", EVENTS, named).await.expect(202);
    let again = app.send("POST", EVENTS, named).await.expect(202);
    assert_eq!(again["id"], first["id"]);
    // The header goes before the body's id.
    let by_header = publish_with_key(&app, "order-9", named).await.expect(202);
    assert_ne!(by_header["id"], first["id"]);
    assert_ne!(first["id"], "order-8");
}

#[tokio::test]
async fn a_key_that_cannot_be_one_is_refused() {
    let app = App::new().await;
    for key in ["", "a b", "ä", &"k".repeat(129)] {
        let reply = publish_with_key(&app, key, r#"{"type":"a","data":1}"#).await;
        refusal::check(&reply, 422, "invalid", "Idempotency-Key", "1 to 128 visible ASCII", key);
    }
    let twice = with_key("POST", EVENTS).header("idempotency-key", "a").header("idempotency-key", "b");
    let reply = app.call(twice.body(Body::from(r#"{"type":"a","data":1}"#)).unwrap()).await;
    refusal::check(&reply, 422, "invalid", "Idempotency-Key", "stand there once", "two keys");
    publish_with_key(&app, &"k".repeat(128), r#"{"type":"a","data":1}"#).await.expect(202);
}

#[tokio::test]
async fn what_is_no_event_is_refused_by_its_field() {
    let app = App::new().await;
    let attributes = format!(r#"{{"type":"a","data":1,"attributes":{{"a":"{}"}}}}"#, "x".repeat(16 * 1024));
    let id = format!(r#"{{"type":"a","data":1,"id":"{}"}}"#, "i".repeat(129));
    let tags = format!(r#"{{"type":"a","data":1,"tags":[{}]}}"#, vec![r#""t""#; 33].join(","));
    for (body, field, says) in [
        ("{}", "type", "is required"),
        ("{}", "data", "is required"),
        ("[1]", "", "must be an object"),
        ("7", "", "must be an object"),
        (r#"{"type":"","data":1}"#, "type", "1 to 255 characters"),
        (r#"{"type":null,"data":1}"#, "type", "is required"),
        (r#"{"type":["a"],"data":1}"#, "type", "must be a string, not a list"),
        (r#"{"typ":"a","data":1}"#, "typ", "did you mean `type`?"),
        (r#"{"type":"a","data":1,"zzzzzz":{}}"#, "zzzzzz", "known: type, data, tags"),
        (r#"{"type":"a","data":1,"tags":"x"}"#, "tags", "must be a list"),
        (r#"{"type":"a","data":1,"tags":["x",1]}"#, "tags[1]", "must be a string"),
        (r#"{"type":"a","data":1,"tags":[""]}"#, "tags[0]", "1 to 128 characters"),
        (&tags, "tags", "holds 33 values; 32 are allowed"),
        (r#"{"type":"a","data":1,"attributes":[]}"#, "attributes", "must be an object"),
        (&attributes, "attributes", "is longer than 16384 bytes"),
        (r#"{"type":"a","data":1,"occurred_at":"yesterday"}"#, "occurred_at", "RFC 3339"),
        (r#"{"type":"a","data":1,"occurred_at":1700000000}"#, "occurred_at", "must be a string"),
        (&id, "id", "1 to 128 characters"),
        (r#"{"type":"\ud800","data":1}"#, "type", "must be a string"),
    ] {
        Refused { method: "POST", path: EVENTS, body, status: 422, code: "invalid", field, says }
            .check(&app)
            .await;
    }
    let reply = app.send("POST", EVENTS, r#"{"tags":1,"x":2,"occurred_at":"x"}"#).await;
    assert_eq!(fields(&reply), ["data", "x", "type", "tags", "occurred_at"]);
}

#[tokio::test]
async fn what_cannot_be_parsed_is_refused_with_the_place() {
    let app = App::new().await;
    for (body, code, says) in [
        ("", "malformed_json", "The body is empty; it must be JSON."),
        ("{", "malformed_json", "line 1 column 1"),
        ("{\"type\":\"a\",\n \"data\":tru}", "malformed_json", "line 2 column 12"),
        (r#"{"type":"a","data":1} x"#, "malformed_json", "line 1 column 23"),
        (r#"{"type":"a","data":01}"#, "malformed_json", "line 1"),
        (r#"{"type":"a","data":1,"data":2}"#, "duplicate_key", "`data` stands twice"),
        (r#"{"type":"a","data":1,"\u0074ype":"b"}"#, "duplicate_key", "`type` stands twice"),
        (r#"{"type":"a","data":1,"attributes":null,"attributes":{}}"#, "duplicate_key", "`attributes`"),
    ] {
        Refused { method: "POST", path: EVENTS, body, status: 400, code, field: "", says }.check(&app).await;
    }
    let reply = app.send("POST", EVENTS, &b"{\"type\":\"a\",\"data\":\"\xff\"}"[..]).await;
    refusal::check(&reply, 400, "invalid_utf8", "", "the byte at offset 20", "invalid UTF-8");
}

#[tokio::test]
async fn an_event_of_exactly_one_mebibyte_is_taken_and_one_byte_more_is_not() {
    let app = App::new().await;
    let envelope = r#"{"type":"a","data":""}"#;
    let body = |length: usize| format!(r#"{{"type":"a","data":"{}"}}"#, "x".repeat(length - envelope.len()));
    app.send("POST", EVENTS, body(1024 * 1024)).await.expect(202);
    let reply = app.send("POST", EVENTS, body(1024 * 1024 + 1)).await;
    refusal::check(&reply, 413, "body_too_large", "", "1048576 bytes", "one byte more");
    // The same without an announced length.
    let pieces = [body(1024 * 1024), " ".to_owned()].map(Bytes::from);
    let reply = app.send("POST", EVENTS, Coming::of(pieces)).await;
    refusal::check(&reply, 413, "body_too_large", "", "1048576 bytes", "in chunks");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for_without_end() {
    let app = App::new().await;
    let answer = app.send("POST", EVENTS, Coming::of([]).stalling(&Arc::default()));
    let time_passes = async {
        loop {
            app.clock.advance(Duration::from_secs(1));
            tokio::task::yield_now().await;
        }
    };
    let reply = tokio::select! {
        reply = answer => reply,
        () = time_passes => unreachable!("time goes on"),
    };
    refusal::check(&reply, 408, "body_too_slow", "", "60 seconds after its head", "a stuck body");
}

#[tokio::test]
async fn an_unknown_event_or_another_tenants_is_not_found() {
    let app = App::new().await;
    app.put("/v1/tenants/other", json!({"profile": "standard"})).await.expect(201);
    let event = app.publish(json!({"type": "a", "data": 1})).await;
    let id = event["id"].as_str().unwrap();
    app.get(&format!("{ACME}/events/{id}")).await.expect(200);
    for path in [
        format!("/v1/tenants/other/events/{id}"),
        format!("/v1/tenants/nobody/events/{id}"),
        format!("{ACME}/events/evt_00000000000000000000000000"),
        format!("{ACME}/events/{}", id.replace("evt_", "sub_")),
        format!("{ACME}/events/nonsense"),
    ] {
        let reply = app.get(&path).await;
        refusal::check(&reply, 404, "not_found", "", "There is no such", &path);
    }
    let reply = app.post("/v1/tenants/nobody/events", json!({"type": "a", "data": 1})).await;
    refusal::check(&reply, 404, "not_found", "", "no such tenant", "publish");
}
