//! What may stand where in a schema, in words for the person who wrote something else there.

use jsonschema::paths::LocationSegment;

const A_SCHEMA: &str = "must be a schema: an object, true or false";

/// Keywords whose members are schemas with names.
const NAMED_SCHEMAS: [&str; 6] =
    ["properties", "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions"];
/// Keywords of lists of schemas.
const LISTED_SCHEMAS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords of one schema.
const ONE_SCHEMA: [&str; 12] = [
    "items",
    "additionalItems",
    "unevaluatedItems",
    "contains",
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
    "contentSchema",
    "not",
    "if",
    "then",
    "else",
];

/// What the other keywords take.
const OTHERS: [(&str, &[&str]); 9] = [
    (
        "must be \"array\", \"boolean\", \"integer\", \"null\", \"number\", \"object\" or \"string\", or a list of these",
        &["type"],
    ),
    ("must be a list of names, each once", &["required"]),
    ("must be an object of lists of names", &["dependentRequired"]),
    ("must be a list", &["enum", "examples"]),
    (
        "must be a whole number of at least 0",
        &[
            "minLength",
            "maxLength",
            "minItems",
            "maxItems",
            "minProperties",
            "maxProperties",
            "minContains",
            "maxContains",
        ],
    ),
    ("must be a number", &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]),
    ("must be a number above 0", &["multipleOf"]),
    ("must be true or false", &["uniqueItems", "deprecated", "readOnly", "writeOnly"]),
    ("must be a text", &["title", "description", "$comment", "format", "pattern", "$id", "$ref", "$anchor"]),
];

/// Where a walk through a schema stands.
#[derive(Clone, Copy)]
enum Place {
    Schema,
    /// Behind a keyword of schemas with names.
    Named,
    /// Behind a keyword of a list of schemas.
    Listed,
    /// At or behind any other keyword, with what it takes where that is known.
    Value(Option<&'static str>),
}

/// What must stand at the end of a path through a schema; `None` where that is not known.
pub(super) fn wanted<'a>(path: impl Iterator<Item = LocationSegment<'a>>) -> Option<&'static str> {
    match path.fold(Place::Schema, step) {
        Place::Schema => Some(A_SCHEMA),
        Place::Named => Some("must be an object whose members are schemas"),
        Place::Listed => Some("must be a list of one or more schemas"),
        Place::Value(words) => words,
    }
}

fn step(place: Place, segment: LocationSegment<'_>) -> Place {
    match (place, segment) {
        (Place::Named, _) | (Place::Schema | Place::Listed, LocationSegment::Index(_)) => Place::Schema,
        (Place::Schema, LocationSegment::Property(keyword)) => behind(&keyword),
        (Place::Listed, LocationSegment::Property(_)) => Place::Value(None),
        (value @ Place::Value(_), _) => value,
    }
}

fn behind(keyword: &str) -> Place {
    if NAMED_SCHEMAS.contains(&keyword) {
        return Place::Named;
    }
    if LISTED_SCHEMAS.contains(&keyword) {
        return Place::Listed;
    }
    if ONE_SCHEMA.contains(&keyword) {
        return Place::Schema;
    }
    Place::Value(OTHERS.iter().find(|(_, keywords)| keywords.contains(&keyword)).map(|(words, _)| *words))
}
