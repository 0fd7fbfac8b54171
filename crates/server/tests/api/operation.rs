//! What is not about a tenant: health, figures, keys, unknown paths and methods.

use std::time::Duration;

use axum::body::Body;
use http::Request;
use postroad_server::metrics_router;
use postroad_store::StoreError;
use serde_json::json;
use tower::ServiceExt as _;

use crate::{
    app::{ACME, ADMIN_KEY, App, METRICS_KEY, Reply},
    refusal,
};

async fn without_key(app: &App, path: &str) -> Reply {
    app.call(Request::get(path).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn health_and_the_document_need_no_key() {
    let app = App::new().await;
    assert_eq!(without_key(&app, "/health/live").await.expect(200), json!({"status": "live"}));
    assert_eq!(without_key(&app, "/health/ready").await.expect(200), json!({"status": "ready"}));
    without_key(&app, "/openapi.json").await.expect(200);
}

#[tokio::test]
async fn who_opens_the_servers_address_sees_what_it_is_and_where_to_go_on() {
    for (app, has_inspector) in [(App::new().await, true), (App::without_inspector().await, false)] {
        let reply = without_key(&app, "/").await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "text/html; charset=utf-8"));
        assert!(reply.header("content-security-policy").starts_with("default-src 'none'"));
        let page = String::from_utf8(reply.body.to_vec()).unwrap();
        let title = format!("Postroad {}", env!("CARGO_PKG_VERSION"));
        for part in [&title, "href=\"openapi.json\"", "href=\"health/ready\""] {
            assert!(page.contains(part), "{part}\n{page}");
        }
        assert_eq!(page.contains("href=\"inspector\""), has_inspector, "{page}");
    }
}

#[tokio::test]
async fn the_figures_are_for_the_admin_and_for_the_key_that_opens_nothing_else() {
    let app = App::new().await;
    let with = async |key: &str, path: &str| {
        let request = Request::get(path).header("authorization", format!("Bearer {key}"));
        app.call(request.body(Body::empty()).unwrap()).await
    };
    for key in [ADMIN_KEY, METRICS_KEY] {
        with(key, "/metrics").await.expect(200);
    }
    refusal::check(&without_key(&app, "/metrics").await, 401, "unauthorized", "", "is missing", "no key");
    refusal::check(&with("wrong", "/metrics").await, 401, "unauthorized", "", "is not valid", "wrong");
    refusal::check(&with(METRICS_KEY, ACME).await, 401, "unauthorized", "", "is not valid", "elsewhere");
}

#[tokio::test]
async fn a_listener_of_the_figures_needs_no_key_and_has_nothing_else() {
    let app = App::new().await;
    let alone = metrics_router(app.state.clone());
    let get = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        alone.clone().oneshot(request).await.unwrap().status().as_u16()
    };
    assert_eq!(get("/metrics").await, 200);
    for path in ["/v1/tenants", "/health/live", "/"] {
        assert_eq!(get(path).await, 404, "{path}");
    }
}

#[tokio::test]
async fn tenants_have_figures_of_their_own_where_the_operator_asks_for_them() {
    let app = App::new().await;
    app.publish(json!({"type": "a", "data": 1})).await;
    let text = String::from_utf8(app.get("/metrics").await.body.to_vec()).unwrap();
    assert!(text.contains("postroad_tenant_events_accepted_total{tenant=\"acme\"} 1\n"), "{text}");
    assert!(text.contains("postroad_tenant_deliveries_failed_total{tenant=\"acme\"} 0\n"), "{text}");
}

#[tokio::test]
async fn a_node_that_cannot_write_or_stops_is_live_and_not_ready() {
    let app = App::new().await;
    app.store.fail_commits(Some(StoreError::Full));
    app.post(&format!("{ACME}/events"), json!({"type": "a", "data": 1})).await.expect(503);
    let reply = without_key(&app, "/health/ready").await;
    refusal::check(&reply, 503, "not_ready", "", "cannot take a write", "full");
    assert_eq!(reply.header("retry-after"), "1");
    without_key(&app, "/health/live").await.expect(200);

    let app = App::new().await;
    app.engine.stop(Duration::ZERO).await;
    let reply = without_key(&app, "/health/ready").await;
    refusal::check(&reply, 503, "not_ready", "", "is stopping", "stopping");
}

#[tokio::test]
async fn the_figures_name_routes_and_never_paths() {
    let app = App::new().await;
    app.publish(json!({"type": "a", "data": 1})).await;
    app.get(&format!("{ACME}/events/evt_x")).await.expect(404);
    app.get("/secret-path").await.expect(404);
    app.send("BREW", "/v1/tenants", "").await.expect(405);
    let reply = app.get("/metrics").await;
    assert!(reply.header("content-type").starts_with("application/openmetrics-text"));
    let text = String::from_utf8(reply.body.to_vec()).unwrap();
    for line in [
        "postroad_events_accepted_total 1",
        r#"postroad_http_request_seconds_count{route="/v1/tenants/{tenant}/events",method="POST",status="2xx"} 1"#,
        r#"postroad_http_request_seconds_count{route="/v1/tenants/{tenant}/events/{id}",method="GET",status="4xx"} 1"#,
        r#"postroad_http_request_seconds_count{route="none",method="GET",status="4xx"} 1"#,
        r#"method="other",status="4xx"} 1"#,
        "# EOF",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(!text.contains("tenants/acme") && !text.contains("secret-path"));
}

#[tokio::test]
async fn a_caller_without_a_valid_key_is_refused_before_anything_is_read() {
    let app = App::new().await;
    let before = app.everything().await;
    for (header, says) in [
        (None, "is missing"),
        (Some(""), "must be `Bearer <key>`"),
        (Some("Basic YTpi"), "must be `Bearer <key>`"),
        (Some("Bearer"), "must be `Bearer <key>`"),
        (Some("Bearer "), "is not valid"),
        (Some("Bearer wrong"), "is not valid"),
        (Some("Bearer adm_of_the_test"), "is not valid"),
    ] {
        for (method, path) in [
            ("POST", "/v1/tenants/acme/events"),
            ("DELETE", ACME),
            ("GET", "/v1/profiles"),
            ("PUT", "/v1/tenants/-"),
        ] {
            let mut request = Request::builder().method(method).uri(path);
            if let Some(header) = header {
                request = request.header("authorization", header);
            }
            let reply = app.call(request.body(Body::from("{")).unwrap()).await;
            refusal::check(&reply, 401, "unauthorized", "", says, &format!("{method} {header:?}"));
            assert_eq!(reply.header("www-authenticate"), "Bearer");
        }
    }
    assert_eq!(app.everything().await, before);
}

#[tokio::test]
async fn the_schemes_letters_may_be_of_any_case() {
    let app = App::new().await;
    for scheme in ["bearer", "BEARER", "Bearer"] {
        let request = Request::get(ACME).header("authorization", format!("{scheme} {ADMIN_KEY}"));
        app.call(request.body(Body::empty()).unwrap()).await.expect(200);
    }
}

#[tokio::test]
async fn an_unknown_path_is_404_and_a_wrong_method_405_with_those_that_there_are() {
    let app = App::new().await;
    for path in ["/index.html", "/v1", "/v1/tenants/", "/v2/tenants", "/v1/tenants/acme/event"] {
        refusal::check(&app.get(path).await, 404, "not_found", "", "no such path", path);
    }
    for (method, path, allowed) in [
        ("DELETE", "/v1/tenants", "GET,HEAD"),
        ("PUT", "/v1/tenants/acme/events", "GET,HEAD,POST"),
        ("POST", "/v1/tenants/acme", "DELETE,GET,HEAD,PUT"),
        // `batch` is a path of its own and not the id of an event.
        ("GET", "/v1/tenants/acme/events/batch", "POST"),
    ] {
        let reply = app.send(method, path, "").await;
        refusal::check(&reply, 405, "method_not_allowed", "", "This path takes ", path);
        let mut found: Vec<_> = reply.header("allow").split(',').collect();
        found.sort_unstable();
        assert_eq!(found.join(","), allowed, "{path}");
    }
}
