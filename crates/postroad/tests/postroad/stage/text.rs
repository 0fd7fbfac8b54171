//! JSON as text: events put together and bodies taken apart without a change to a byte of a value.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

/// An event's text: its data as it is given, then the members of `further`.
pub(super) fn event(event_type: &str, data_text: &str, further: &Value) -> String {
    let mut text = format!("{{\"type\":{},\"data\":{data_text}", Value::from(event_type));
    for (name, value) in further.as_object().into_iter().flatten() {
        text += &format!(",{}:{value}", Value::from(name.as_str()));
    }
    text + "}"
}

/// The members of a JSON object in their order, each with the text of its value. Panics when `body` is no object.
pub(crate) fn members(body: &[u8]) -> Vec<(String, String)> {
    let parsed: Result<Members, _> = serde_json::from_slice(body);
    let parsed = parsed.unwrap_or_else(|error| {
        panic!("the body is no JSON object ({error}): {}", String::from_utf8_lossy(body))
    });
    parsed.0
}

/// The text of one member's value. Panics when there is none.
pub(crate) fn member(body: &[u8], name: &str) -> String {
    let found = members(body).into_iter().find(|(candidate, _)| candidate == name);
    found.unwrap_or_else(|| panic!("no member {name}: {}", String::from_utf8_lossy(body))).1
}

/// The names of the members in their order.
pub(crate) fn member_names(body: &[u8]) -> Vec<String> {
    members(body).into_iter().map(|(name, _)| name).collect()
}

struct Members(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = entries.next_entry::<String, &RawValue>()? {
            members.push((name, value.get().to_owned()));
        }
        Ok(Members(members))
    }
}

/// Whether a text has this form, in which a `9` stands for any digit and everything else for itself.
pub(crate) fn has_form(text: &str, form: &str) -> bool {
    let fits =
        |(found, wanted): (u8, u8)| if wanted == b'9' { found.is_ascii_digit() } else { found == wanted };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(fits)
}
