//! Subscriptions of several profiles: what each requires, allows and shows.

use serde_json::{Value, json};

use crate::{
    app::{ACME, App},
    refusal::{self, Refused, fields},
};

const URL: &str = "https://example.com";

#[tokio::test]
async fn what_a_profile_does_not_allow_of_a_subscription_is_refused_by_its_field() {
    let app = App::new().await;
    app.tenant("leadhub", json!({})).await;
    app.tenant("leanbe", json!({})).await;
    app.tenant("workshop", json!({})).await;
    app.tenant("sleekplan", json!({"product_id": 1, "require_https": true})).await;
    let header = json!({"name": "X-A", "value": "1"});
    let own_header = json!({"name": "x-workshop-key", "value": "1"});
    let hub = json!({"name": "x", "events": ["lead.created"]});
    for (profile, settings, field, says) in [
        ("leadhub", json!({"events": ["lead.created"]}), "name", "is required"),
        ("leadhub", json!({"name": "x"}), "events", "is required"),
        ("leadhub", json!({"name": "x", "events": []}), "events", "is required"),
        (
            "leadhub",
            json!({"name": "x", "events": ["lead.made"]}),
            "events[0]",
            "not an event type of this tenant",
        ),
        ("leadhub", with(&hub, "method", json!("PUT")), "delivery.method", "must be POST"),
        (
            "leadhub",
            with(&hub, "content_type", json!("text/xml")),
            "delivery.content_type",
            "application/json",
        ),
        ("leanbe", json!({"secret": "own"}), "secret", "rotating"),
        ("leanbe", json!({"events": ["idea.upvoted"]}), "events[0]", "idea.upVoted"),
        (
            "leanbe",
            json!({"options": {"triggered_at_zone": "CET"}}),
            "options.triggered_at_zone",
            "must be one of",
        ),
        ("leanbe", json!({"options": {"colour": 1}}), "options.colour", "is not an option"),
        ("sleekplan", json!({"secret": "own"}), "secret", "does not sign"),
        ("sleekplan", json!({"options": {"unit": "s"}}), "options.unit", "is not an option"),
        ("sleekplan", with(&json!({}), "url", json!("http://e.com")), "delivery.url", "https://"),
        ("workshop", json!({"description": "x"}), "description", "cannot be set with this profile"),
        ("workshop", with(&json!({}), "headers", json!([header, header])), "delivery.headers", "at most 1"),
        (
            "workshop",
            with(&json!({}), "headers", json!([own_header])),
            "delivery.headers[0].name",
            "writes itself",
        ),
        ("workshop", with(&json!({}), "method", json!("PATCH")), "delivery.method", "PUT, POST"),
        ("workshop", json!({"timeout": "11s"}), "timeout", "must be from 1s to 10s"),
        ("workshop", json!({"success": ["3xx"]}), "success", "a redirect is never a success"),
        ("workshop", json!({"success": ["ok"]}), "success", "such as 2xx or 200"),
    ] {
        let path = &format!("/v1/tenants/of-{profile}/subscriptions");
        let body = &with(&settings, "type", json!("push")).to_string();
        Refused { method: "POST", path, body, status: 422, code: "invalid", field, says }.check(&app).await;
        assert_eq!(app.get(path).await.expect(200)["data"], json!([]), "{body}");
    }
}

/// The settings with a field of the delivery.
fn with(settings: &Value, name: &str, value: Value) -> Value {
    let mut settings = settings.clone();
    if settings["delivery"]["url"].is_null() {
        settings["delivery"]["url"] = json!(URL);
    }
    settings["delivery"][name] = value;
    settings
}

#[tokio::test]
async fn method_and_content_type_are_shown_as_what_is_in_force() {
    let app = App::new().await;
    let tenant = app.tenant("workshop", json!({})).await;
    let form = "application/x-www-form-urlencoded";
    for (given, method, content_type) in [
        (json!({"url": URL}), "PUT", "application/json"),
        (json!({"url": URL, "method": "PUT", "content_type": "application/json"}), "PUT", "application/json"),
        (json!({"url": URL, "method": "POST", "content_type": form}), "POST", form),
    ] {
        let (path, created) = app.subscribe_in(&tenant, json!({"delivery": given})).await;
        for shown in [created, app.get(&path).await.expect(200)] {
            let delivery = &shown["delivery"];
            assert_eq!(
                (&delivery["method"], &delivery["content_type"]),
                (&json!(method), &json!(content_type))
            );
        }
        let patched = app.patch(&path, json!({"delivery": {"method": "POST"}})).await.expect(200);
        let delivery = &patched["delivery"];
        assert_eq!((&delivery["method"], &delivery["content_type"]), (&json!("POST"), &json!(content_type)));
        let reset = json!({"delivery": {"method": null, "content_type": null}});
        let delivery = app.patch(&path, reset).await.expect(200)["delivery"].clone();
        assert_eq!(
            (&delivery["method"], &delivery["content_type"]),
            (&json!("PUT"), &json!("application/json"))
        );
    }
}

#[tokio::test]
async fn titles_are_understood_and_shown_as_wire_codes() {
    let app = App::new().await;
    let tenant = app.tenant("workshop", json!({})).await;
    let body = json!({"delivery": {"url": URL}, "events": ["Job Done", "job.begun"]});
    let (path, created) = app.subscribe_in(&tenant, body).await;
    assert_eq!(created["events"], json!(["job.done", "job.begun"]));
    let patched = app.patch(&path, json!({"events": ["Job Begun"]})).await.expect(200);
    assert_eq!(patched["events"], json!(["job.begun"]));
}

#[tokio::test]
async fn own_statuses_and_options_are_shown_as_they_came_and_set_back_by_null() {
    let app = App::new().await;
    let tenant = app.tenant("leanbe", json!({})).await;
    let settings = json!({
        "delivery": {"url": URL}, "success": ["200", "5xx"], "timeout": "20s",
        "options": {"signature_header": false}, "retry": {"attempts": 2},
    });
    let (path, created) = app.subscribe_in(&tenant, settings.clone()).await;
    for name in ["success", "timeout", "options"] {
        assert_eq!(created[name], settings[name], "{name}");
    }
    assert_eq!(created["retry"], json!({"attempts": 2, "backoff": null}));
    let zone = json!({"options": {"triggered_at_zone": "America/Los_Angeles"}});
    let merged = app.patch(&path, zone).await.expect(200);
    let both = json!({"signature_header": false, "triggered_at_zone": "America/Los_Angeles"});
    assert_eq!((&merged["options"], &merged["success"]), (&both, &settings["success"]));
    let nothing = json!({"success": null, "timeout": null, "options": null, "retry": null});
    let reset = app.patch(&path, nothing).await.expect(200);
    for (name, value) in
        [("success", json!(null)), ("timeout", json!(null)), ("retry", json!(null)), ("options", json!({}))]
    {
        assert_eq!(reset[name], value, "{name}");
    }
}

#[tokio::test]
async fn faults_of_the_profile_come_all_at_once() {
    let app = App::new().await;
    let tenant = app.tenant("workshop", json!({})).await;
    let body = json!({
        "delivery": {"url": URL, "method": "GET"}, "description": "x", "events": ["job.done", "job.dane"],
        "timeout": "60s", "options": {"colour": 1},
    });
    let reply = app.post(&format!("{tenant}/subscriptions"), body).await;
    let mut found = fields(&reply);
    found.sort();
    assert_eq!(found, ["delivery.method", "description", "events[1]", "options.colour", "timeout"]);
}

#[tokio::test]
async fn a_tenant_with_subscriptions_keeps_its_profile() {
    let app = App::new().await;
    let created = app.subscribe_to(URL).await;
    let reply = app.put(ACME, json!({"profile": "leanbe"})).await;
    refusal::check(&reply, 409, "tenant_has_subscriptions", "", "Delete the subscriptions first", "leanbe");
    app.put(ACME, json!({"profile": "standard", "name": "Acme"})).await.expect(200);
    app.delete(&format!("{ACME}/subscriptions/{}", created["id"].as_str().unwrap())).await.expect(204);
    assert_eq!(app.put(ACME, json!({"profile": "leanbe"})).await.expect(200)["profile"], "leanbe");
}
