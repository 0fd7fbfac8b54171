//! Reading `[options.NAME]` and `[attributes.NAME]`.

use regex::Regex;
use serde_json::Value;

use super::{OptionOwner, OptionSchema, OptionType};
use crate::reader::Section;

const TYPES: [(&str, OptionType); 6] = [
    ("text", OptionType::Text),
    ("integer", OptionType::Integer),
    ("number", OptionType::Number),
    ("boolean", OptionType::Boolean),
    ("list", OptionType::List),
    ("object", OptionType::Object),
];
const OWNERS: [(&str, OptionOwner); 3] = [
    ("tenant", OptionOwner::Tenant),
    ("subscription", OptionOwner::Subscription),
    ("both", OptionOwner::Both),
];

/// The declared options in the order they were written.
pub(crate) fn read_options(root: &Section<'_>) -> Vec<OptionSchema> {
    let sections = root.named_sections("options");
    sections
        .iter()
        .map(|(name, section)| {
            let owner = section.choice("of", &OWNERS).unwrap_or(OptionOwner::Both);
            OptionSchema { owner, ..read_schema(name, section) }
        })
        .collect()
}

/// The declared attributes of events in the order they were written.
pub(crate) fn read_attributes(root: &Section<'_>) -> Vec<OptionSchema> {
    let sections = root.named_sections("attributes");
    sections.iter().map(|(name, section)| read_schema(name, section)).collect()
}

fn read_schema(name: &str, section: &Section<'_>) -> OptionSchema {
    if !is_name(name) {
        section.invalid("", "must be a name of letters, digits and '_' that begins with a letter");
    }
    section.required_text("type");
    let schema = OptionSchema {
        name: name.to_owned(),
        title: section.owned_text("title"),
        description: section.owned_text("description"),
        owner: OptionOwner::Both,
        value_type: section.choice("type", &TYPES).unwrap_or(OptionType::Text),
        required: section.boolean("required").unwrap_or(false),
        secret: section.boolean("secret").unwrap_or(false),
        default: section.json("default"),
        example: section.json("example"),
        choices: read_choices(section),
        min: section.number("min"),
        max: section.number("max"),
        pattern: read_pattern(section, "pattern"),
    };
    check_values(section, &schema);
    schema
}

fn read_choices(section: &Section<'_>) -> Vec<Value> {
    match section.json("choices") {
        Some(Value::Array(choices)) => choices,
        Some(_) => {
            section.invalid("choices", "must be a list");
            Vec::new()
        }
        None => Vec::new(),
    }
}

/// A regular expression that the whole text must match.
pub(crate) fn read_pattern(section: &Section<'_>, key: &'static str) -> Option<Regex> {
    let text = section.text(key)?;
    match Regex::new(&format!("^(?:{})$", text.value)) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            section.invalid(key, format!("is not a regular expression: {error}"));
            None
        }
    }
}

/// The values that the profile itself gives must be allowed.
fn check_values(section: &Section<'_>, schema: &OptionSchema) {
    if schema.required && schema.default.is_some() {
        section.invalid("default", "belongs to an option that is not required");
    }
    for (key, value) in [("default", &schema.default), ("example", &schema.example)] {
        if let Some(Err(why)) = value.as_ref().map(|value| schema.check(value)) {
            section.invalid(key, why.to_string());
        }
    }
}

/// A name that templates can write behind a dot.
fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
