//! What may stand in paths, queries and headers: the one table of parameters, by their names.

use postroad_domain::{
    ids::{DeliveryKind, EventKind, KeyKind, Kind, ReplayKind, SubscriptionKind},
    limits::{IDEMPOTENCY_KEY_CHARS_MAX, INSPECTOR_BIN_CHARS, PAGE_ITEMS},
};
use serde_json::{Value, json};

use super::schemas::{event_type, id, tenant_id};

/// Gives the parameters of an operation their schemas and examples.
pub(super) fn complete(path: &str, operation: &mut Value) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default();
        let place = parameter["in"].as_str().unwrap_or_default();
        let (schema, example) = match place {
            "path" => of_path(path, name),
            "query" => of_query(path, name),
            _ => of_header(name),
        };
        parameter["schema"] = schema;
        if !example.is_null() {
            parameter["example"] = example;
        }
    }
}

fn of_path(path: &str, name: &str) -> (Value, Value) {
    let (min, max) = (INSPECTOR_BIN_CHARS.min, INSPECTOR_BIN_CHARS.max);
    match name {
        "tenant" => (tenant_id(), json!("acme")),
        "id" => of_object(path),
        "profile" => (json!({"type": "string", "minLength": 1}), json!("standard")),
        "name" => (event_type(), json!("lead.created")),
        _ => (
            json!({"type": "string", "minLength": min, "maxLength": max, "pattern": "^[A-Za-z0-9_-]+$"}),
            json!("my-first-bin"),
        ),
    }
}

/// The id of what stands before it in the path.
fn of_object(path: &str) -> (Value, Value) {
    let collection = path.split("/{id}").next().and_then(|before| before.rsplit('/').next());
    match collection {
        Some("events") => with_example::<EventKind>(),
        Some("subscriptions") => with_example::<SubscriptionKind>(),
        Some("deliveries") => with_example::<DeliveryKind>(),
        Some("replays") => with_example::<ReplayKind>(),
        _ => with_example::<KeyKind>(),
    }
}

fn with_example<K: Kind>() -> (Value, Value) {
    (id::<K>(), json!(format!("{}_01jd8x2y7zf4tbq9r6m3kw5c0n", K::PREFIX)))
}

fn of_query(path: &str, name: &str) -> (Value, Value) {
    let text = || json!({"type": "string"});
    match name {
        "limit" => (
            json!({
                "type": "integer", "minimum": PAGE_ITEMS.min, "maximum": PAGE_ITEMS.max,
                "default": PAGE_ITEMS.default,
            }),
            json!(PAGE_ITEMS.default),
        ),
        "since" | "until" => (json!({"type": "string", "format": "date-time"}), Value::Null),
        "active" => (json!({"type": "boolean"}), json!(true)),
        "tenant" => (tenant_id(), json!("acme")),
        "type" => (event_type(), json!("lead.created")),
        "event" => (id::<EventKind>(), Value::Null),
        "subscription" => (id::<SubscriptionKind>(), Value::Null),
        "status" if path.ends_with("/deliveries") => (reference("DeliveryStatus"), json!("failed")),
        "action" => (reference("AuditAction"), json!("subscription.changed")),
        "actor" => {
            let keys = id::<KeyKind>();
            let key = keys["pattern"].as_str().unwrap_or_default().trim_matches(['^', '$']);
            (json!({"type": "string", "pattern": format!("^(admin|system|{key})$")}), json!("admin"))
        }
        "format" => (json!({"type": "string", "enum": ["json", "html"]}), json!("json")),
        "profile" => (text(), json!("standard")),
        // Only the server can make a cursor.
        _ => (text(), Value::Null),
    }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn of_header(name: &str) -> (Value, Value) {
    match name {
        "Idempotency-Key" => (
            json!({
                "type": "string", "minLength": 1, "maxLength": IDEMPOTENCY_KEY_CHARS_MAX, "pattern": "^[!-~]+$",
            }),
            json!("lead-7-created"),
        ),
        // Not an example: it would be refused of a thing that has another version by now.
        "If-Match" => (json!({"type": "string"}), Value::Null),
        "traceparent" => {
            (json!({"type": "string"}), json!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
        }
        _ => (json!({"type": "string"}), Value::Null),
    }
}
