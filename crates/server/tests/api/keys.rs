//! `/v1/tenants/{tenant}/keys`

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    app::{ACME, App},
    refusal::{self, Refused},
};

const KEYS: &str = "/v1/tenants/acme/keys";
const EVENTS: &str = "/v1/tenants/acme/events";
const EVENT: &str = r#"{"type":"a","data":1}"#;

async fn created(app: &App, body: Value) -> Value {
    app.post(KEYS, body).await.expect(201)
}

#[tokio::test]
async fn a_key_is_shown_once_and_listed_without_itself() {
    let app = App::new().await;
    let body = json!({
        "name": "CRM", "scopes": ["pull", "events:write", "pull"], "expires_at": "2027-01-01T00:00:00Z",
        "rate_limit": {"count": 100, "per": "1s"},
    });
    let mut created = created(&app, body).await;
    let key = created["key"].take();
    let key = key.as_str().unwrap();
    assert!(key.starts_with("postroad_key_") && key.len() == 62, "{key}");
    created.as_object_mut().unwrap().remove("key");
    let id = created["id"].as_str().unwrap().to_owned();
    assert_eq!(
        created,
        json!({
            "id": id, "name": "CRM", "kind": "api", "scopes": ["events:write", "pull"],
            "rate_limit": {"count": 100, "per": "1s"}, "expires_at": "2027-01-01T00:00:00Z",
            "created_at": "2026-11-21T00:00:00Z", "last_used_at": null,
        })
    );
    let listed = app.get(KEYS).await.expect(200);
    assert_eq!(listed, json!({"data": [created], "next": null}));
    assert!(!listed.to_string().contains(key));
    app.send_as(key, "POST", EVENTS, EVENT).await.expect(202);
}

#[tokio::test]
async fn a_pair_for_the_compatible_api_is_no_key_of_this_one() {
    let app = App::new().await;
    let tenant = app.tenant("leadsquared", json!({})).await;
    let body = json!({"name": "LS", "scopes": ["subscriptions:write"], "kind": "leadsquared"});
    let created = app.post(&format!("{tenant}/keys"), body).await.expect(201);
    assert_eq!((created.get("key"), &created["kind"]), (None, &json!("leadsquared")));
    let (access, secret) = (created["access_key"].as_str().unwrap(), created["secret_key"].as_str().unwrap());
    for key in [access, secret] {
        let reply = app.send_as(key, "GET", "/v1/profiles", "").await;
        refusal::check(&reply, 401, "unauthorized", "", "is not valid", key);
    }
    let known = app.engine.configuration().key_pair(access, secret).await.unwrap();
    assert_eq!(known.tenant().as_str(), "of-leadsquared");
    app.engine.configuration().key_pair(access, &secret.replace('_', "-")).await.unwrap_err();
    app.engine.configuration().key_pair(secret, access).await.unwrap_err();
}

#[tokio::test]
async fn what_a_key_cannot_be_is_refused_by_its_field() {
    let app = App::new().await;
    let bad = |body, field, says| Refused {
        method: "POST",
        path: KEYS,
        body,
        status: 422,
        code: "invalid",
        field,
        says,
    };
    for refused in [
        bad("[]", "", "must be an object, not a list"),
        bad(r#"{"scopes":["pull"]}"#, "name", "is required"),
        bad(r#"{"name":"","scopes":["pull"]}"#, "name", "1 to 255 characters"),
        bad(r#"{"name":7,"scopes":["pull"]}"#, "name", "must be a string"),
        bad(r#"{"name":"x"}"#, "scopes", "is required"),
        bad(r#"{"name":"x","scopes":[]}"#, "scopes", "at least one scope"),
        bad(r#"{"name":"x","scopes":"pull"}"#, "scopes", "must be a list"),
        bad(r#"{"name":"x","scopes":["pull","events:read"]}"#, "scopes[1]", "must be one of events:write"),
        bad(r#"{"name":"x","scopes":["pull"],"kind":"leanix"}"#, "kind", "must be one of api, leadsquared"),
        bad(
            r#"{"name":"x","scopes":["pull"],"kind":"leadsquared"}"#,
            "kind",
            "no such API is served to tenants of the profile standard",
        ),
        bad(r#"{"name":"x","scopes":["pull"],"expires_at":"soon"}"#, "expires_at", "RFC 3339"),
        bad(
            r#"{"name":"x","scopes":["pull"],"expires_at":"2026-11-21T00:00:00Z"}"#,
            "expires_at",
            "must lie in the future",
        ),
        bad(
            r#"{"name":"x","scopes":["pull"],"rate_limit":{"count":0,"per":"1s"}}"#,
            "rate_limit.count",
            "from 1 to 1000000",
        ),
        bad(r#"{"name":"x","scopes":["pull"],"rate_limit":{"count":1}}"#, "rate_limit.per", "is required"),
        bad(r#"{"name":"x","scopes":["pull"],"scope":1}"#, "scope", "did you mean `scopes`?"),
    ] {
        refused.check(&app).await;
        assert_eq!(app.get(KEYS).await.expect(200)["data"], json!([]));
    }
    let path = "/v1/tenants/nobody/keys";
    let body = r#"{"name":"x","scopes":["pull"]}"#;
    Refused { method: "POST", path, body, status: 404, code: "not_found", field: "", says: "no such tenant" }
        .check(&app)
        .await;
    app.get(path).await.expect(404);
    for id in ["x", "key_01h455vb4pex5vsknk084sn02q", "sub_01h455vb4pex5vsknk084sn02q"] {
        let reply = app.delete(&format!("{KEYS}/{id}")).await;
        refusal::check(&reply, 404, "not_found", "", "no such key", id);
    }
}

#[tokio::test]
async fn a_key_that_is_no_more_is_refused_with_what_helps_its_owner() {
    let app = App::new().await;
    let scopes = json!(["events:write"]);
    let revoked = created(&app, json!({"name": "revoked", "scopes": scopes})).await;
    let until = "2026-11-21T01:00:00Z";
    let expired = created(&app, json!({"name": "expired", "scopes": scopes, "expires_at": until})).await;
    let of = |created: &Value| created["key"].as_str().unwrap().to_owned();
    // Both are known in memory before they end.
    for key in [&revoked, &expired] {
        app.send_as(&of(key), "POST", EVENTS, EVENT).await.expect(202);
    }
    app.delete(&format!("{KEYS}/{}", revoked["id"].as_str().unwrap())).await.expect(204);
    app.delete(&format!("{KEYS}/{}", revoked["id"].as_str().unwrap())).await.expect(404);
    let reply = app.send_as(&of(&revoked), "POST", EVENTS, EVENT).await;
    refusal::check(&reply, 401, "unauthorized", "", "was revoked", "revoked");
    app.clock.advance(Duration::from_secs(3_600));
    let reply = app.send_as(&of(&expired), "POST", EVENTS, EVENT).await;
    refusal::check(&reply, 401, "unauthorized", "", "expired at 2026-11-21T01:00:00Z", "expired");
    let mut unknown = of(&expired);
    unknown.replace_range(20..21, if &unknown[20..21] == "x" { "y" } else { "x" });
    let reply = app.send_as(&unknown, "POST", EVENTS, EVENT).await;
    refusal::check(&reply, 401, "unauthorized", "", "is not valid", "unknown");
    let listed = app.get(KEYS).await.expect(200);
    assert_eq!(
        listed["data"].as_array().unwrap().len(),
        1,
        "an expired key stays listed until it is revoked"
    );
}

#[tokio::test]
async fn the_keys_of_a_deleted_tenant_open_nothing_also_when_it_comes_again() {
    let app = App::new().await;
    let key = app.key(json!({"name": "x", "scopes": ["events:write"]})).await;
    app.send_as(&key, "POST", EVENTS, EVENT).await.expect(202);
    app.delete(ACME).await.expect(204);
    app.put(ACME, json!({"profile": "standard"})).await.expect(201);
    let reply = app.send_as(&key, "POST", EVENTS, EVENT).await;
    refusal::check(&reply, 401, "unauthorized", "", "is not valid", "deleted");
}

#[tokio::test]
async fn a_key_that_calls_too_often_is_told_when_to_come_again() {
    let app = App::new().await;
    let limit = json!({"count": 2, "per": "10s"});
    let key = app.key(json!({"name": "x", "scopes": ["events:write"], "rate_limit": limit})).await;
    let other = app.key(json!({"name": "y", "scopes": ["events:write"]})).await;
    for _ in 0..2 {
        app.send_as(&key, "POST", EVENTS, EVENT).await.expect(202);
    }
    let reply = app.send_as(&key, "POST", EVENTS, EVENT).await;
    refusal::check(&reply, 429, "rate_limited", "", "as often as it may", "third");
    assert_eq!(reply.header("retry-after"), "5");
    app.send_as(&other, "POST", EVENTS, EVENT).await.expect(202);
    app.clock.advance(Duration::from_secs(5));
    app.send_as(&key, "POST", EVENTS, EVENT).await.expect(202);
    app.send_as(&key, "POST", EVENTS, EVENT).await.expect(429);
}

#[tokio::test]
async fn the_last_use_is_written_now_and_then_and_not_with_each_call() {
    let app = App::new().await;
    let key = app.key(json!({"name": "x", "scopes": ["events:write"]})).await;
    app.send_as(&key, "POST", EVENTS, EVENT).await.expect(202);
    let last_use = async || app.get(KEYS).await.expect(200)["data"][0]["last_used_at"].take();
    assert_eq!(last_use().await, Value::Null);
    app.engine.stop(Duration::ZERO).await;
    assert_eq!(last_use().await, "2026-11-21T00:00:00Z");
}

#[tokio::test]
async fn a_tenant_has_at_most_a_hundred_keys() {
    let app = App::new().await;
    for number in 0..100 {
        app.key(json!({"name": format!("key {number}"), "scopes": ["pull"]})).await;
    }
    let reply = app.post(KEYS, json!({"name": "one more", "scopes": ["pull"]})).await;
    refusal::check(&reply, 409, "too_many_keys", "", "may have 100 keys", "101");
    let page = app.get(&format!("{KEYS}?limit=60")).await.expect(200);
    let next = page["next"].as_str().unwrap();
    let rest = app.get(&format!("{KEYS}?limit=60&cursor={next}")).await.expect(200);
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["next"]), (40, &Value::Null));
}
