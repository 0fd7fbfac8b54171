//! Which of the standard fields of a subscription a profile requires, allows, forbids or limits.

use crate::reader::Section;

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

impl Field {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        FIELDS.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
    }
}

/// Every field with its name in a profile and, without `delivery.`, in the API.
const FIELDS: [(&str, Field); 20] = [
    ("name", Field::Name),
    ("description", Field::Description),
    ("method", Field::Method),
    ("content_type", Field::ContentType),
    ("headers", Field::Headers),
    ("authorization", Field::Authorization),
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

/// Reads `[subscription.FIELD]`.
pub(crate) fn read(root: &Section<'_>) -> FieldRules {
    let Some(section) = root.section("subscription") else { return FieldRules::default() };
    let rules = FIELDS.iter().filter_map(|(name, field)| {
        let rule = section.section(name)?;
        let presence = rule.choice("is", &PRESENCES).unwrap_or(Presence::Optional);
        Some(FieldRule { field: *field, presence, max: rule.count("max", u64::from(u32::MAX)) })
    });
    FieldRules(rules.collect())
}
