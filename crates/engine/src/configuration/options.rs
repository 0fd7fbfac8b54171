//! The options of a profile, as a tenant or a subscription sets them: kept as the text of a JSON object.

use serde_json::{Map, Value};

/// The options in a text. They were an object when they were stored.
pub(crate) fn options_of(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}
