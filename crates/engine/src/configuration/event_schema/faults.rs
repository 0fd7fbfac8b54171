//! Words for faults: of a schema, for the person who wrote it, and of data, for the one who sent it.

use jsonschema::{
    ValidationError, Validator,
    error::ValidationErrorKind,
    paths::{Location, LocationSegment},
};
use postroad_domain::Invalid;
use serde_json::Value;

use super::keywords;

const FAULTS_MAX: usize = 5;
const FAULT_CHARS_MAX: usize = 300;
/// Characters of the name of one member, which may be as long as the data.
const NAME_CHARS_MAX: usize = 64;
/// Levels of arrays and objects that the parser takes.
const LEVELS_PARSED_MAX: usize = 127;

/// What is wrong with one place in the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Where it is, as it reads on after the data's name: `.customer.id`, `.tags[1]`; empty for the data as a whole.
    pub(crate) place: String,
    /// What is wrong, as it reads on after `it`: `is not of type "string"`.
    pub(crate) problem: String,
}

impl Fault {
    /// A fault of the data as a whole.
    pub(super) fn of_all(problem: impl Into<String>) -> Self {
        Self { place: String::new(), problem: problem.into() }
    }
}

/// Why a schema is not one.
pub(super) fn of_schema(error: &ValidationError<'_>) -> Invalid {
    let place = match place_of(error.instance_path()).trim_start_matches('.') {
        "" => "it".to_owned(),
        place => format!("`{place}`"),
    };
    if let ValidationErrorKind::Format { format } = error.kind()
        && format == "regex"
    {
        return Invalid::new(shortened(format!(
            "is not a JSON Schema: {place} holds a pattern that cannot be used: it must be a regular expression \
             without look-around and back-references, and not too large"
        )));
    }
    let wanted = keywords::wanted(error.instance_path().segments()).map(str::to_owned);
    let problem = wanted.unwrap_or_else(|| problem(error));
    Invalid::new(shortened(format!("is not a JSON Schema: {place} {problem}")))
}

/// What is wrong with the data, at most five faults.
pub(super) fn of_data(validator: &Validator, data: &Value) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    for fault in validator.iter_errors(data).flat_map(|error| faults_of(&error)) {
        // Two branches of a schema often find the same fault.
        if !faults.contains(&fault) {
            faults.push(fault);
        }
        if faults.len() == FAULTS_MAX {
            break;
        }
    }
    faults
}

/// Why data that is JSON could not be read.
pub(super) fn of_unreadable(data: &str) -> Fault {
    if levels(data) > LEVELS_PARSED_MAX {
        return Fault::of_all(format!("is nested more than {LEVELS_PARSED_MAX} levels deep"));
    }
    Fault::of_all("holds a number that is out of range, or an escape that is no character")
}

/// The faults of one error, each at the place that its writer must look at: what is missing or too much is a member, not the
/// object around it.
fn faults_of(error: &ValidationError<'_>) -> Vec<Fault> {
    use ValidationErrorKind as Kind;
    let place = place_of(error.instance_path());
    let at = |name: &str, problem: &str| Fault {
        place: shortened(format!("{place}{}", member(name))),
        problem: problem.to_owned(),
    };
    match error.kind() {
        Kind::Required { property } => vec![at(property.as_str().unwrap_or_default(), "is required")],
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unexpected.iter().map(|name| at(name, "is not allowed")).collect()
        }
        _ => vec![Fault { place: shortened(place), problem: shortened(problem(error)) }],
    }
}

/// A place as the paths of fields are written everywhere: `.customer.id`, `.tags[1]`.
fn place_of(location: &Location) -> String {
    let written = |segment| match segment {
        LocationSegment::Property(name) => member(&name),
        LocationSegment::Index(index) => format!("[{index}]"),
    };
    location.segments().map(written).collect()
}

/// A name that would not be told apart from what stands around it is written in quotes.
fn member(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$');
    let shown: String = name.chars().take(NAME_CHARS_MAX).collect();
    if !shown.is_empty() && shown.chars().all(is_plain) {
        return format!(".{shown}");
    }
    format!("[{}]", Value::from(shown))
}

fn problem(error: &ValidationError<'_>) -> String {
    use ValidationErrorKind as Kind;
    match error.kind() {
        Kind::AdditionalItems { limit } => format!("has more than {limit} items"),
        Kind::UnevaluatedItems { .. } => "has items that are not allowed".to_owned(),
        Kind::AnyOf { .. } => "fits none of the forms that `anyOf` allows".to_owned(),
        Kind::OneOfNotValid { .. } => "fits none of the forms that `oneOf` allows".to_owned(),
        Kind::OneOfMultipleValid { .. } => "fits more than one of the forms that `oneOf` allows".to_owned(),
        Kind::Not { .. } => "has a form that `not` forbids".to_owned(),
        Kind::Constant { .. } => "is not the value that `const` asks for".to_owned(),
        // The one keyword that reports a `false` of its own at the object and not at the member.
        Kind::FalseSchema if error.schema_path().as_str().ends_with("/additionalProperties") => {
            "has members that are not allowed".to_owned()
        }
        Kind::FalseSchema => "is not allowed".to_owned(),
        Kind::Contains => "has too few or too many items of the form that `contains` asks for".to_owned(),
        Kind::UniqueItems => "has items that are equal".to_owned(),
        Kind::PropertyNames { error } => format!("has a member whose name {}", problem(error)),
        _ => {
            let words = error.masked().to_string();
            words.strip_prefix("value ").unwrap_or(&words).to_owned()
        }
    }
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(FAULT_CHARS_MAX) {
        Some(_) => text.chars().take(FAULT_CHARS_MAX - 1).chain(['…']).collect(),
        None => text,
    }
}

fn levels(json: &str) -> usize {
    let (mut level, mut deepest, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => level += 1,
            b']' | b'}' if !in_text => level = level.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(level);
    }
    deepest
}
