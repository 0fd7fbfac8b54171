//! What a profile does not take of an event, alone and in a batch.

use serde_json::{Value, json};

use crate::{
    app::App,
    refusal::{self, Refused},
};

/// The profile with its tenant's options, the body of an event, and the code, field and sentence of its refusal.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str);

const REFUSED: [Case; 12] = [
    ("leanbe", r#"{"type":"idea.upvoted","data":{}}"#, "unknown_event_type", "type", "idea.upVoted"),
    (
        "leanbe",
        r#"{"type":"zzz","data":{}}"#,
        "unknown_event_type",
        "type",
        "is not an event type of this tenant",
    ),
    ("sleekplan", r#"{"type":"item.created","data":{}}"#, "unknown_event_type", "type", "item.create"),
    ("workshop", r#"{"type":"Job Dones","data":{}}"#, "unknown_event_type", "type", "the nearest"),
    // Any name would do here, but for its letters.
    (
        "standard",
        r#"{"type":"example created","data":{}}"#,
        "unknown_event_type",
        "type",
        "cannot be the name of an event type, which must be 1 to 128 letters, digits, '_', '.', '-', '/' or ':', and begin \
         with a letter or digit, as in lead.created; the nearest is example.created",
    ),
    (
        "leanbe",
        r#"{"type":"idea.created","data":{"x":1e400}}"#,
        "number_out_of_range",
        "data",
        "out of range",
    ),
    ("workshop", r#"{"type":"job.done","data":[1]}"#, "invalid", "data", "must be a JSON object"),
    ("workshop", r#"{"type":"job.done","data":null}"#, "invalid", "data", "must be a JSON object"),
    ("workshop", r#"{"type":"job.done","data":{"ID":1}}"#, "invalid", "data", "must have the member `id`"),
    (
        "leadhub",
        r#"{"type":"lead.created","data":{},"attributes":{"extra":7}}"#,
        "invalid",
        "attributes.extra",
        "must be an object",
    ),
    (
        "leadhub",
        r#"{"type":"lead.created","data":{},"attributes":{"extr":{}}}"#,
        "invalid",
        "attributes.extr",
        "extra",
    ),
    (
        "leanbe",
        r#"{"type":"idea.created","data":{},"attributes":{"w":1}}"#,
        "invalid",
        "attributes.w",
        "this profile has none",
    ),
];

async fn tenant_of(app: &App, profile: &str) -> String {
    let path = format!("/v1/tenants/of-{profile}");
    let options = if profile == "sleekplan" { json!({"product_id": 1}) } else { json!({}) };
    let reply = app.put(&path, json!({"profile": profile, "options": options})).await;
    assert!(reply.status.is_success());
    path
}

#[tokio::test]
async fn what_a_profile_does_not_take_is_refused_by_its_field() {
    let app = App::new().await;
    for (profile, body, code, field, says) in REFUSED {
        let path = &format!("{}/events", tenant_of(&app, profile).await);
        Refused { method: "POST", path, body, status: 422, code, field, says }.check(&app).await;
        assert_eq!(app.get(path).await.expect(200)["data"], json!([]), "{body}");
    }
}

#[tokio::test]
async fn in_a_batch_each_refusal_names_its_event() {
    let app = App::new().await;
    for (profile, body, code, field, says) in REFUSED {
        let path = format!("{}/events/batch", tenant_of(&app, profile).await);
        let batch = format!(r#"{{"events":[{{}},{body}]}}"#);
        let answer = app.send("POST", &path, batch).await.expect(202);
        let refused = &answer["results"][1];
        let error = &refused["errors"][0];
        assert_eq!((&refused["status"], &refused["code"]), (&json!(422), &json!(code)), "{body}");
        assert_eq!(error["field"], format!("events[1].{field}"), "{body}");
        assert!(error["message"].as_str().unwrap().contains(says), "{body}: {error}");
        assert!(refused["detail"].as_str().unwrap().contains(&format!("`events[1].{field}`")), "{refused}");
    }
}

#[tokio::test]
async fn a_name_is_any_text_of_up_to_255_characters() {
    let app = App::new().await;
    let tenant = tenant_of(&app, "workshop").await;
    let path = &format!("{tenant}/events");
    let publish = |name: String| app.post(path, json!({"type": name, "data": {"id": 1}}));
    let accepted = publish("Job Done".to_owned()).await.expect(202);
    assert_eq!(accepted["type"], "job.done");
    let shown = app.get(&format!("{path}/{}", accepted["id"].as_str().unwrap())).await.expect(200);
    assert_eq!((&shown["type"], shown.get("test")), (&json!("job.done"), None));
    let reply = publish("é".repeat(255)).await;
    refusal::check(&reply, 422, "unknown_event_type", "type", "is not an event type", "255 characters");
    for name in [String::new(), "é".repeat(256)] {
        let reply = publish(name.clone()).await;
        refusal::check(&reply, 422, "invalid", "type", "1 to 255 characters", &name);
    }
}

#[tokio::test]
async fn attributes_that_a_profile_declares_are_kept_and_sent() {
    let app = App::new().await;
    let tenant = tenant_of(&app, "leadhub").await;
    let subscription =
        json!({"name": "x", "events": ["form.submitted"], "delivery": {"url": "https://e.com"}});
    app.subscribe_in(&tenant, subscription).await;
    let attributes = json!({"extra": {"form": {"id": 3}}});
    let body = json!({"type": "form.submitted", "data": {"id": 1}, "attributes": attributes});
    let accepted = app.post(&format!("{tenant}/events"), body).await.expect(202);
    let sent: Value = serde_json::from_slice(&app.exchange().await.request.body).unwrap();
    assert_eq!((&sent["lead"], &sent["form"]), (&json!({"id": 1}), &json!({"id": 3})));
    let shown = app.get(&format!("{tenant}/events/{}", accepted["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(shown["attributes"], attributes);
}
