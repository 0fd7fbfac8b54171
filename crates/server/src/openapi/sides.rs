//! What a schema promises depends on the side that it is on: what callers send, or what the server answers.
//!
//! * Of what is sent, names that are not known are refused, and an optional field that is null is the same as none.
//! * Of what is answered, a field that can be null is always there; one that is not required and cannot be null may be left
//!   out.
//!
//! What is on both sides is described as it may be sent.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::flatten::references;

/// Marks the fields of a merge patch that null cannot take away; no part of the document as it is published.
pub(super) const NOT_NULL: &str = "x-not-null";

/// What may be left out of settings that are sent and is always there where they are answered.
const ANSWERED: [(&str, &[&str]); 3] = [
    ("Tenant", &["contacts", "options"]),
    ("Subscription", &SUBSCRIPTION),
    ("CreatedSubscription", &SUBSCRIPTION),
];
const SUBSCRIPTION: [&str; 9] = [
    "active",
    "delivery",
    "events",
    "tag_sets",
    "concurrency",
    "ordered",
    "delay",
    "notify_on_failure",
    "options",
];

/// Tells both sides apart and completes the schemas of each.
pub(super) fn complete(document: &mut Value) {
    let sent = reachable(document, |operation| &operation["requestBody"]);
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    for (name, schema) in schemas {
        describe_references(schema);
        if sent.contains(name) { describe_sent(schema) } else { describe_answered(schema) }
    }
    for (name, fields) in ANSWERED {
        if let Some(required) = document["components"]["schemas"][name]["required"].as_array_mut() {
            required.extend(fields.iter().copied().map(Value::from));
        }
    }
}

fn describe_sent(schema: &mut Value) {
    let mut required = required_of(schema);
    if let Some(Value::Array(names)) = schema.as_object_mut().and_then(|schema| schema.remove(NOT_NULL)) {
        required.extend(names.iter().filter_map(Value::as_str).map(ToOwned::to_owned));
    }
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for (_, property) in properties.iter_mut().filter(|(name, _)| !required.contains(*name)) {
        make_nullable(property);
    }
    schema["additionalProperties"] = Value::Bool(false);
}

fn describe_answered(schema: &mut Value) {
    let mut required = required_of(schema);
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    required.extend(
        properties.iter().filter(|(_, property)| is_nullable(property)).map(|(name, _)| name.clone()),
    );
    schema["required"] = required.into_iter().collect();
}

fn required_of(schema: &Value) -> BTreeSet<String> {
    let names = schema["required"].as_array().into_iter().flatten();
    names.filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}

fn is_nullable(property: &Value) -> bool {
    let is_null = |value: &Value| value == "null" || value["type"] == "null";
    if property["type"] == "null" {
        return true;
    }
    let kinds = ["type", "oneOf"].map(|key| property[key].as_array());
    kinds.into_iter().flatten().flatten().any(is_null)
}

/// A property without a type takes null anyway.
fn make_nullable(property: &mut Value) {
    if is_nullable(property) {
        return;
    }
    let Some(fields) = property.as_object_mut() else { return };
    if let Some(kind) = fields.get("type").cloned() {
        fields.insert("type".to_owned(), json!([kind, "null"]));
        if let Some(Value::Array(words)) = fields.get_mut("enum") {
            words.push(Value::Null);
        }
    } else if let Some(reference) = fields.remove("$ref") {
        fields.insert("oneOf".to_owned(), json!([{"$ref": reference}, {"type": "null"}]));
    }
}

/// What is said of a field stands at the field, not at one of the things that it can be.
fn describe_references(schema: &mut Value) {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (_, property) in properties.into_iter().flatten() {
        let first = property.pointer_mut("/oneOf/0").and_then(Value::as_object_mut);
        if let Some(description) = first.and_then(|first| first.remove("description")) {
            property["description"] = description;
        }
    }
}

/// The names of all schemas that a part of any operation leads to.
fn reachable(document: &Value, part: impl Fn(&Value) -> &Value) -> BTreeSet<String> {
    let mut waiting = Vec::new();
    let paths = document["paths"].as_object().into_iter().flatten();
    for (_, operation) in paths.flat_map(|(_, path)| path.as_object().into_iter().flatten()) {
        references(part(operation), &mut waiting);
    }
    let mut found = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        let schema = &document["components"]["schemas"][&name];
        if found.insert(name) {
            references(schema, &mut waiting);
        }
    }
    found
}
