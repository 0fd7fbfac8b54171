//! `POST /v1/tenants/{tenant}/subscriptions/{id}/preview`

use serde_json::{Value, json};

use crate::{
    app::App,
    refusal::{self, Refused},
};

fn header<'a>(request: &'a Value, name: &str) -> Option<&'a str> {
    let headers = request["headers"].as_array().unwrap().iter();
    let mut values = headers.filter(|header| header["name"].as_str().unwrap().eq_ignore_ascii_case(name));
    values.next().and_then(|header| header["value"].as_str())
}

#[tokio::test]
async fn a_preview_is_the_exact_request_and_nothing_is_sent() {
    let app = App::new().await;
    let tenant = app.tenant("leadhub", json!({})).await;
    let body = json!({
        "name": "CRM", "events": ["lead.created"], "secret": "s3cr3t",
        "delivery": {"url": "https://e.com/h?k=%2F#x", "headers": [{"name": "X-Own", "value": "1"}]},
    });
    let (path, _) = app.subscribe_in(&tenant, body).await;
    // The vector of the product's specification.
    let event = r#"{
        "type": "lead.created", "occurred_at": "2026-04-29T10:30:00Z", "data": {"id":123,"first_name":"Jane"}
    }"#;
    let request = app.send("POST", &format!("{path}/preview"), event).await.expect(200);
    assert_eq!((&request["method"], &request["url"]), (&json!("POST"), &json!("https://e.com/h?k=%2F")));
    assert_eq!(
        request["body"],
        r#"{"event":"lead.created","occurred_at":"2026-04-29T10:30:00Z","lead":{"id":123,"first_name":"Jane"}}"#
    );
    assert_eq!(
        header(&request, "X-LeadHub-Signature"),
        Some("sha256=95a056f70cb24ac639cee3a980aefadfd6d92e688ae7a6bae0f25b1fe27916e7")
    );
    assert_eq!(
        (header(&request, "x-own"), header(&request, "content-type")),
        (Some("1"), Some("application/json"))
    );
    for list in ["events", "deliveries"] {
        assert_eq!(app.get(&format!("{tenant}/{list}")).await.expect(200)["data"], json!([]));
    }
}

#[tokio::test]
async fn a_preview_keeps_data_and_attributes_byte_for_byte() {
    let app = App::new().await;
    let tenant = app.tenant("leadhub", json!({})).await;
    let body = json!({"name": "x", "events": ["form.submitted"], "delivery": {"url": "https://e.com"}});
    let (path, _) = app.subscribe_in(&tenant, body).await;
    let data = r#"{"z": 1.50 , "a":1e2,"u":"\u00e9\/é"}"#;
    let event =
        format!(r#"{{"type":"form.submitted","data":{data},"attributes":{{"extra":{{"form": 1.0}}}}}}"#);
    let request = app.send("POST", &format!("{path}/preview"), event).await.expect(200);
    let body = request["body"].as_str().unwrap();
    assert!(body.contains(&format!(r#""lead":{data}"#)) && body.contains(r#""form": 1.0"#), "{body}");
}

#[tokio::test]
async fn a_request_without_a_body_has_an_empty_one() {
    let app = App::new().await;
    let tenant = app.tenant("beacon", json!({})).await;
    let (path, created) = app.subscribe_in(&tenant, json!({"delivery": {"url": "https://e.com/?a"}})).await;
    assert_eq!(
        (&created["delivery"]["method"], &created["delivery"]["content_type"]),
        (&json!("GET"), &json!(null))
    );
    let event = json!({"type": "seen", "data": {"at": "2026-01-02T03:04:05.678Z"}});
    let request = app.post(&format!("{path}/preview"), event).await.expect(200);
    assert_eq!((&request["method"], &request["body"]), (&json!("GET"), &json!("")));
    assert_eq!(request["url"], "https://e.com/?a&at=2026-01-02T03%3A04%3A05Z");
    assert_eq!(header(&request, "content-type"), None);
}

#[tokio::test]
async fn what_a_preview_does_not_name_is_as_a_test_would_send_it() {
    let app = App::new().await;
    let tenant = app.tenant("workshop", json!({})).await;
    let url = json!({"url": "https://e.com"});
    let (any, _) = app.subscribe_in(&tenant, json!({"delivery": url})).await;
    let (one, _) = app.subscribe_in(&tenant, json!({"delivery": url, "events": ["job.begun"]})).await;
    let example = "{\"id\": 7,\n \"cost\": 1.0}";
    for (path, body, shown) in [
        (&any, "", example),
        (&any, "{}", example),
        (&any, r#"{"type":null}"#, example),
        (&one, "", r#"{"id": 8}"#),
        (&one, r#"{"type":"job.done"}"#, example),
        (&one, r#"{"data":{"id":9}}"#, r#"{"id":9}"#),
    ] {
        let request = app.send("POST", &format!("{path}/preview"), body.to_owned()).await.expect(200);
        assert_eq!(request["body"], shown, "{path} {body}");
    }
    // An example's attributes come with it.
    let leadhub = app.tenant("leadhub", json!({})).await;
    let body = json!({"name": "x", "events": ["form.submitted"], "delivery": url});
    let (path, _) = app.subscribe_in(&leadhub, body).await;
    let request = app.send("POST", &format!("{path}/preview"), "").await.expect(200);
    assert!(request["body"].as_str().unwrap().contains(r#""form":"#), "{request}");
}

#[tokio::test]
async fn a_preview_that_cannot_be_is_refused() {
    let app = App::new().await;
    let tenant = app.tenant("leanbe", json!({})).await;
    let (path, _) = app.subscribe_in(&tenant, json!({"delivery": {"url": "https://e.com"}})).await;
    let path = &format!("{path}/preview");
    for (body, code, field, says) in [
        ("[]", "invalid", "", "must be an object"),
        (r#"{"type":7}"#, "invalid", "type", "must be a string, not a number"),
        (r#"{"type":"okr.creatd"}"#, "unknown_event_type", "type", "okr.created"),
        (r#"{"type":"","data":1}"#, "invalid", "type", "1 to 255 characters"),
        (r#"{"type":"okr.created","data":{},"tags":[]}"#, "invalid", "tags", "known: type, data"),
        (r#"{"type":"okr.created","data":{},"filter":"x"}"#, "invalid", "filter", "not available in this"),
        (r#"{"type":"okr.created","data":{},"transform":null}"#, "invalid", "transform", "not available in"),
        (r#"{"type":"okr.created","data":{},"occurred_at":"now"}"#, "invalid", "occurred_at", "RFC 3339"),
        (r#"{"type":"okr.created","data":{},"attributes":1}"#, "invalid", "attributes", "must be an object"),
        (
            r#"{"type":"okr.created","data":{},"attributes":{"a":1}}"#,
            "invalid",
            "attributes.a",
            "this profile has none",
        ),
        (r#"{"type":"okr.creatd","data":{}}"#, "unknown_event_type", "type", "okr.created"),
        (r#"{"type":"okr.created","data":[1e400]}"#, "number_out_of_range", "data", "out of range"),
    ] {
        Refused { method: "POST", path, body, status: 422, code, field, says }.check(&app).await;
    }
    for (body, code, says) in [
        ("{", "malformed_json", "line 1"),
        (r#"{"type":"a","data":1,"data":2}"#, "duplicate_key", "`data` stands twice"),
    ] {
        Refused { method: "POST", path, body, status: 400, code, field: "", says }.check(&app).await;
    }
}

#[tokio::test]
async fn an_event_of_which_the_profile_can_make_no_request_says_why() {
    let app = App::new().await;
    let tenant = app.tenant("beacon", json!({})).await;
    let (path, _) = app.subscribe_in(&tenant, json!({"delivery": {"url": "https://e.com"}})).await;
    let event = json!({"type": "seen", "data": {"at": "yesterday"}});
    let reply = app.post(&format!("{path}/preview"), event).await;
    refusal::check(&reply, 422, "cannot_be_rendered", "", "can make no request", "no time");
}
