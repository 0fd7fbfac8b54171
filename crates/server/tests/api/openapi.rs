//! The OpenAPI document and the routes are the same list.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::app::{ACME, App};

/// What the contract promises of this version.
const PROMISED: [&str; 51] = [
    "GET /",
    "GET /inspector",
    "GET /inspector/{bin}/requests",
    "DELETE /inspector/{bin}/requests",
    "GET /inspector/{bin}/answer",
    "PUT /inspector/{bin}/answer",
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",
    "GET /openapi.json",
    "GET /v1/profiles",
    "GET /v1/profiles/{profile}",
    "GET /v1/audit",
    "GET /v1/events",
    "GET /v1/deliveries",
    "GET /v1/subscriptions",
    "GET /v1/tenants/{tenant}/keys",
    "POST /v1/tenants/{tenant}/keys",
    "DELETE /v1/tenants/{tenant}/keys/{id}",
    "GET /v1/tenants",
    "GET /v1/tenants/{tenant}",
    "PUT /v1/tenants/{tenant}",
    "DELETE /v1/tenants/{tenant}",
    "GET /v1/tenants/{tenant}/events",
    "POST /v1/tenants/{tenant}/events",
    "POST /v1/tenants/{tenant}/events/batch",
    "GET /v1/tenants/{tenant}/events/{id}",
    "GET /v1/tenants/{tenant}/subscriptions",
    "POST /v1/tenants/{tenant}/subscriptions",
    "GET /v1/tenants/{tenant}/subscriptions/{id}",
    "PATCH /v1/tenants/{tenant}/subscriptions/{id}",
    "DELETE /v1/tenants/{tenant}/subscriptions/{id}",
    "GET /v1/tenants/{tenant}/subscriptions/{id}/secret",
    "POST /v1/tenants/{tenant}/subscriptions/{id}/secret/rotate",
    "POST /v1/tenants/{tenant}/subscriptions/{id}/test",
    "POST /v1/tenants/{tenant}/subscriptions/{id}/send-now",
    "POST /v1/tenants/{tenant}/subscriptions/{id}/preview",
    "POST /v1/tenants/{tenant}/subscriptions/{id}/verify",
    "GET /v1/tenants/{tenant}/event-types",
    "GET /v1/tenants/{tenant}/event-types/{name}",
    "PUT /v1/tenants/{tenant}/event-types/{name}",
    "DELETE /v1/tenants/{tenant}/event-types/{name}",
    "GET /v1/tenants/{tenant}/deliveries",
    "GET /v1/tenants/{tenant}/deliveries/{id}",
    "POST /v1/tenants/{tenant}/deliveries/{id}/retry",
    "POST /v1/tenants/{tenant}/deliveries/{id}/cancel",
    "GET /v1/tenants/{tenant}/events/{id}/explain",
    "POST /v1/tenants/{tenant}/subscriptions/{id}/replay",
    "GET /v1/tenants/{tenant}/replays",
    "GET /v1/tenants/{tenant}/replays/{id}",
    "DELETE /v1/tenants/{tenant}/replays/{id}",
];

async fn document() -> Value {
    App::new().await.get("/openapi.json").await.expect(200)
}

fn operations(document: &Value) -> Vec<(String, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| {
            let operations = item.as_object().unwrap().iter();
            operations.map(move |(method, operation)| (method.to_uppercase(), path.as_str(), operation))
        })
        .collect()
}

#[tokio::test]
async fn every_promised_route_is_documented_and_no_other() {
    let document = document().await;
    let documented: BTreeSet<String> =
        operations(&document).iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    let promised: BTreeSet<String> = PROMISED.iter().map(ToString::to_string).collect();
    assert_eq!(documented, promised);
}

#[tokio::test]
async fn every_documented_operation_is_a_route() {
    let app = App::new().await;
    let document = document().await;
    for (method, path, _) in operations(&document) {
        let path = path
            .replace("{tenant}", "nobody")
            .replace("{id}", "x")
            .replace("{profile}", "x")
            .replace("{name}", "x")
            .replace("{bin}", "some-bin");
        let reply = app.send(&method, &path, "").await;
        let detail = reply.json()["detail"].as_str().unwrap_or_default().to_owned();
        assert_ne!(reply.status, 405, "{method} {path}");
        assert!(!detail.contains("no such path"), "{method} {path}");
    }
}

#[tokio::test]
async fn every_operation_is_described_and_names_its_answers() {
    let document = document().await;
    for (method, path, operation) in operations(&document) {
        let context = format!("{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{context}");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{context}");
        let answers = operation["responses"].as_object().unwrap();
        assert!(answers.keys().any(|status| status.starts_with('2')), "{context}");
        if path.starts_with("/v1") {
            for status in ["401", "429", "500", "503"] {
                assert!(answers.contains_key(status), "{context}: {status}");
            }
            assert_eq!(answers.contains_key("404"), path.contains('{'), "{context}");
            let takes_more =
                operation["parameters"].as_array().into_iter().flatten().any(|one| one["in"] != "path");
            let takes_body = operation["requestBody"].is_object();
            assert_eq!(answers.contains_key("422"), takes_more || takes_body, "{context}");
            for status in ["408", "413"] {
                assert_eq!(answers.contains_key(status), takes_body, "{context}: {status}");
            }
        }
    }
}

#[tokio::test]
async fn every_reference_within_the_document_leads_somewhere() {
    let document = document().await;
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    assert!(references.len() > 10);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn every_documented_field_is_read_and_every_read_field_documented() {
    let app = App::new().await;
    let document = document().await;
    let created = app.subscribe_to("https://example.com").await;
    let subscription = format!("{ACME}/subscriptions/{}", created["id"].as_str().unwrap());
    let of_subscription = |operation: &str| format!("{subscription}/{operation}");
    let rotate = of_subscription("secret/rotate");
    let (test, preview) = (of_subscription("test"), of_subscription("preview"));
    let own_type = format!("{ACME}/event-types/a");
    let wrong = json!({"qqqqqqqqqq": 1});
    let in_delivery = |value: Value| json!({"delivery": value});
    for (method, path, body, schema) in [
        ("PUT", ACME, wrong.clone(), "TenantSettings"),
        ("POST", "/v1/tenants/acme/events", wrong.clone(), "NewEvent"),
        ("POST", "/v1/tenants/acme/events/batch", wrong.clone(), "NewEvents"),
        ("POST", "/v1/tenants/acme/subscriptions", wrong.clone(), "NewSubscription"),
        ("POST", "/v1/tenants/acme/subscriptions", in_delivery(wrong.clone()), "DeliverySettings"),
        ("POST", "/v1/tenants/acme/subscriptions", in_delivery(json!({"headers": [wrong]})), "HeaderSetting"),
        ("POST", "/v1/tenants/acme/subscriptions", json!({"retry": wrong}), "RetrySettings"),
        ("POST", &rotate, wrong.clone(), "Rotation"),
        ("POST", &test, wrong.clone(), "Test"),
        ("POST", &preview, wrong.clone(), "Preview"),
        ("PUT", &own_type, wrong.clone(), "TenantEventTypeSettings"),
        ("POST", "/v1/tenants/acme/keys", wrong.clone(), "NewKey"),
    ] {
        let problem = app.send(method, path, body.to_string()).await.expect(422);
        let errors = problem["errors"].as_array().unwrap();
        let unknown = errors.iter().find(|error| error["field"].as_str().unwrap().ends_with("qqqqqqqqqq"));
        let (_, read) = unknown.unwrap()["message"].as_str().unwrap().split_once("known: ").unwrap();
        let read: BTreeSet<&str> = read.split(", ").collect();
        let documented = properties(&document["components"]["schemas"][schema]);
        assert_eq!(documented, read, "{schema}");
    }
}

/// The names of a schema's properties, also of those that it is put together from.
fn properties(schema: &Value) -> BTreeSet<&str> {
    let own = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let parts = schema["allOf"].as_array().into_iter().flatten().flat_map(properties);
    own.chain(parts).collect()
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            references.extend(fields.get("$ref").and_then(Value::as_str).map(ToOwned::to_owned));
            fields.values().for_each(|value| collect(value, references));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}
