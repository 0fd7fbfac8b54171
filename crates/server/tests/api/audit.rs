//! `GET /v1/audit`

use std::time::Duration;

use postroad_server::{HeaderSpelling, Serving, serve};
use postroad_testkit::within;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    app::{ACME, ADMIN_KEY, App},
    refusal,
};

/// The entries of a query, newest first.
async fn entries(app: &App, query: &str) -> Vec<Value> {
    app.get(&format!("/v1/audit{query}")).await.expect(200)["data"].as_array().unwrap().clone()
}

fn told(entries: &[Value]) -> Vec<(&str, &str)> {
    let entries = entries.iter();
    entries.map(|entry| (entry["action"].as_str().unwrap(), entry["actor"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn every_change_leaves_who_what_when_and_from_where() {
    let app = App::new().await;
    let key = app.key(json!({"name": "x", "scopes": ["subscriptions:write", "deliveries:retry"]})).await;
    let key_id = app.get(&format!("{ACME}/keys")).await.expect(200)["data"][0]["id"].clone();
    let key_id = key_id.as_str().unwrap();
    app.put(ACME, json!({"profile": "standard", "name": "Acme"})).await.expect(200);
    app.put(&format!("{ACME}/event-types/a"), json!({"title": "A"})).await.expect(201);
    app.put(&format!("{ACME}/event-types/a"), json!({"title": "B"})).await.expect(200);
    app.delete(&format!("{ACME}/event-types/a")).await.expect(204);
    let body = json!({"delivery": {"url": "https://example.com"}}).to_string();
    let created = app.send_as(&key, "POST", &format!("{ACME}/subscriptions"), &body).await.expect(201);
    let id = created["id"].as_str().unwrap();
    let subscription = format!("{ACME}/subscriptions/{id}");
    app.send_as(&key, "PATCH", &subscription, r#"{"name":"CRM"}"#).await.expect(200);
    app.send_as(&key, "GET", &format!("{subscription}/secret"), "").await.expect(200);
    app.send_as(&key, "POST", &format!("{subscription}/secret/rotate"), "").await.expect(200);
    app.send_as(&key, "DELETE", &subscription, "").await.expect(204);
    app.delete(&format!("{ACME}/keys/{key_id}")).await.expect(204);
    app.delete(ACME).await.expect(204);
    let all = entries(&app, "").await;
    assert_eq!(
        told(&all),
        [
            ("tenant.deleted", "admin"),
            ("key.revoked", "admin"),
            ("subscription.deleted", key_id),
            ("secret.rotated", key_id),
            ("secret.read", key_id),
            ("subscription.changed", key_id),
            ("subscription.created", key_id),
            ("event_type.deleted", "admin"),
            ("event_type.changed", "admin"),
            ("event_type.created", "admin"),
            ("tenant.changed", "admin"),
            ("key.created", "admin"),
            ("tenant.created", "admin"),
        ]
    );
    assert!(all.iter().all(|entry| entry["tenant"] == "acme" && entry["at"] == "2026-11-21T00:00:00Z"));
    assert_eq!(all[5]["object"], id);
    assert!(all[5]["id"].as_str().unwrap().starts_with("aud_"));
    assert!(all.iter().all(|entry| entry["changes"].is_null()), "of a deleted tenant no data is left");
}

#[tokio::test]
async fn an_entry_shows_the_fields_that_changed_and_no_secret() {
    let app = App::new().await;
    let body = json!({"delivery": {"url": "https://example.com?k=1", "authorization": "Bearer hidden-1"}});
    let created = app.subscribe(body).await;
    let path = format!("{ACME}/subscriptions/{}", created["id"].as_str().unwrap());
    let patch = json!({"name": "CRM", "delivery": {"authorization": "Bearer hidden-2"}});
    app.patch(&path, patch).await.expect(200);
    let changed = &entries(&app, "?action=subscription.changed").await[0];
    assert_eq!(
        changed["changes"],
        json!({
            "name": {"before": null, "after": "CRM"},
            "delivery.authorization": {"before": "********", "after": "********"},
        })
    );
    let created = &entries(&app, "?action=subscription.created").await[0];
    assert_eq!(created["changes"]["delivery.url"]["after"], "https://example.com?k=***");
    let secret = app.get(&format!("{path}/secret")).await.expect(200)["secret"].as_str().unwrap().to_owned();
    let everything = app.get("/v1/audit").await.expect(200).to_string();
    assert!(!everything.contains("hidden") && !everything.contains(&secret));
}

#[tokio::test]
async fn what_is_refused_or_changes_nothing_leaves_no_entry() {
    let app = App::new().await;
    let created = app.subscribe(json!({"name": "x", "delivery": {"url": "https://example.com"}})).await;
    let path = format!("{ACME}/subscriptions/{}", created["id"].as_str().unwrap());
    app.put(&format!("{ACME}/event-types/a"), json!({"title": "A"})).await.expect(201);
    let before = entries(&app, "").await.len();
    app.put(ACME, json!({"profile": "standard"})).await.expect(200);
    app.put(&format!("{ACME}/event-types/a"), json!({"title": "A"})).await.expect(200);
    app.patch(&path, json!({"name": "x"})).await.expect(200);
    app.patch(&path, json!({"name": 7})).await.expect(422);
    app.put(ACME, json!({"profile": "nothing"})).await.expect(422);
    app.delete(&format!("{ACME}/subscriptions/sub_x")).await.expect(404);
    app.get(&path).await.expect(200);
    assert_eq!(entries(&app, "").await.len(), before);
}

#[tokio::test]
async fn deliveries_tests_and_a_receiver_that_is_gone_are_told_too() {
    let app = App::new().await;
    let created = app.subscribe_to("https://example.com").await;
    let id = created["id"].as_str().unwrap();
    let event = app.publish(json!({"type": "a", "data": 1})).await;
    app.exchange().await.answer(200, b"");
    let delivery = app.delivery_of(&event).await;
    app.reaches(&delivery, "succeeded").await;
    app.post(&format!("{delivery}/retry"), json!({})).await.expect(202);
    app.exchange().await.answer(410, b"");
    app.reaches(&delivery, "queued").await;
    app.post(&format!("{delivery}/cancel"), json!({})).await.expect(200);
    let all = entries(&app, "?tenant=acme").await;
    assert_eq!(
        told(&all)[..3],
        [("delivery.cancelled", "admin"), ("subscription.gone", "system"), ("delivery.retried", "admin")]
    );
    assert_eq!(all[1]["object"], id);
    let path = format!("{ACME}/subscriptions/{id}/test");
    let receiver = async { app.exchange().await.answer(200, b"") };
    let (test, ()) = tokio::join!(app.post(&path, json!({})), receiver);
    test.expect(200);
    assert_eq!(told(&entries(&app, "?limit=1").await), [("subscription.tested", "admin")]);
}

#[tokio::test]
async fn the_address_is_that_of_the_connection() {
    let app = App::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let endless = std::future::pending();
    let serving = Serving { spelling: HeaderSpelling::Forgotten, connections_max: 10 };
    let server = tokio::spawn(serve(listener, app.router.clone(), serving, endless));
    let mut client = TcpStream::connect(address).await.unwrap();
    let head = format!("DELETE {ACME} HTTP/1.1\r\nhost: t\r\nauthorization: Bearer {ADMIN_KEY}\r\n");
    client.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    within("an answer", client.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    let told: Vec<_> = entries(&app, "").await.iter().map(|entry| entry["address"].clone()).collect();
    assert_eq!(told, [json!("127.0.0.1"), Value::Null], "what came over no connection has no address");
    server.abort();
}

#[tokio::test]
async fn the_audit_is_filtered_and_paged() {
    let app = App::new().await;
    app.clock.advance(Duration::from_secs(60));
    app.put("/v1/tenants/other", json!({"profile": "standard"})).await.expect(201);
    app.key(json!({"name": "x", "scopes": ["pull"]})).await;
    for (query, count) in [
        ("", 3),
        ("?tenant=acme", 2),
        ("?tenant=nobody", 0),
        ("?actor=admin", 3),
        ("?actor=system", 0),
        ("?actor=key_01h455vb4pex5vsknk084sn02q", 0),
        ("?action=tenant.created", 2),
        ("?since=2026-11-21T00:01:00Z", 2),
        ("?until=2026-11-21T00:01:00Z", 1),
        ("?tenant=acme&action=tenant.created&until=2026-11-21T00:01:00Z", 1),
    ] {
        assert_eq!(entries(&app, query).await.len(), count, "{query}");
    }
    let first = app.get("/v1/audit?limit=2").await.expect(200);
    let next = first["next"].as_str().unwrap();
    let second = app.get(&format!("/v1/audit?limit=2&cursor={next}")).await.expect(200);
    assert_eq!((second["data"].as_array().unwrap().len(), &second["next"]), (1, &Value::Null));
    assert_eq!(second["data"][0]["object"], "acme");
}

#[tokio::test]
async fn a_query_of_the_audit_that_is_not_valid_is_refused_by_its_parameter() {
    let app = App::new().await;
    for (query, field, says) in [
        ("tenant=-", "tenant", "must be 1 to 128 letters"),
        ("actor=root", "actor", "admin, system or the id of a key"),
        ("action=tenant.painted", "action", "must be one of tenant.created"),
        ("since=today", "since", "RFC 3339"),
        ("until=today", "until", "RFC 3339"),
        ("limit=0", "limit", "from 1 to 250"),
        ("who=me", "who", "known: tenant, actor, action"),
    ] {
        let reply = app.get(&format!("/v1/audit?{query}")).await;
        refusal::check(&reply, 422, "invalid", field, says, query);
    }
}
