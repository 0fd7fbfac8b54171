//! Words for faults: of a schema, for the person who wrote it, and of data, for the one who sent it.

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use postroad_domain::Invalid;
use serde_json::Value;

const FAULTS_MAX: usize = 5;
const FAULT_CHARS_MAX: usize = 300;
/// Levels of arrays and objects that the parser takes.
const LEVELS_PARSED_MAX: usize = 127;

/// Why a schema is not one.
pub(super) fn of_schema(error: &ValidationError<'_>) -> Invalid {
    let place = place_of(error, "its root");
    if let ValidationErrorKind::Format { format } = error.kind()
        && format == "regex"
    {
        return Invalid::new(shortened(format!(
            "has at {place} a pattern that cannot be used: it must be a regular expression without look-around and \
             back-references, and not too large"
        )));
    }
    Invalid::new(shortened(format!("is not a JSON Schema: at {place}, {error}")))
}

/// What is wrong with the data, at most five faults.
pub(super) fn of_data(validator: &Validator, data: &Value) -> Vec<String> {
    let mut faults: Vec<String> = Vec::new();
    for error in validator.iter_errors(data) {
        let fault = shortened(format!("{} {}", place_of(&error, "the data"), problem(&error)));
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
pub(super) fn of_unreadable(data: &str) -> String {
    if levels(data) > LEVELS_PARSED_MAX {
        return format!("the data is nested more than {LEVELS_PARSED_MAX} levels deep");
    }
    "the data holds a number that is out of range, or an escape that is no character".to_owned()
}

fn place_of(error: &ValidationError<'_>, root: &str) -> String {
    match error.instance_path().as_str() {
        "" => root.to_owned(),
        pointer => pointer.to_owned(),
    }
}

fn problem(error: &ValidationError<'_>) -> String {
    use ValidationErrorKind as Kind;
    match error.kind() {
        Kind::Required { property } => format!("lacks the member {property}"),
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            format!("has members that are not allowed: {}", unexpected.join(", "))
        }
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
