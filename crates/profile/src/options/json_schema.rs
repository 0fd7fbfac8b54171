//! Options as JSON Schema 2020-12, from which forms and clients are made.
//!
//! **Invariant:** what [`OptionSchema::check`] accepts, the schema accepts too.

use serde_json::{Map, Number, Value, json};

use super::{OptionOwner, OptionSchema, OptionType};

/// The schema of the object that holds one owner's options.
pub(crate) fn json_schema(schemas: &[OptionSchema], owner: OptionOwner) -> Value {
    let own = schemas.iter().filter(|schema| schema.belongs_to(owner));
    let properties: Map<_, _> = own.map(|schema| (schema.name.clone(), property(schema))).collect();
    // An option of both owners that is required may stand with either, so that neither alone must have it.
    let required = schemas.iter().filter(|schema| schema.required && schema.owner == owner);
    let required: Vec<_> = required.map(|schema| schema.name.as_str()).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "required": required,
    })
}

fn property(schema: &OptionSchema) -> Value {
    let (type_name, min_key, max_key) = keywords(schema.value_type);
    let mut property = Map::new();
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            property.insert(key.to_owned(), value);
        }
    };
    set("type", Some(Value::from(type_name)));
    set("title", schema.title.clone().map(Value::from));
    set("description", schema.description.clone().map(Value::from));
    set("enum", (!schema.choices.is_empty()).then(|| Value::from(schema.choices.clone())));
    set("default", schema.default.clone());
    set("examples", schema.example.clone().map(|example| json!([example])));
    set("pattern", schema.pattern.as_ref().map(|pattern| Value::from(pattern.as_str())));
    set("writeOnly", schema.secret.then_some(Value::from(true)));
    set(min_key, schema.min.and_then(limit));
    set(max_key, schema.max.and_then(limit));
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
        OptionType::List => ("array", "minItems", "maxItems"),
        OptionType::Object => ("object", "minProperties", "maxProperties"),
    }
}

/// A whole number without a fraction: lengths must be whole.
fn limit(limit: f64) -> Option<Value> {
    let whole = limit as i64;
    if whole as f64 == limit { Some(Value::from(whole)) } else { Number::from_f64(limit).map(Value::Number) }
}
