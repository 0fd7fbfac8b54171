//! Schemas of the document in words.

use serde_json::Value;

/// Where named schemas stand.
const NAMED: &str = "#/components/schemas/";

/// A member's text; nothing where there is none.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// A text as the cell of a table takes it.
pub(super) fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}

/// A value with the members of its objects in the order of their names, whatever order they came in.
pub(super) fn sorted(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            let shown = members
                .iter()
                .map(|(name, value)| format!("{}: {}", Value::from(name.as_str()), sorted(value)));
            format!("{{{}}}", shown.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(sorted).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// Every named schema as a section, in the order of their names.
pub(super) fn sections(document: &Value) -> String {
    let mut schemas: Vec<_> = document["components"]["schemas"].as_object().into_iter().flatten().collect();
    schemas.sort_by_key(|(name, _)| *name);
    schemas.into_iter().map(|(name, schema)| section(name, schema)).collect()
}

/// What a schema takes, in words, with links to the named ones.
pub(super) fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|target| target.strip_prefix(NAMED)) {
        return format!("[{name}](shapes.md#{})", crate::tidy::anchor_of(name));
    }
    for (member, word) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")] {
        if let Some(parts) = schema[member].as_array() {
            return parts.iter().map(kind).collect::<Vec<_>>().join(word);
        }
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(|word| format!("`{}`", shown(word))).collect::<Vec<_>>().join(", ");
    }
    if !schema["const"].is_null() {
        return format!("`{}`", shown(&schema["const"]));
    }
    let types = match &schema["type"] {
        Value::String(name) => vec![name.as_str()],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => return "any JSON".to_owned(),
    };
    let types: Vec<_> = types.into_iter().map(|name| of_type(name, schema)).collect();
    let bounds = bounds(schema);
    if bounds.is_empty() { types.join(" or ") } else { format!("{}, {bounds}", types.join(" or ")) }
}

fn of_type(name: &str, schema: &Value) -> String {
    match name {
        "array" if schema["items"].is_object() => format!("list of {}", kind(&schema["items"])),
        "array" => "list".to_owned(),
        "string" => match text(schema, "format") {
            "" => "text".to_owned(),
            "date-time" => "time".to_owned(),
            format => format!("text ({format})"),
        },
        "object" if schema["additionalProperties"].is_object() => {
            format!("object of {}", kind(&schema["additionalProperties"]))
        }
        other => other.to_owned(),
    }
}

fn bounds(schema: &Value) -> String {
    let told = [
        ("minimum", "from"),
        ("maximum", "to"),
        ("minLength", "characters from"),
        ("maxLength", "characters to"),
        ("minItems", "items from"),
        ("maxItems", "items to"),
        ("pattern", "like"),
        ("default", "by default"),
    ];
    let told =
        told.iter().filter(|(member, _)| !schema[*member].is_null() && !is_zero(member, &schema[*member]));
    let told =
        told.map(|(member, words)| format!("{words} {}", cell(&format!("`{}`", shown(&schema[*member])))));
    told.collect::<Vec<_>>().join(", ")
}

/// That a count is not negative goes without saying.
fn is_zero(member: &str, value: &Value) -> bool {
    member.starts_with("min") && value.as_f64() == Some(0.0)
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| sorted(value), str::to_owned)
}

fn section(name: &str, schema: &Value) -> String {
    let mut section = format!("\n## {name}\n");
    let description = text(schema, "description");
    if !description.is_empty() {
        section += &format!("\n{description}\n");
    }
    let rows = rows(schema);
    if rows.is_empty() {
        return section + &format!("\n{}\n", kind(schema));
    }
    let others: Vec<_> =
        schema["allOf"].as_array().into_iter().flatten().filter(|part| part.get("$ref").is_some()).collect();
    if !others.is_empty() {
        section +=
            &format!("\nAll of {}, and:\n", others.into_iter().map(kind).collect::<Vec<_>>().join(" and "));
    }
    section + "\n| member | | |\n|---|---|---|\n" + &rows
}

/// A row for each member, those that must be there first.
fn rows(schema: &Value) -> String {
    let is_required = |name: &str| {
        schema["required"].as_array().is_some_and(|names| names.iter().any(|required| required == name))
    };
    let mut members: Vec<_> = schema["properties"].as_object().into_iter().flatten().collect();
    members.sort_by_key(|(name, _)| (!is_required(name), *name));
    let own = members.into_iter().map(|(name, member)| {
        let mark = if is_required(name) { "" } else { " (may be absent)" };
        format!("| `{name}`{mark} | {} | {} |\n", kind(member), cell(text(member, "description")))
    });
    let own: String = own.collect();
    let parts = schema["allOf"].as_array().into_iter().flatten().map(rows);
    own + &parts.collect::<String>()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_is_told_in_words() {
        for (schema, words) in [
            (json!({"type": ["string", "null"], "format": "date-time"}), "time or null"),
            (
                json!({"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 9}}),
                "list of integer, to `9`",
            ),
            (
                json!({"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Key"}]}),
                "null or [Key](shapes.md#key)",
            ),
            (json!({"type": "string", "enum": ["a", "b"]}), "`a`, `b`"),
            (json!({}), "any JSON"),
        ] {
            assert_eq!(kind(&schema), words, "{schema}");
        }
    }

    #[test]
    fn the_order_of_members_in_the_document_changes_nothing() {
        let one: Value = serde_json::from_str(r#"{"b":1,"a":{"d":[2],"c":"x"}}"#).unwrap();
        assert_eq!(sorted(&one), r#"{"a": {"c": "x", "d": [2]}, "b": 1}"#);
    }
}
