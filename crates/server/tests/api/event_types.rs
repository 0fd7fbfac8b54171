//! `/v1/tenants/{tenant}/event-types`

use serde_json::{Value, json};

use crate::{
    app::{ACME, App},
    refusal::{self, Refused},
};

const TYPES: &str = "/v1/tenants/acme/event-types";

#[tokio::test]
async fn an_event_type_is_added_replaced_read_and_deleted() {
    let app = App::new().await;
    let path = format!("{TYPES}/order.paid");
    let body = json!({
        "title": "Order Paid", "group": "Orders", "description": "Money came.", "example": {"sum": 1},
        "schema": {"type": "object"},
    });
    let reply = app.put(&path, body.clone()).await;
    assert_eq!(reply.header("location"), path);
    let added = reply.expect(201);
    let mut expected = body;
    expected["name"] = json!("order.paid");
    assert_eq!(added, expected);
    assert_eq!(app.get(&path).await.expect(200), added);
    assert_eq!(app.get(TYPES).await.expect(200), json!({"data": [added], "next": null}));

    let replaced = app.put(&path, json!({"title": null, "example": null})).await.expect(200);
    let nothing = json!({
        "name": "order.paid", "title": null, "group": null, "description": null, "example": null, "schema": null,
    });
    assert_eq!(replaced, nothing);
    assert_eq!(app.get(&path).await.expect(200), nothing);

    app.delete(&path).await.expect(204);
    app.get(&path).await.expect(404);
    app.delete(&path).await.expect(404);
    assert_eq!(app.get(TYPES).await.expect(200), json!({"data": [], "next": null}));
}

#[tokio::test]
async fn an_example_and_a_schema_stay_byte_for_byte_what_came() {
    let app = App::new().await;
    let path = format!("{TYPES}/a");
    for (example, schema) in [
        (r#"{"z": 1.50 , "a":1e2,"u":"\u00e9\/é"}"#, r#"{ "type" : "object", "$comment": "\u00e9" }"#),
        ("12345678901234567890123", "true"),
        ("[ ]", r#"{"type":"array" }"#),
    ] {
        let body = format!(r#"{{"example":  {example}, "schema": {schema} }}"#);
        app.send("PUT", &path, body).await;
        for reply in [app.get(&path).await, app.get(TYPES).await] {
            let text = String::from_utf8(reply.body.to_vec()).unwrap();
            assert!(text.contains(&format!(r#""example":{example},"schema":{schema}}}"#)), "{text}");
        }
    }
}

#[tokio::test]
async fn a_name_may_hold_what_a_path_must_encode() {
    let app = App::new().await;
    let path = format!("{TYPES}/urn%3Ax%2Fy-1");
    let reply = app.put(&path, json!({})).await;
    assert_eq!(reply.header("location"), path);
    assert_eq!(reply.expect(201)["name"], "urn:x/y-1");
    assert_eq!(app.get(&format!("{TYPES}/urn:x%2fy-1")).await.expect(200)["name"], "urn:x/y-1");
    app.delete(&path).await.expect(204);
}

#[tokio::test]
async fn what_cannot_be_an_event_type_is_refused_by_its_field() {
    let app = App::new().await;
    app.put(&format!("{TYPES}/taken"), json!({"title": "Taken Title"})).await.expect(201);
    let long = "x".repeat(65 * 1024);
    let example = json!({"example": long}).to_string();
    let schema = json!({"schema": {"$comment": long}}).to_string();
    let title = json!({"title": "t".repeat(256)}).to_string();
    for (body, field, says) in [
        ("[]", "", "must be an object"),
        (r#"{"titel":"x"}"#, "titel", "did you mean `title`?"),
        (r#"{"name":"x"}"#, "name", "is not known here"),
        (r#"{"title":""}"#, "title", "1 to 255 characters"),
        (&title, "title", "1 to 255 characters"),
        (r#"{"title":7}"#, "title", "must be a string, not a number"),
        (r#"{"title":"Taken Title"}"#, "title", "another event type"),
        (r#"{"group":[]}"#, "group", "must be a string, not a list"),
        (r#"{"description":7}"#, "description", "must be a string, not a number"),
        (&example, "example", "is longer than 65536 bytes"),
        (&schema, "schema", "is longer than 65536 bytes"),
        (r#"{"schema":"object"}"#, "schema", "must be an object, true or false"),
        (r#"{"schema":[1]}"#, "schema", "must be an object, true or false"),
        (r#"{"schema":{"type":"objekt"}}"#, "schema", "is not a JSON Schema"),
        (r#"{"schema":{"$ref":"https://example.com/schema"}}"#, "schema", "nothing is fetched"),
        (r##"{"schema":{"$ref":"#"}}"##, "schema", "a check would never end"),
        (
            r#"{"schema":{"type":"object"},"example":7}"#,
            "example",
            "does not fit the schema: it is not of type",
        ),
        (
            r#"{"schema":{"required":["a"]},"example":{}}"#,
            "example.a",
            "does not fit the schema: it is required",
        ),
    ] {
        let path = &format!("{TYPES}/order.paid");
        Refused { method: "PUT", path, body, status: 422, code: "invalid", field, says }.check(&app).await;
    }
    for (name, says) in
        [(".a", "as in lead.created"), ("a%20b", "as in lead.created"), ("example.created", "")]
    {
        let path = &format!("{TYPES}/{name}");
        let (code, field) = ("invalid", "name");
        Refused { method: "PUT", path, body: "{}", status: 422, code, field, says }.check(&app).await;
    }
    for (body, code, says) in [
        (r#"{"schema":{"#, "malformed_json", "line 1"),
        (r#"{"title":"a","title":"b"}"#, "duplicate_key", "`title` stands twice"),
    ] {
        let path = &format!("{TYPES}/order.paid");
        Refused { method: "PUT", path, body, status: 400, code, field: "", says }.check(&app).await;
    }
}

#[tokio::test]
async fn an_event_type_of_nobody_or_of_another_tenant_is_not_found() {
    let app = App::new().await;
    app.put(&format!("{TYPES}/order.paid"), json!({})).await.expect(201);
    app.put("/v1/tenants/other", json!({"profile": "standard"})).await.expect(201);
    app.put("/v1/tenants/nobody/event-types/a", json!({})).await.expect(404);
    app.get("/v1/tenants/nobody/event-types").await.expect(404);
    for path in [
        "/v1/tenants/other/event-types/order.paid",
        "/v1/tenants/nobody/event-types/order.paid",
        "/v1/tenants/acme/event-types/unknown",
        "/v1/tenants/acme/event-types/a%20b",
        "/v1/tenants/acme/event-types/%FF",
    ] {
        for method in ["GET", "DELETE"] {
            let reply = app.send(method, path, "").await;
            refusal::check(&reply, 404, "not_found", "", "There is no such", &format!("{method} {path}"));
        }
    }
    // What the profile has is not the tenant's own.
    app.get(&format!("{TYPES}/example.created")).await.expect(404);
}

#[tokio::test]
async fn a_tenant_may_add_five_hundred_event_types_and_no_more() {
    let app = App::new().await;
    for number in 0..500 {
        app.put(&format!("{TYPES}/own.{number}"), json!({})).await.expect(201);
    }
    let reply = app.put(&format!("{TYPES}/own.500"), json!({})).await;
    refusal::check(&reply, 409, "too_many_event_types", "", "may add 500", "one more");
    app.put(&format!("{TYPES}/own.0"), json!({"title": "Zero"})).await.expect(200);
    let first = app.get(&format!("{TYPES}?limit=250")).await.expect(200);
    let next = first["next"].as_str().unwrap();
    let second = app.get(&format!("{TYPES}?limit=250&cursor={next}")).await.expect(200);
    let count = |page: &Value| page["data"].as_array().map(Vec::len);
    assert_eq!((count(&first), count(&second), &second["next"]), (Some(250), Some(250), &Value::Null));
}

#[tokio::test]
async fn an_own_event_type_is_published_and_selected_by_name_or_title() {
    let app = App::new().await;
    let tenant = app.tenant("leanbe", json!({})).await;
    let events = format!("{tenant}/events");
    let body = json!({"type": "okr.paused", "data": {}});
    app.post(&events, body.clone()).await.expect(422);
    app.put(&format!("{tenant}/event-types/okr.paused"), json!({"title": "OKR Paused"})).await.expect(201);
    let (_, created) = app
        .subscribe_in(&tenant, json!({"delivery": {"url": "https://e.com"}, "events": ["OKR Paused"]}))
        .await;
    assert_eq!(created["events"], json!(["okr.paused"]));
    for name in ["okr.paused", "OKR Paused"] {
        let accepted = app.post(&events, json!({"type": name, "data": {}})).await.expect(202);
        assert_eq!((&accepted["type"], &accepted["deliveries"]), (&json!("okr.paused"), &json!(1)));
    }
    app.delete(&format!("{tenant}/event-types/okr.paused")).await.expect(204);
    app.post(&events, body).await.expect(422);
}

#[tokio::test]
async fn data_that_does_not_fit_its_schema_is_refused_with_what_does_not() {
    let app = App::new().await;
    let schema = json!({
        "type": "object", "required": ["sum"],
        "properties": {"sum": {"type": "number"}, "to": {"type": "string"}},
    });
    app.put(&format!("{TYPES}/order.paid"), json!({"schema": schema})).await.expect(201);
    let event = |data: Value| json!({"type": "order.paid", "data": data});
    app.publish(event(json!({"sum": 1}))).await;
    let path = &format!("{ACME}/events");
    for (data, field, says) in [
        (json!({}), "data.sum", "does not fit the schema of its event type: it is required"),
        (json!({"sum": "1"}), "data.sum", "it is not of type \"number\""),
        (json!(7), "data", "it is not of type \"object\""),
    ] {
        let (body, code) = (&event(data).to_string(), "schema_mismatch");
        Refused { method: "POST", path, body, status: 422, code, field, says }.check(&app).await;
    }
    let two = app.post(path, event(json!({"sum": "1", "to": 2}))).await.json();
    let fields: Vec<_> = two["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["data.sum", "data.to"], "{two}");
    let batch = json!({"events": [event(json!({"sum": 1})), event(json!({"sum": "1"}))]});
    let answer = app.post(&format!("{path}/batch"), batch).await.expect(202);
    assert_eq!(answer["results"][1]["errors"][0]["field"], "events[1].data.sum", "{answer}");
}
