//! Reading `[options.NAME]` and `[attributes.NAME]`.

use regex::Regex;
use serde_json::Value;

use super::{OptionOwner, OptionSchema, OptionType, SIGNATURE_OPTION};
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

/// The declared options in the order they were written, and behind them the one that chooses among several schemes.
pub(crate) fn read_options(root: &Section<'_>, scheme_names: &[&str]) -> Vec<OptionSchema> {
    let sections = root.named_sections("options");
    let mut options = Vec::with_capacity(sections.len() + 1);
    for (name, section) in &sections {
        if *name == SIGNATURE_OPTION && scheme_names.len() > 1 {
            section.invalid("", "is made by Postroad from the schemes of `signature`: leave it out");
        }
        let owner = section.choice("of", &OWNERS).unwrap_or(OptionOwner::Both);
        options.push(OptionSchema { owner, ..read_schema(name, section) });
    }
    if let [first, _, ..] = scheme_names {
        options.push(signature_option(first, scheme_names));
    }
    options
}

fn signature_option(first: &str, scheme_names: &[&str]) -> OptionSchema {
    OptionSchema {
        name: SIGNATURE_OPTION.to_owned(),
        title: Some("Signature".to_owned()),
        description: Some("How requests are signed. Fixed when the subscription is created.".to_owned()),
        owner: OptionOwner::Subscription,
        value_type: OptionType::Text,
        required: false,
        secret: false,
        default: Some(Value::from(first)),
        example: None,
        choices: scheme_names.iter().map(|name| Value::from(*name)).collect(),
        min: None,
        max: None,
        pattern: None,
    }
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
    // Alone first: `a)|(b` is none, and becomes one between the parentheses.
    let whole = Regex::new(text.value).and_then(|_| Regex::new(&format!("^(?:{})$", text.value)));
    match whole {
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
    let given = [("default", &schema.default), ("example", &schema.example)];
    let given = given.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
    for (key, value) in given.chain(schema.choices.iter().map(|choice| ("choices", choice))) {
        if let Err(why) = schema.check(value) {
            section.invalid(key, why.to_string());
        }
    }
    if schema.value_type == OptionType::Boolean {
        for key in ["min", "max"].into_iter().filter(|key| section.has(key)) {
            section.invalid(key, "belongs to a value that has a size");
        }
    }
    if schema.value_type != OptionType::Text && schema.pattern.is_some() {
        section.invalid("pattern", "belongs to a text");
    }
}

/// A name that templates can write behind a dot.
fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
