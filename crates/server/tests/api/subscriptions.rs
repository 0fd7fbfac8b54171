//! `/v1/tenants/{tenant}/subscriptions`: creating, reading, deleting.

use serde_json::json;

use crate::{
    app::{ACME, App},
    refusal,
};

const SUBSCRIPTIONS: &str = "/v1/tenants/acme/subscriptions";

#[tokio::test]
async fn a_subscription_with_every_setting_is_shown_as_it_was_created() {
    let app = App::new().await;
    let settings = json!({
        "name": "CRM sync", "description": "To the CRM", "active": true,
        "delivery": {
            "type": "push", "url": "https://example.com/hook?k=%2F", "method": "PUT",
            "content_type": "application/json", "authorization": "Basic YTpi",
            "headers": [{"name": "X-Key", "value": "1"}, {"name": "x-key", "value": "2"}],
            "tls": null, "http_version": "2",
        },
        "events": ["lead.created", "lead.deleted"], "tag_sets": [["a", "b"], ["c"]], "concurrency": 3,
        "retry": {"attempts": 4, "backoff": ["10s", "1h30m", "500ms"]}, "timeout": "20s",
        "success": ["200", "4xx"], "options": {"signature": "ed25519"},
        "ordered": true, "rate_limit": {"count": 5, "per": "1m"}, "delay": "1m30s",
        "group": {"window": "1m", "max_events": 10, "max_bytes": 1000}, "notify_on_failure": true,
    });
    let reply = app.post(SUBSCRIPTIONS, settings.clone()).await;
    assert_eq!(reply.header("etag"), "\"v1\"");
    let location = reply.header("location").to_owned();
    let created = reply.expect(201);
    assert_eq!(location, format!("{SUBSCRIPTIONS}/{}", created["id"].as_str().unwrap()));
    assert!(created["secret"].as_str().unwrap().starts_with("whsk_"));
    assert!(created["public_key"].as_str().unwrap().starts_with("whpk_"));

    let reply = app.get(&location).await;
    assert_eq!(reply.header("etag"), "\"v1\"");
    let shown = reply.expect(200);
    let mut expected = settings;
    for (name, value) in [
        ("id", created["id"].clone()),
        ("secret", json!("********")),
        ("tenant", json!("acme")),
        ("version", json!(1)),
        ("created_at", json!("2026-11-21T00:00:00Z")),
        ("updated_at", json!("2026-11-21T00:00:00Z")),
    ] {
        expected[name] = value;
    }
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn only_the_delivery_is_required_and_the_rest_has_its_default() {
    let app = App::new().await;
    let url = "https://example.com/hook";
    let bare = app.subscribe(json!({"delivery": {"url": url}})).await;
    let nulls = json!({
        "delivery": {"type": "push", "url": url, "headers": null}, "name": null, "events": null, "active": null,
        "retry": null, "timeout": null, "options": null, "secret": null, "concurrency": null,
    });
    for created in [bare, app.subscribe(nulls).await] {
        let settings = [&created["name"], &created["active"], &created["events"], &created["tag_sets"]];
        assert_eq!(settings, [&json!(null), &json!(true), &json!([]), &json!([])]);
        let settings = [&created["concurrency"], &created["retry"], &created["timeout"], &created["options"]];
        assert_eq!(settings, [&json!(8), &json!(null), &json!(null), &json!({})]);
        assert_eq!(created["success"], json!(null));
        let settings = [&created["delay"], &created["group"], &created["notify_on_failure"]];
        assert_eq!(settings, [&json!("0s"), &json!(null), &json!(false)]);
        assert_eq!(
            created["delivery"],
            json!({
                "type": "push", "url": url, "method": "POST", "content_type": "application/json", "headers": [],
                "authorization": null, "tls": null, "http_version": "1.1",
            })
        );
        assert!(created["secret"].as_str().unwrap().starts_with("whsec_"));
        assert_eq!(created.get("public_key"), None);
    }
}

#[tokio::test]
async fn of_a_schedule_only_what_was_given_is_kept() {
    let app = App::new().await;
    for (retry, shown) in [
        (json!({"backoff": ["1s", "2s"]}), json!({"attempts": null, "backoff": ["1s", "2s"]})),
        (json!({"backoff": []}), json!({"attempts": null, "backoff": []})),
        (json!({"attempts": 3}), json!({"attempts": 3, "backoff": null})),
        (json!({"attempts": 1, "backoff": []}), json!({"attempts": 1, "backoff": []})),
        (json!({"attempts": null, "backoff": null}), json!(null)),
        (json!({}), json!(null)),
    ] {
        let body = json!({"delivery": {"url": "https://example.com"}, "retry": retry});
        assert_eq!(app.subscribe(body).await["retry"], shown, "{retry}");
    }
}

#[tokio::test]
async fn a_subscription_that_is_made_paused_says_so() {
    let app = App::new().await;
    let body = json!({"delivery": {"url": "https://example.com"}, "active": false});
    let paused = app.subscribe(body).await;
    assert_eq!(
        (&paused["inactive_reason"], &paused["inactive_since"]),
        (&json!("paused"), &paused["created_at"])
    );
    let event = app.publish(json!({"type": "a", "data": 1})).await;
    assert_eq!(event["deliveries"], 0);
}

#[tokio::test]
async fn a_deleted_subscription_is_gone_and_another_tenants_is_not_found() {
    let app = App::new().await;
    let id = app.subscribe_to("https://example.com").await["id"].as_str().unwrap().to_owned();
    app.put("/v1/tenants/other", json!({"profile": "standard"})).await.expect(201);
    for path in [
        format!("/v1/tenants/other/subscriptions/{id}"),
        format!("/v1/tenants/nobody/subscriptions/{id}"),
        format!("{SUBSCRIPTIONS}/sub_00000000000000000000000000"),
        format!("{SUBSCRIPTIONS}/nonsense"),
    ] {
        for (method, path) in [
            ("GET", path.clone()),
            ("PATCH", path.clone()),
            ("DELETE", path.clone()),
            ("GET", format!("{path}/secret")),
            ("POST", format!("{path}/secret/rotate")),
            ("POST", format!("{path}/test")),
        ] {
            let reply = app.send(method, &path, "{}").await;
            refusal::check(&reply, 404, "not_found", "", "There is no such", &format!("{method} {path}"));
        }
        let reply = app.post(&format!("{path}/preview"), json!({"type": "a", "data": 1})).await;
        refusal::check(&reply, 404, "not_found", "", "There is no such", &format!("preview {path}"));
    }
    app.delete(&format!("{SUBSCRIPTIONS}/{id}")).await.expect(204);
    app.get(&format!("{SUBSCRIPTIONS}/{id}")).await.expect(404);
    app.delete(&format!("{SUBSCRIPTIONS}/{id}")).await.expect(404);
    assert_eq!(app.get(SUBSCRIPTIONS).await.expect(200), json!({"data": [], "next": null}));
    app.post("/v1/tenants/nobody/subscriptions", json!({"delivery": {"url": "https://e.com"}}))
        .await
        .expect(404);
}

/// Some 330 subscriptions of 227 KB, each within its limits, made their tenant unreadable: nothing could be published any more, and
/// lists over all tenants failed with it.
#[tokio::test]
async fn the_settings_of_a_tenant_are_bounded_together_and_what_fits_can_be_read() {
    let app = App::new().await;
    let header = |number: usize| json!({"name": format!("X-{number}"), "value": "v".repeat(4_096)});
    let headers: Vec<_> = (0..30).map(header).collect();
    let body = json!({"delivery": {"url": "https://example.com", "headers": headers}});
    let mut created = 0;
    let refused = loop {
        let reply = app.post(SUBSCRIPTIONS, body.clone()).await;
        if reply.status != 201 {
            break reply;
        }
        created += 1;
    };
    refusal::check(&refused, 409, "settings_too_large", "", "16 MiB together", "one more");
    assert!((90..140).contains(&created), "{created} of 123 KB");
    let small = json!({"delivery": {"url": "https://example.com"}});
    app.post(SUBSCRIPTIONS, small).await.expect(201);
    let event = json!({"type": "lead.created", "data": {}});
    let published = app.post("/v1/tenants/acme/events", event).await.expect(202);
    assert_eq!(published["deliveries"], json!(created + 1));
    let (mut listed, mut pages, mut path) = (0, 0, format!("{SUBSCRIPTIONS}?limit=250"));
    loop {
        let page = app.get(&path).await.expect(200);
        (listed, pages) = (listed + page["data"].as_array().unwrap().len(), pages + 1);
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{SUBSCRIPTIONS}?limit=250&cursor={next}");
    }
    assert_eq!((listed, pages), (created + 1, 2), "a page ends at 8 MiB");
}

#[tokio::test]
async fn a_tenant_may_have_a_thousand_subscriptions_and_no_more() {
    let app = App::new().await;
    let body = json!({"delivery": {"url": "https://example.com"}});
    for _ in 0..1_000 {
        app.subscribe(body.clone()).await;
    }
    let reply = app.post(&format!("{ACME}/subscriptions"), body).await;
    refusal::check(&reply, 409, "too_many_subscriptions", "", "may have 1000", "one more");
}
