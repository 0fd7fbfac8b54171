//! Options as JSON Schema 2020-12, from which forms and clients are made.
//!
//! **Invariant:** what [`OptionSchema::check`] accepts, the schema accepts too.

use postroad_domain::limits::{
    ENDPOINT_KEY_BYTES_MAX, ENDPOINT_NAME_CHARS_MAX, ENDPOINTS_MAX, URL_CHARS_MAX,
};
use serde_json::{Map, Number, Value, json};

use super::{OptionCondition, OptionOwner, OptionSchema, OptionType};

/// The schema of the object that holds one owner's options.
pub(crate) fn json_schema(schemas: &[OptionSchema], owner: OptionOwner) -> Value {
    let own = schemas.iter().filter(|schema| schema.belongs_to(owner));
    let properties: Map<_, _> = own.map(|schema| (schema.name.clone(), property(schema))).collect();
    // An option of both owners that is required may stand with either, so that neither alone must have it.
    let required = schemas.iter().filter(|schema| schema.required && schema.owner == owner);
    let required: Vec<_> = required.map(|schema| schema.name.as_str()).collect();
    let conditions = schemas.iter().filter(|schema| schema.owner == owner);
    let conditions: Vec<_> = conditions.filter_map(|schema| condition(schema, schemas)).collect();
    let mut object = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "required": required,
    });
    if !conditions.is_empty() {
        object["allOf"] = Value::Array(conditions);
    }
    object
}

/// When an option that goes with another one must be there; elsewhere it must not.
fn condition(schema: &OptionSchema, all: &[OptionSchema]) -> Option<Value> {
    let OptionCondition { option, value } = schema.with.as_ref()?;
    let has_value = json!({ "properties": { option: { "const": value } } });
    let is_default = all.iter().any(|other| other.name == *option && other.default.as_ref() == Some(value));
    let mut holds = has_value;
    if !is_default {
        holds["required"] = json!([option]);
    }
    let name = &schema.name;
    Some(json!({
        "if": holds,
        "then": { "required": [name] },
        "else": { "properties": { name: false } },
    }))
}

fn property(schema: &OptionSchema) -> Value {
    let (type_name, min_key, max_key) = keywords(schema.value_type);
    let mut property = Map::new();
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            property.insert(key.to_owned(), value);
        }
    };
    set("type", (!type_name.is_empty()).then(|| Value::from(type_name)));
    match schema.value_type {
        OptionType::Endpoints => set("items", Some(endpoint())),
        OptionType::Endpoint => set("anyOf", Some(json!([name_of_endpoint(), endpoint()]))),
        _ => {}
    }
    set("title", schema.title.clone().map(Value::from));
    set("description", schema.description.clone().map(Value::from));
    set("enum", (!schema.choices.is_empty()).then(|| Value::from(schema.choices.clone())));
    set("default", schema.default.clone());
    set("examples", schema.example.clone().map(|example| json!([example])));
    set("pattern", schema.pattern.as_ref().map(|pattern| Value::from(pattern.as_str())));
    set("writeOnly", schema.secret.then_some(Value::from(true)));
    set(min_key, schema.min.and_then(limit));
    let max = schema.max.or((schema.value_type == OptionType::Endpoints).then_some(ENDPOINTS_MAX as f64));
    set(max_key, max.and_then(limit));
    Value::Object(property)
}

/// The type, and the keywords of the least and the most.
fn keywords(value_type: OptionType) -> (&'static str, &'static str, &'static str) {
    match value_type {
        OptionType::Text => ("string", "minLength", "maxLength"),
        OptionType::Integer => ("integer", "minimum", "maximum"),
        OptionType::Number => ("number", "minimum", "maximum"),
        // A truth value has no size: a profile that states one is refused when it is loaded.
        OptionType::Boolean => ("boolean", "minimum", "maximum"),
        OptionType::List | OptionType::Endpoints => ("array", "minItems", "maxItems"),
        // One of two types, neither of which has a size.
        OptionType::Endpoint => ("", "minLength", "maxLength"),
        OptionType::Object => ("object", "minProperties", "maxProperties"),
    }
}

/// An endpoint of a tenant.
fn endpoint() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["name", "url", "api_key"],
        "properties": {
            "name": name_of_endpoint(),
            "url": { "type": "string", "format": "uri", "maxLength": URL_CHARS_MAX },
            "api_key": {
                "type": "string", "minLength": 1, "maxLength": ENDPOINT_KEY_BYTES_MAX, "writeOnly": true,
            },
        },
    })
}

fn name_of_endpoint() -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": ENDPOINT_NAME_CHARS_MAX })
}

/// A whole number without a fraction: lengths must be whole.
fn limit(limit: f64) -> Option<Value> {
    let whole = limit as i64;
    if whole as f64 == limit { Some(Value::from(whole)) } else { Number::from_f64(limit).map(Value::Number) }
}
