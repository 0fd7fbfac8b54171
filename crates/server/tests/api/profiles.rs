//! `/v1/profiles`

use serde_json::{Value, json};

use crate::{app::App, refusal};

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_profile_stands_in_the_list_as_it_is_shown_alone() {
    let app = App::new().await;
    let list = app.get("/v1/profiles").await.expect(200);
    assert_eq!(list["next"], json!(null));
    let names = names(&list["data"]);
    assert!(names.is_sorted());
    for name in ["leadhub", "leadsquared", "leanbe", "sleekplan", "standard", "workshop"] {
        let place = names.iter().position(|known| *known == name).unwrap();
        assert_eq!(app.get(&format!("/v1/profiles/{name}")).await.expect(200), list["data"][place]);
    }
    for unknown in ["x", "Standard", "%FF", "standard%2F"] {
        let reply = app.get(&format!("/v1/profiles/{unknown}")).await;
        refusal::check(&reply, 404, "not_found", "", "no such profile", unknown);
    }
}

#[tokio::test]
async fn profiles_come_page_by_page_as_every_list_does() {
    let app = App::new().await;
    let all = app.get("/v1/profiles").await.expect(200)["data"].clone();
    let (mut pages, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = app.get(&format!("/v1/profiles{query}")).await.expect(200);
        pages.extend(page["data"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?limit=2&cursor={next}");
    }
    assert_eq!(Value::from(pages), all);
    let reply = app.get("/v1/profiles?cursor=standard").await;
    refusal::check(&reply, 400, "bad_cursor", "cursor", "`next` of a page", "of none");
    let reply = app.get("/v1/profiles?limit=0").await;
    refusal::check(&reply, 422, "invalid", "limit", "from 1 to 250", "none");
}

#[tokio::test]
async fn a_profile_tells_its_policy_in_the_words_of_a_subscription() {
    let app = App::new().await;
    let standard = app.get("/v1/profiles/standard").await.expect(200);
    assert_eq!((&standard["title"], &standard["open_events"]), (&json!("Standard Webhooks"), &json!(true)));
    assert_eq!(
        standard["policy"],
        json!({
            "retry": {
                "attempts": 10, "jitter_percent": 10,
                "backoff": ["5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "24h"],
            },
            "timeout": "15s", "timeout_min": "1s", "timeout_max": "1m", "success": ["2xx"],
            "gone": "deactivate", "deactivate_after_failures": null,
            "retry_after": "honour", "breaker": "on", "concurrency": 8, "http_version": "1.1", "repeat": "always",
            "retention": null, "trace_context": true, "group": null,
        })
    );
    let retry = &standard["policy"]["retry"];
    let own = json!({"attempts": retry["attempts"], "backoff": retry["backoff"]});
    let created = app.subscribe(json!({"delivery": {"url": "https://e.com"}, "retry": own})).await;
    assert_eq!(created["retry"], own);

    let workshop = app.get("/v1/profiles/workshop").await.expect(200);
    let policy = &workshop["policy"];
    assert_eq!((&policy["timeout"], &policy["timeout_max"]), (&json!("5s"), &json!("10s")));
    assert_eq!(policy["success"], json!(["200"]));
    let leadhub = app.get("/v1/profiles/leadhub").await.expect(200);
    assert_eq!(leadhub["policy"]["gone"], "failure");
    assert_eq!(leadhub["policy"]["retry_after"], "ignore");
}

#[tokio::test]
async fn a_profile_lists_its_event_types_with_examples_byte_for_byte() {
    let app = App::new().await;
    let reply = app.get("/v1/profiles/workshop").await;
    let text = String::from_utf8(reply.body.to_vec()).unwrap();
    assert!(text.contains("\"example\":{\"id\": 7,\n \"cost\": 1.0},"), "{text}");
    let workshop = reply.expect(200);
    assert_eq!(workshop["open_events"], false);
    assert_eq!(
        workshop["event_types"],
        json!([
            {
                "name": "job.done", "title": "Job Done", "group": "Jobs", "description": null,
                "example": {"id": 7, "cost": 1.0}, "example_is": "plausible",
            },
            {
                "name": "job.begun", "title": "Job Begun", "group": null, "description": null,
                "example": {"id": 8}, "example_is": "published",
            },
        ])
    );
    let leadhub = app.get("/v1/profiles/leadhub").await.expect(200);
    let form = leadhub["event_types"].as_array().unwrap().iter().find(|one| one["name"] == "form.submitted");
    assert!(form.unwrap()["example_attributes"]["extra"].is_object(), "{form:?}");
    let leanbe = app.get("/v1/profiles/leanbe").await.expect(200);
    assert_eq!(names(&leanbe["event_types"]).len(), 22);
}

#[tokio::test]
async fn a_profile_tells_its_identity_its_words_and_what_may_be_set() {
    let app = App::new().await;
    let workshop = app.get("/v1/profiles/workshop").await.expect(200);
    let digest = workshop["digest"].as_str().unwrap();
    assert!(digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()), "{digest}");
    assert_eq!(workshop["description"], "Jobs and tools.");
    assert_eq!(workshop["words"], json!({"queued": "Waiting"}));
    assert_eq!(workshop["labels"], json!({"deliveries": "Jobs sent"}));
    assert_eq!(workshop["compat"], json!(null));
    let schema = &workshop["option_schema"];
    assert_eq!(schema["methods"], json!(["PUT", "POST"]));
    assert_eq!(schema["fields"]["description"]["is"], "forbidden");
    assert_eq!(schema["secret"]["is"], "none");

    let sleekplan = app.get("/v1/profiles/sleekplan").await.expect(200);
    assert_eq!(sleekplan["option_schema"]["tenant"]["required"], json!(["product_id"]));
    let standard = app.get("/v1/profiles/standard").await.expect(200);
    let signature = &standard["option_schema"]["subscription"]["properties"]["signature"];
    assert_eq!(signature["enum"], json!(["hmac-sha256", "ed25519"]));
}
