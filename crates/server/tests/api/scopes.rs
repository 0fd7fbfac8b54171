//! Every route and every scope: who may call what, as the contract, the OpenAPI document and the server say it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    app::{ACME, App},
    refusal,
};

/// Stands for a route that only the admin key opens.
const ADMIN: &str = "admin";
/// Stands for a route that any key opens, of the tenant where there is one in the path.
const ANY: &str = "any";

/// What each route needs.
const NEEDS: [(&str, &str); 42] = [
    ("GET /metrics", ADMIN),
    ("GET /v1/audit", ADMIN),
    ("GET /v1/deliveries", ADMIN),
    ("GET /v1/events", ADMIN),
    ("GET /v1/profiles", ANY),
    ("GET /v1/profiles/{profile}", ANY),
    ("GET /v1/subscriptions", ADMIN),
    ("GET /v1/tenants", ADMIN),
    ("DELETE /v1/tenants/{tenant}", ADMIN),
    ("GET /v1/tenants/{tenant}", ADMIN),
    ("PUT /v1/tenants/{tenant}", ADMIN),
    ("GET /v1/tenants/{tenant}/deliveries", "deliveries:read"),
    ("GET /v1/tenants/{tenant}/deliveries/{id}", "deliveries:read"),
    ("POST /v1/tenants/{tenant}/deliveries/{id}/cancel", "deliveries:retry"),
    ("POST /v1/tenants/{tenant}/deliveries/{id}/retry", "deliveries:retry"),
    ("GET /v1/tenants/{tenant}/event-types", ANY),
    ("DELETE /v1/tenants/{tenant}/event-types/{name}", ADMIN),
    ("GET /v1/tenants/{tenant}/event-types/{name}", ANY),
    ("PUT /v1/tenants/{tenant}/event-types/{name}", ADMIN),
    ("GET /v1/tenants/{tenant}/events", "deliveries:read"),
    ("POST /v1/tenants/{tenant}/events", "events:write"),
    ("POST /v1/tenants/{tenant}/events/batch", "events:write"),
    ("GET /v1/tenants/{tenant}/events/{id}", "deliveries:read"),
    ("GET /v1/tenants/{tenant}/events/{id}/explain", "deliveries:read"),
    ("GET /v1/tenants/{tenant}/keys", ADMIN),
    ("POST /v1/tenants/{tenant}/keys", ADMIN),
    ("DELETE /v1/tenants/{tenant}/keys/{id}", ADMIN),
    ("DELETE /v1/tenants/{tenant}/replays/{id}", "deliveries:retry"),
    ("GET /v1/tenants/{tenant}/replays/{id}", "deliveries:read"),
    ("GET /v1/tenants/{tenant}/replays", "deliveries:read"),
    ("GET /v1/tenants/{tenant}/subscriptions", "subscriptions:read"),
    ("POST /v1/tenants/{tenant}/subscriptions", "subscriptions:write"),
    ("DELETE /v1/tenants/{tenant}/subscriptions/{id}", "subscriptions:write"),
    ("GET /v1/tenants/{tenant}/subscriptions/{id}", "subscriptions:read"),
    ("PATCH /v1/tenants/{tenant}/subscriptions/{id}", "subscriptions:write"),
    ("POST /v1/tenants/{tenant}/subscriptions/{id}/preview", "subscriptions:write"),
    ("POST /v1/tenants/{tenant}/subscriptions/{id}/replay", "deliveries:retry"),
    ("GET /v1/tenants/{tenant}/subscriptions/{id}/secret", "subscriptions:write"),
    ("POST /v1/tenants/{tenant}/subscriptions/{id}/secret/rotate", "subscriptions:write"),
    ("POST /v1/tenants/{tenant}/subscriptions/{id}/send-now", "deliveries:retry"),
    ("POST /v1/tenants/{tenant}/subscriptions/{id}/test", "subscriptions:write"),
    ("POST /v1/tenants/{tenant}/subscriptions/{id}/verify", "subscriptions:write"),
];
const SCOPES: [&str; 6] = [
    "events:write",
    "subscriptions:read",
    "subscriptions:write",
    "deliveries:read",
    "deliveries:retry",
    "pull",
];

/// Each documented route that takes a key, with what its document says it needs.
async fn documented(app: &App) -> BTreeMap<String, String> {
    let document = app.get("/openapi.json").await.expect(200);
    let mut routes = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let security = operation.get("security").unwrap_or(&document["security"]);
            // An operation that needs no key at all says so by an empty requirement.
            let Some(needed) = security[0].get("key") else { continue };
            let need = needed[0].as_str().unwrap_or(ANY);
            routes.insert(format!("{} {path}", method.to_uppercase()), need.to_owned());
        }
    }
    routes
}

fn concrete(path: &str, tenant: &str) -> String {
    let id = if path.contains("/deliveries/") {
        "dlv_01h455vb4pex5vsknk084sn02q"
    } else if path.contains("/events/") {
        "evt_01h455vb4pex5vsknk084sn02q"
    } else if path.contains("/keys/") {
        "key_01h455vb4pex5vsknk084sn02q"
    } else {
        "sub_01h455vb4pex5vsknk084sn02q"
    };
    path.replace("{tenant}", tenant)
        .replace("{id}", id)
        .replace("{profile}", "standard")
        .replace("{name}", "a")
}

#[tokio::test]
async fn every_route_says_what_it_needs() {
    let app = App::new().await;
    let needs = NEEDS.map(|(route, need)| (route.to_owned(), need.to_owned()));
    assert_eq!(documented(&app).await, BTreeMap::from(needs));
}

#[tokio::test]
async fn a_key_opens_the_routes_of_its_scope_and_no_others() {
    let app = App::new().await;
    app.put("/v1/tenants/other", json!({"profile": "standard"})).await.expect(201);
    let routes = documented(&app).await;
    assert!(routes.len() > 30);
    for scope in SCOPES {
        let key = app.key(json!({"name": scope, "scopes": [scope]})).await;
        for (route, need) in &routes {
            let (method, path) = route.split_once(' ').unwrap();
            let reply = app.send_as(&key, method, &concrete(path, "acme"), "[").await;
            let context = format!("{scope}: {route}");
            match need.as_str() {
                ADMIN => refusal::check(&reply, 403, "forbidden", "", "the admin key", &context),
                need if need == ANY || need == scope => assert_ne!(reply.status, 403, "{context}"),
                need => refusal::check(&reply, 403, "forbidden", "", &format!("`{need}`"), &context),
            }
            assert_ne!(reply.status, 401, "{context}");
            assert!(reply.status.as_u16() < 500, "{context}");
            if path.contains("{tenant}") {
                let there = app.send_as(&key, method, &concrete(path, "other"), "[").await;
                refusal::check(&there, 404, "not_found", "", "no such tenant", &context);
                let nowhere = app.send_as(&key, method, &concrete(path, "nobody"), "[").await;
                assert_eq!((there.status, there.json()), (nowhere.status, nowhere.json()), "{context}");
            }
        }
    }
}

#[tokio::test]
async fn each_scope_does_what_it_is_for() {
    let app = App::new().await;
    let all = app.key(json!({"name": "all", "scopes": SCOPES})).await;
    let of = |scopes: Value| json!({"name": "x", "scopes": scopes});
    let writer = app.key(of(json!(["events:write"]))).await;
    let manager = app.key(of(json!(["subscriptions:write"]))).await;
    let body = json!({"delivery": {"type": "push", "url": "https://example.com/hook?token=abc"}});
    let created = app.send_as(&manager, "POST", &format!("{ACME}/subscriptions"), &body.to_string()).await;
    let created = created.expect(201);
    let subscription = format!("{ACME}/subscriptions/{}", created["id"].as_str().unwrap());
    app.send_as(&manager, "GET", &subscription, "").await.expect(403);
    app.send_as(&all, "GET", &subscription, "").await.expect(200);
    let event = json!({"type": "a", "data": 1}).to_string();
    let published = app.send_as(&writer, "POST", &format!("{ACME}/events"), &event).await.expect(202);
    app.exchange().await.answer(200, b"");
    let delivery = app.delivery_of(&published).await;
    app.reaches(&delivery, "succeeded").await;
    app.send_as(&writer, "GET", &delivery, "").await.expect(403);
    app.send_as(&all, "GET", &delivery, "").await.expect(200);
}

#[tokio::test]
async fn what_was_sent_and_answered_is_for_those_who_may_read_deliveries() {
    let app = App::new().await;
    let tokens = json!({"url": "https://example.com/hook?token=abc"});
    app.subscribe(json!({"delivery": tokens, "retry": {"attempts": 1}})).await;
    let (url, masked) = ("https://example.com/hook?token=abc", "https://example.com/hook?token=***");
    for (scopes, shown_url) in [
        (json!(["deliveries:retry"]), None),
        (json!(["deliveries:retry", "subscriptions:read"]), None),
        (json!(["deliveries:retry", "deliveries:read"]), Some(masked)),
        (json!(["deliveries:retry", "deliveries:read", "subscriptions:read"]), Some(url)),
    ] {
        let key = app.key(json!({"name": "x", "scopes": scopes})).await;
        let event = app.publish(json!({"type": "a", "data": "confidential"})).await;
        app.exchange().await.answer(500, b"words of the receiver");
        let delivery = app.delivery_of(&event).await;
        app.reaches(&delivery, "failed").await;
        let retried = app.send_as(&key, "POST", &format!("{delivery}/retry"), "").await.expect(202);
        let under_way = app.exchange().await;
        let cancelled = app.send_as(&key, "POST", &format!("{delivery}/cancel"), "").await.expect(200);
        for (answer, status) in [(retried, "queued"), (cancelled, "cancelled")] {
            assert_eq!(answer["status"], status, "{scopes}");
            let first = answer.pointer("/attempts/0/request/url").and_then(Value::as_str);
            assert_eq!(first, shown_url, "{scopes}: {answer}");
            for words in ["confidential", "words of the receiver"] {
                assert_eq!(answer.to_string().contains(words), shown_url.is_some(), "{scopes}: {answer}");
            }
        }
        under_way.answer(200, b"");
    }
}

#[tokio::test]
async fn values_of_headers_and_authorization_are_for_those_who_may_change_them() {
    let app = App::new().await;
    let delivery = json!({
        "url": "https://example.com/hook?token=abc", "authorization": "Basic YTpi",
        "headers": [{"name": "X-Key", "value": "key-value"}],
    });
    let (path, _) = app.subscribe_in(ACME, json!({"delivery": delivery})).await;
    let list = format!("{ACME}/subscriptions");
    let masked = (json!("********"), json!([{"name": "X-Key", "value": "********"}]));
    let plain = (json!("Basic YTpi"), json!([{"name": "X-Key", "value": "key-value"}]));
    for (scopes, seen) in [
        (json!(["subscriptions:read"]), &masked),
        (json!(["subscriptions:read", "deliveries:read"]), &masked),
        (json!(["subscriptions:read", "subscriptions:write"]), &plain),
    ] {
        let key = app.key(json!({"name": "x", "scopes": scopes})).await;
        let alone = app.send_as(&key, "GET", &path, "").await.expect(200);
        let listed = app.send_as(&key, "GET", &list, "").await.expect(200)["data"][0].clone();
        assert_eq!(alone, listed, "{scopes}");
        let delivery = &alone["delivery"];
        assert_eq!((&delivery["authorization"], &delivery["headers"]), (&seen.0, &seen.1), "{scopes}");
        // Queries of URLs are shown to whoever may read subscriptions.
        assert_eq!(delivery["url"], "https://example.com/hook?token=abc", "{scopes}");
    }
    let writer = app.key(json!({"name": "x", "scopes": ["subscriptions:write"]})).await;
    let changed = app.send_as(&writer, "PATCH", &path, r#"{"name":"x"}"#).await.expect(200);
    assert_eq!(
        (&changed["delivery"]["authorization"], &changed["delivery"]["headers"]),
        (&plain.0, &plain.1)
    );
    let everywhere = app.get("/v1/subscriptions").await.expect(200);
    assert_eq!(everywhere["data"][0]["delivery"]["authorization"], plain.0);
    // Where there is nothing to mask, null stays null.
    let (bare, _) = app.subscribe_in(ACME, json!({"delivery": {"url": "https://example.com"}})).await;
    let reader = app.key(json!({"name": "x", "scopes": ["subscriptions:read"]})).await;
    let shown = app.send_as(&reader, "GET", &bare, "").await.expect(200);
    assert_eq!(
        (&shown["delivery"]["authorization"], &shown["delivery"]["headers"]),
        (&json!(null), &json!([]))
    );
}

#[tokio::test]
async fn the_values_of_a_urls_query_are_for_those_who_may_read_subscriptions() {
    let app = App::new().await;
    app.subscribe_to("https://example.com/hook?token=abc").await;
    let event = app.publish(json!({"type": "a", "data": 1})).await;
    app.exchange().await.answer(200, b"");
    let delivery = app.delivery_of(&event).await;
    app.reaches(&delivery, "succeeded").await;
    for (scopes, url) in [
        (json!(["deliveries:read"]), "https://example.com/hook?token=***"),
        (json!(["deliveries:read", "subscriptions:read"]), "https://example.com/hook?token=abc"),
    ] {
        let key = app.key(json!({"name": "reader", "scopes": scopes})).await;
        let shown = app.send_as(&key, "GET", &delivery, "").await.expect(200);
        assert_eq!(shown["attempts"][0]["request"]["url"], url);
    }
    let shown = app.get(&delivery).await.expect(200);
    assert_eq!(shown["attempts"][0]["request"]["url"], "https://example.com/hook?token=abc");
}
