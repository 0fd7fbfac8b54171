//! What tenants, subscriptions and events may and must set, and the product's own words.

use std::collections::BTreeMap;

use postroad_domain::CredentialKind;
use postroad_profile::{FieldRule, OptionOwner, OptionSchema, OptionType, OptionValues, Presence, Profile};
use serde_json::Value;

use super::{
    page::{Entry, entry},
    units::unanchored,
};

/// Each option with who sets it, its type, its default and its limits.
pub(super) fn options(profile: &Profile) -> Vec<Entry> {
    let owner = |option: &OptionSchema| match option.owner {
        OptionOwner::Tenant => "; set by the tenant",
        OptionOwner::Subscription => "; set by the subscription",
        OptionOwner::Both => "; set by the tenant or by the subscription, whose value comes first",
    };
    profile.options.iter().map(|option| (option.name.clone(), in_words(option, owner(option)))).collect()
}

/// Each attribute with its type and limits.
pub(super) fn attributes(profile: &Profile) -> Vec<Entry> {
    profile.attributes.iter().map(|attribute| (attribute.name.clone(), in_words(attribute, ""))).collect()
}

/// The standard fields that are required, forbidden or limited.
pub(super) fn fields(profile: &Profile) -> Vec<Entry> {
    let stated = profile.fields.stated();
    let of = |presence| stated.iter().filter(move |rule| rule.presence == presence);
    let name = |rule: &FieldRule| rule.field.as_str().to_owned();
    let limit = |rule: &FieldRule| rule.max.map(|max| format!("{} at most {max}", rule.field.as_str()));
    let lists = [
        ("Required", of(Presence::Required).map(name).collect::<Vec<_>>()),
        ("Forbidden", of(Presence::Forbidden).map(name).collect()),
        ("Items or characters", stated.iter().filter_map(limit).collect()),
        ("URL", only_https(profile)),
    ];
    let filled = lists.into_iter().filter(|(_, names)| !names.is_empty());
    filled.map(|(label, names)| entry(label, names.join(", "))).collect()
}

/// Where an option decides, the words of that option tell it.
fn only_https(profile: &Profile) -> Vec<String> {
    if profile.requires_https(&OptionValues::default()) {
        vec!["of HTTPS only".to_owned()]
    } else {
        Vec::new()
    }
}

/// What states and things are called on the product's pages.
pub(super) fn words(profile: &Profile) -> Vec<Entry> {
    let words = &profile.words;
    let line = |words: &BTreeMap<&'static str, String>| {
        let pairs: Vec<_> = words.iter().map(|(word, own)| format!("{word}: {own}")).collect();
        pairs.join("; ")
    };
    let lines = [("States", line(&words.states)), ("Labels", line(&words.labels))];
    let filled = lines.into_iter().filter(|(_, line)| !line.is_empty());
    filled.map(|(label, line)| entry(label, line)).collect()
}

/// The product's own API, which its tenants may go on using.
pub(super) fn compatible_api(profile: &Profile) -> Vec<Entry> {
    let kind_of = |api| CredentialKind::ALL.into_iter().find(|kind| kind.compatible_api() == Some(api));
    let line = |api| match kind_of(api) {
        Some(kind) => format!("is served to keys of the kind `{}` of its tenants", kind.as_str()),
        None => "is served to its tenants".to_owned(),
    };
    profile.compat.iter().map(|api| entry(api.as_str(), line(*api))).collect()
}

/// `Product: a whole number of at least 0; required; set by the tenant. The number of the product.`
fn in_words(schema: &OptionSchema, owner: &str) -> String {
    let title = schema.title.as_ref().map(|title| format!("{title}: ")).unwrap_or_default();
    let presence = match (&schema.default, schema.required, &schema.with) {
        (_, true, _) => "; required".to_owned(),
        (Some(default), false, _) => format!("; {default} where it is not set"),
        (None, false, Some(with)) => {
            format!("; required with `{}` {}, and only there", with.option, with.value)
        }
        (None, false, None) => String::new(),
    };
    let secret = match schema.value_type {
        _ if schema.secret => "; kept and masked like a secret",
        OptionType::Endpoints => "; its keys are kept and masked like secrets",
        _ => "",
    };
    let description = schema.description.as_ref().map(|text| format!(" {text}")).unwrap_or_default();
    format!("{title}{}{presence}{owner}{secret}.{description}", value_in_words(schema))
}

fn value_in_words(schema: &OptionSchema) -> String {
    let (noun, unit) = match schema.value_type {
        OptionType::Text => ("a text", " characters"),
        OptionType::Integer => ("a whole number", ""),
        OptionType::Number => ("a number", ""),
        OptionType::Boolean => ("true or false", ""),
        OptionType::List => ("a list", " items"),
        OptionType::Object => ("an object", " members"),
        OptionType::Endpoints => ("a list of endpoints with `name`, `url` and `api_key`", ""),
        OptionType::Endpoint => ("the name of an endpoint of the tenant, or a new one", ""),
    };
    let limits = match (schema.min, schema.max) {
        (None, None) => String::new(),
        (Some(min), None) => format!(" of at least {min}{unit}"),
        (None, Some(max)) => format!(" of at most {max}{unit}"),
        (Some(min), Some(max)) => format!(" of {min} to {max}{unit}"),
    };
    let pattern =
        schema.pattern.as_ref().map(|pattern| format!(" that matches {}", unanchored(pattern.as_str())));
    let choices: Vec<_> = schema.choices.iter().map(Value::to_string).collect();
    let choices = if choices.is_empty() { String::new() } else { format!(", one of {}", choices.join(", ")) };
    format!("{noun}{limits}{}{choices}", pattern.unwrap_or_default())
}
