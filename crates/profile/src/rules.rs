//! Which of the standard fields of a subscription a profile requires, allows, forbids or limits, and whether its URL must
//! be one of HTTPS.

use crate::{
    options::{OptionSchema, OptionSwitch},
    reader::{Section, Switch},
};

/// A standard field of a subscription, as the API names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is the field of the same name in the API")]
pub enum Field {
    Name,
    Description,
    Method,
    ContentType,
    Headers,
    Authorization,
    Tls,
    HttpVersion,
    Events,
    TagSets,
    Filter,
    Transform,
    Secret,
    Delay,
    NotifyOnFailure,
    Ordered,
    Concurrency,
    RateLimit,
    Retry,
    Timeout,
    Success,
    Group,
}

/// Whether a field may or must be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// May be left out.
    Optional,
    /// Must be given.
    Required,
    /// Must not be given.
    Forbidden,
}

/// What holds for one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldRule {
    /// The field.
    pub field: Field,
    /// Whether it may or must be given.
    pub presence: Presence,
    /// The most items of a list or characters of a text.
    pub max: Option<u64>,
}

/// The rules that a profile states; every other field is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldRules(Vec<FieldRule>);

impl FieldRules {
    /// The rule of a field.
    pub fn of(&self, field: Field) -> FieldRule {
        let stated = self.0.iter().find(|rule| rule.field == field).copied();
        stated.unwrap_or(FieldRule { field, presence: Presence::Optional, max: None })
    }

    /// The rules that the profile states, in the order of the API's fields.
    pub fn stated(&self) -> &[FieldRule] {
        &self.0
    }
}

/// What `[subscription]` says.
pub(crate) struct SubscriptionRules {
    pub(crate) fields: FieldRules,
    /// Whether only URLs of HTTPS are allowed.
    pub(crate) https: OptionSwitch,
}

impl Field {
    /// Every field, in the order of the API.
    pub fn all() -> impl Iterator<Item = Self> {
        FIELDS.iter().map(|(_, field)| *field)
    }

    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        FIELDS.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
    }
}

/// Every field with its name in a profile and, without `delivery.`, in the API.
const FIELDS: [(&str, Field); 22] = [
    ("name", Field::Name),
    ("description", Field::Description),
    ("method", Field::Method),
    ("content_type", Field::ContentType),
    ("headers", Field::Headers),
    ("authorization", Field::Authorization),
    ("tls", Field::Tls),
    ("http_version", Field::HttpVersion),
    ("events", Field::Events),
    ("tag_sets", Field::TagSets),
    ("filter", Field::Filter),
    ("transform", Field::Transform),
    ("secret", Field::Secret),
    ("delay", Field::Delay),
    ("notify_on_failure", Field::NotifyOnFailure),
    ("ordered", Field::Ordered),
    ("concurrency", Field::Concurrency),
    ("rate_limit", Field::RateLimit),
    ("retry", Field::Retry),
    ("timeout", Field::Timeout),
    ("success", Field::Success),
    ("group", Field::Group),
];
const PRESENCES: [(&str, Presence); 3] =
    [("optional", Presence::Optional), ("required", Presence::Required), ("forbidden", Presence::Forbidden)];

impl Presence {
    /// The word of the language.
    pub fn as_str(self) -> &'static str {
        PRESENCES.iter().find(|(_, presence)| *presence == self).map_or("", |(word, _)| word)
    }
}

/// Reads `[subscription]`.
pub(crate) fn read(root: &Section<'_>, options: &[OptionSchema]) -> SubscriptionRules {
    let Some(section) = root.section("subscription") else {
        return SubscriptionRules { fields: FieldRules::default(), https: OptionSwitch::Fixed(false) };
    };
    let rules = FIELDS.iter().filter_map(|(name, field)| {
        let rule = section.section(name)?;
        let presence = rule.choice("is", &PRESENCES).unwrap_or(Presence::Optional);
        Some(FieldRule { field: *field, presence, max: rule.count("max", u64::from(u32::MAX)) })
    });
    SubscriptionRules { fields: FieldRules(rules.collect()), https: read_https(&section, options) }
}

fn read_https(section: &Section<'_>, options: &[OptionSchema]) -> OptionSwitch {
    let text = match section.switch_or_text("require_https") {
        None => return OptionSwitch::Fixed(false),
        Some(Switch::Fixed(fixed)) => return OptionSwitch::Fixed(fixed),
        Some(Switch::Text(text)) => text,
    };
    OptionSwitch::named(text, options).unwrap_or_else(|hint| {
        section.invalid("require_https", format!("must be true, false or a declared boolean option: {hint}"));
        OptionSwitch::Fixed(false)
    })
}
