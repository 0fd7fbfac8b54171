//! Objects that are put together from others become plain objects: a reader, and every generator of clients, sees one
//! list of fields.
//!
//! **Invariant:** the values that a schema lets through stay the same.

use serde_json::{Map, Value};

/// Puts every `allOf` of the document together, and drops the schemas that nothing refers to any more.
pub(super) fn flatten(document: &mut Value) {
    let known = document["components"]["schemas"].clone();
    flatten_within(document, &known);
    while drop_unused(document) {}
}

fn flatten_within(value: &mut Value, known: &Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::Array(parts)) = fields.remove("allOf") {
                for (name, value) in put_together(&parts, known) {
                    fields.entry(name).or_insert(value);
                }
            }
            fields.values_mut().for_each(|value| flatten_within(value, known));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| flatten_within(item, known)),
        _ => {}
    }
}

fn put_together(parts: &[Value], known: &Value) -> Map<String, Value> {
    let (mut required, mut properties) = (Vec::new(), Map::new());
    add(parts, known, &mut required, &mut properties);
    let whole = [
        ("type", Value::from("object")),
        ("required", Value::Array(required)),
        ("properties", Value::Object(properties)),
    ];
    whole.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn add(parts: &[Value], known: &Value, required: &mut Vec<Value>, properties: &mut Map<String, Value>) {
    for part in parts {
        let part = part.get("$ref").and_then(Value::as_str).map_or(part, |path| &known[name_of(path)]);
        if let Some(inner) = part["allOf"].as_array() {
            add(inner, known, required, properties);
        }
        required.extend(part["required"].as_array().into_iter().flatten().cloned());
        let own = part["properties"].as_object().into_iter().flatten();
        properties.extend(own.map(|(name, schema)| (name.clone(), schema.clone())));
    }
}

/// The name at the end of `#/components/schemas/Event`.
pub(super) fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The names of the schemas that a part of the document refers to.
pub(super) fn references(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            names.extend(fields.get("$ref").and_then(Value::as_str).map(|path| name_of(path).to_owned()));
            fields.values().for_each(|value| references(value, names));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, names)),
        _ => {}
    }
}

/// Whether one was dropped, which may have been the last that referred to another.
fn drop_unused(document: &mut Value) -> bool {
    let mut used = Vec::new();
    references(document, &mut used);
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return false };
    let before = schemas.len();
    schemas.retain(|name, _| used.contains(name));
    schemas.len() < before
}
