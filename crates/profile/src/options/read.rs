//! Reading `[options.NAME]` and `[attributes.NAME]`.

use regex::Regex;
use serde_json::Value;

use super::{OptionCondition, OptionOwner, OptionSchema, OptionType, SIGNATURE_OPTION};
use crate::{problem::nearest, reader::Section};

const TYPES: [(&str, OptionType); 8] = [
    ("text", OptionType::Text),
    ("integer", OptionType::Integer),
    ("number", OptionType::Number),
    ("boolean", OptionType::Boolean),
    ("list", OptionType::List),
    ("object", OptionType::Object),
    ("endpoints", OptionType::Endpoints),
    ("endpoint", OptionType::Endpoint),
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
        let (from, with) = (named_option(section, "from"), read_condition(section));
        options.push(OptionSchema { owner, from, with, ..read_schema(name, section) });
    }
    for (option, (_, section)) in options.iter().zip(&sections) {
        check_endpoints(section, option, &options);
        check_condition(section, option, &options);
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
        from: None,
        with: None,
    }
}

/// The name in a text `options.NAME`.
pub(crate) fn named_option(section: &Section<'_>, key: &'static str) -> Option<String> {
    let text = section.text(key)?.value;
    let name = text.strip_prefix("options.");
    if name.is_none() {
        section.invalid(key, "must name an option, as in `options.NAME`");
    }
    name.map(ToOwned::to_owned)
}

/// `with = { NAME = VALUE }`.
fn read_condition(section: &Section<'_>) -> Option<OptionCondition> {
    let with = section.json("with")?;
    let single = with.as_object().filter(|with| with.len() == 1).and_then(|with| with.iter().next());
    if single.is_none() {
        section.invalid("with", "must be one option and its value, as in `{ kind = \"function\" }`");
    }
    single.map(|(option, value)| OptionCondition { option: option.clone(), value: value.clone() })
}

/// The options of the two types that endpoints have.
fn check_endpoints(section: &Section<'_>, option: &OptionSchema, all: &[OptionSchema]) {
    let owner = match option.value_type {
        OptionType::Endpoints => OptionOwner::Tenant,
        OptionType::Endpoint => OptionOwner::Subscription,
        _ => {
            if option.from.is_some() {
                section.invalid("from", "belongs to an option of the type `endpoint`");
            }
            return;
        }
    };
    if option.owner != owner {
        let word = OWNERS.iter().find(|(_, known)| *known == owner).map_or("", |(word, _)| word);
        section.invalid(
            "of",
            format!("must be \"{word}\": endpoints are the tenant's, and a subscription names one"),
        );
    }
    for key in ["default", "example", "choices", "secret"].into_iter().filter(|key| section.has(key)) {
        section.invalid(key, "does not go together with endpoints, whose keys are always kept like a secret");
    }
    if option.value_type == OptionType::Endpoint {
        for key in ["min", "max"].into_iter().filter(|key| section.has(key)) {
            section.invalid(key, "belongs to a value that has a size");
        }
        let is_list = |name: &String| {
            all.iter().any(|one| one.name == *name && one.value_type == OptionType::Endpoints)
        };
        match &option.from {
            None if !section.has("from") => section.missing("from"),
            Some(name) if !is_list(name) => {
                section.invalid("from", "must name an option of the type `endpoints`");
            }
            _ => {}
        }
    }
}

/// The option that another one goes with has an owner in common with it, and may have the value.
fn check_condition(section: &Section<'_>, option: &OptionSchema, all: &[OptionSchema]) {
    let Some(OptionCondition { option: other, value }) = &option.with else { return };
    let refuse = |why: String| section.invalid("with", why);
    if option.required || option.default.is_some() {
        refuse("says when it is required: leave out `required` and `default`".to_owned());
    }
    let Some(known) = all.iter().find(|known| known.name == *other) else {
        let nearest = nearest(other, all.iter().map(|known| known.name.as_str()));
        let hint = nearest.map(|name| format!("; the nearest one is `{name}`")).unwrap_or_default();
        return refuse(format!("names `{other}`, which is no option{hint}"));
    };
    if option.owner == OptionOwner::Both || known.owner != option.owner {
        refuse(format!(
            "needs both options to be `of` the tenant, or both of the subscription: see `{other}`"
        ));
    } else if known.with.is_some() || known.value_type == OptionType::Endpoints {
        refuse(format!("names `{other}`, on which no other option can depend"));
    } else if let Err(why) = known.check(value) {
        refuse(format!("has a value that `{other}` cannot have: it {why}"));
    }
}

/// The declared attributes of events in the order they were written.
pub(crate) fn read_attributes(root: &Section<'_>) -> Vec<OptionSchema> {
    let sections = root.named_sections("attributes");
    let read = |(name, section): &(&str, Section<'_>)| {
        let schema = read_schema(name, section);
        if matches!(schema.value_type, OptionType::Endpoints | OptionType::Endpoint) {
            section.invalid("type", "belongs to an option: events bring no endpoints");
        }
        schema
    };
    sections.iter().map(read).collect()
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
        from: None,
        with: None,
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
