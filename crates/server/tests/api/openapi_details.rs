//! What the OpenAPI document says beyond the list of routes: examples, bounds, both sides of its schemas, headers.

use serde_json::{Value, json};

use crate::app::App;

async fn document() -> Value {
    App::new().await.get("/openapi.json").await.expect(200)
}

/// Each operation with its method and path in words.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        let operations = item.as_object().unwrap().iter();
        operations.map(move |(method, operation)| (format!("{method} {path}"), operation))
    });
    operations.collect()
}

/// A part of the document, where it stands or where it refers to.
fn resolved<'a>(document: &'a Value, part: &'a Value) -> &'a Value {
    let reference = part["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    reference.map_or(part, |pointer| document.pointer(pointer).unwrap())
}

/// Every message in JSON: what it is, its schema and its example.
fn messages(document: &Value) -> Vec<(String, &Value, &Value)> {
    let mut found = Vec::new();
    for (context, operation) in operations(document) {
        let answers = operation["responses"].as_object().unwrap().iter();
        let answers = answers.map(|(status, answer)| (status.as_str(), resolved(document, answer)));
        for (part, message) in answers.chain([("body", &operation["requestBody"])]) {
            for (kind, content) in message["content"].as_object().into_iter().flatten() {
                if kind.ends_with("json") {
                    found.push((format!("{context}: {part}"), &content["schema"], &content["example"]));
                }
            }
        }
    }
    found
}

#[tokio::test]
async fn every_message_has_an_example_that_fits_its_schema() {
    let document = document().await;
    let messages = messages(&document);
    assert!(messages.len() > 300, "{}", messages.len());
    for (context, schema, example) in messages {
        // The document cannot hold itself.
        if context.starts_with("get /openapi.json") {
            continue;
        }
        let mut schema = schema.clone();
        schema["components"] = document["components"].clone();
        let faults: Vec<_> = jsonschema::validator_for(&schema)
            .unwrap()
            .iter_errors(example)
            .map(|fault| fault.to_string())
            .collect();
        assert!(faults.is_empty(), "{context}: {faults:?}");
    }
}

#[tokio::test]
async fn every_parameter_says_what_it_takes() {
    let document = document().await;
    for (context, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let schema = resolved(&document, &parameter["schema"]);
            assert!(schema["type"].is_string(), "{context}: {parameter}");
            assert!(parameter["description"].is_string(), "{context}: {parameter}");
        }
    }
}

#[tokio::test]
async fn what_is_sent_is_closed_and_takes_null_for_what_is_optional() {
    let document = document().await;
    let schemas = &document["components"]["schemas"];
    for name in
        ["NewEvent", "NewSubscription", "SubscriptionPatch", "TenantSettings", "NewKey", "DeliverySettings"]
    {
        assert_eq!(schemas[name]["additionalProperties"], false, "{name}");
    }
    assert_eq!(schemas["NewSubscription"]["properties"]["active"]["type"], json!(["boolean", "null"]));
    assert_eq!(schemas["NewEvent"]["properties"]["type"]["type"], "string");
    // Null would take away what a limit must have; an endpoint of the tenant may take the place of a URL.
    assert_eq!(schemas["RateLimitPatch"]["properties"]["per"]["type"], "string");
    assert_eq!(schemas["DeliveryPatch"]["properties"]["url"]["type"], json!(["string", "null"]));
    assert_eq!(schemas["DeliveryPatch"]["required"], json!([]));
}

#[tokio::test]
async fn what_is_answered_names_every_field_that_is_always_there() {
    let document = document().await;
    let schemas = &document["components"]["schemas"];
    for (name, fields) in [
        ("Delivery", &["reason", "due_at", "finished_at"] as &[_]),
        ("Subscription", &["name", "active", "delivery", "events", "options", "secret", "rate_limit"]),
        ("Tenant", &["contacts", "options", "retention"]),
        ("EventList", &["data", "next"]),
        ("Attempt", &["error", "response"]),
    ] {
        let required = schemas[name]["required"].as_array().unwrap();
        for field in fields {
            assert!(required.contains(&json!(field)), "{name}.{field}");
        }
    }
    for (name, field) in [("Delivery", "test"), ("Accepted", "duplicate"), ("Subscription", "inactive_since")]
    {
        assert!(!schemas[name]["required"].as_array().unwrap().contains(&json!(field)), "{name}.{field}");
    }
}

#[tokio::test]
async fn refusals_that_pass_say_when_to_come_again_and_objects_with_versions_have_tags() {
    let document = document().await;
    for (context, operation) in operations(&document) {
        for (status, answer) in operation["responses"].as_object().unwrap() {
            let answer = resolved(&document, answer);
            let header = match status.as_str() {
                "429" | "503" => "Retry-After",
                "401" => "WWW-Authenticate",
                _ => continue,
            };
            assert!(answer["headers"][header].is_object(), "{context}: {status}");
        }
    }
    let of = |path: &str, method: &str, status: &str| &document["paths"][path][method]["responses"][status]["headers"];
    let subscription = "/v1/tenants/{tenant}/subscriptions/{id}";
    assert!(of(subscription, "get", "200")["ETag"].is_object());
    assert!(of(subscription, "patch", "200")["ETag"].is_object());
    assert!(of("/v1/tenants/{tenant}/subscriptions", "post", "201")["Location"].is_object());
}
