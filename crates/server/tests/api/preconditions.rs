//! `If-Match`: changes that are made only to what their caller saw.

use axum::body::Body;
use serde_json::{Value, json};

use crate::{
    app::{ACME, App, Reply, with_key},
    refusal,
};

async fn change(app: &App, method: &str, path: &str, tag: &str, body: Value) -> Reply {
    let request = with_key(method, path).header("if-match", tag);
    app.call(request.body(Body::from(body.to_string())).unwrap()).await
}

async fn subscribed(app: &App) -> String {
    let created = app.subscribe_to("https://example.com").await;
    format!("{ACME}/subscriptions/{}", created["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_patch_is_put_only_on_the_version_that_it_names() {
    let app = App::new().await;
    let path = subscribed(&app).await;
    let seen = app.get(&path).await.header("etag").to_owned();
    assert_eq!(seen, "\"v1\"");
    let changed = change(&app, "PATCH", &path, &seen, json!({"name": "one"})).await;
    assert_eq!(changed.header("etag"), "\"v2\"");
    changed.expect(200);
    let before = app.everything().await;
    let stale = change(&app, "PATCH", &path, &seen, json!({"name": "two"})).await;
    refusal::check(&stale, 412, "precondition_failed", "", "what `If-Match` names", "stale");
    change(&app, "PATCH", &path, "W/\"v2\"", json!({"name": "two"})).await.expect(412);
    for none in ["v2", "", ","] {
        let wrong = change(&app, "PATCH", &path, none, json!({"name": "two"})).await;
        refusal::check(&wrong, 422, "invalid", "If-Match", "leave it out to change whatever is there", none);
    }
    assert_eq!(app.everything().await, before);
    change(&app, "PATCH", &path, "\"v1\", \"v2\"", json!({"name": "two"})).await.expect(200);
    change(&app, "PATCH", &path, "*", json!({"name": "three"})).await.expect(200);
    change(&app, "PATCH", &format!("{ACME}/subscriptions/sub_x"), "*", json!({})).await.expect(404);
}

#[tokio::test]
async fn a_410_changes_the_tag_so_that_an_old_patch_does_not_undo_it() {
    let app = App::new().await;
    let path = subscribed(&app).await;
    let seen = app.get(&path).await.header("etag").to_owned();
    let event = app.publish(json!({"type": "a", "data": 1})).await;
    app.exchange().await.answer(410, b"");
    let delivery = app.delivery_of(&event).await;
    app.reaches(&delivery, "queued").await;
    let now = app.get(&path).await;
    assert_eq!(now.header("etag"), "\"v1.gone\"");
    let now = now.expect(200);
    assert_eq!((&now["version"], &now["inactive_reason"]), (&json!(1), &json!("gone")));
    change(&app, "PATCH", &path, &seen, json!({"active": true})).await.expect(412);
    assert_eq!(app.get(&path).await.expect(200), now);
    let renamed = change(&app, "PATCH", &path, "\"v1.gone\"", json!({"name": "x"})).await;
    assert_eq!(renamed.header("etag"), "\"v2.gone\"");
    let active = change(&app, "PATCH", &path, "\"v2.gone\"", json!({"active": true})).await;
    assert_eq!(active.header("etag"), "\"v3\"");
}

#[tokio::test]
async fn a_tenant_is_replaced_only_in_the_version_that_is_named() {
    let app = App::new().await;
    let named = |name: &str| json!({"profile": "standard", "name": name});
    assert_eq!(app.get(ACME).await.header("etag"), "\"v1\"");
    let same = app.put(ACME, json!({"profile": "standard"})).await;
    assert_eq!(same.header("etag"), "\"v1\"", "what changes nothing is no version");
    let replaced = change(&app, "PUT", ACME, "\"v1\"", named("one")).await;
    assert_eq!(replaced.header("etag"), "\"v2\"");
    replaced.expect(200);
    let stale = change(&app, "PUT", ACME, "\"v1\"", named("two")).await;
    refusal::check(
        &stale,
        412,
        "precondition_failed",
        "",
        "The tenant is not, or not any more, what",
        "stale",
    );
    change(&app, "PUT", ACME, "*", named("two")).await.expect(200);
    change(&app, "PUT", "/v1/tenants/new", "*", named("x")).await.expect(412);
    app.get("/v1/tenants/new").await.expect(404);
}
