//! What a receiver must answer to a handshake, and whether it did.

use std::fmt;

use postroad_domain::{ResponseHead, headers, limits::RESPONSE_BODY_BYTES_MAX};
use serde_json::Value;

use super::Place;
use crate::policy::Success;

/// What must come back: the texts of one handshake, compared exactly.
#[derive(Clone, Debug)]
pub struct ExpectedAnswer {
    pub(super) status: Success,
    pub(super) parts: Vec<ExpectedTexts>,
}

/// The texts of which a part must be one.
#[derive(Clone, Debug)]
pub(super) struct ExpectedTexts {
    pub(super) place: Place,
    pub(super) any_of: Vec<String>,
}

impl ExpectedAnswer {
    /// Whether this is the answer.
    ///
    /// # Errors
    ///
    /// The first thing that is not as expected, in words that hold nothing of what the receiver sent but its status.
    pub fn judge(&self, answer: &ResponseHead) -> Result<(), String> {
        if !self.status.contains(answer.status) {
            let expected = self.status.patterns().join(" or ");
            return Err(format!("it answered {}, and {expected} is expected", answer.status));
        }
        self.parts.iter().try_for_each(|part| part.judge(answer))
    }

    /// What is expected, as it would be sent: for the person who writes the profile.
    pub fn lines(&self) -> Vec<String> {
        let status = format!("status {}", self.status.patterns().join(" or "));
        let parts = self.parts.iter().map(|part| format!("{}: {}", part.place, part.any_of.join(" or ")));
        std::iter::once(status).chain(parts).collect()
    }
}

impl ExpectedTexts {
    fn judge(&self, answer: &ResponseHead) -> Result<(), String> {
        let is_one = |text: &str| self.any_of.iter().any(|expected| expected == text);
        let place = &self.place;
        let is_right = match place {
            Place::Body | Place::Json(_) if answer.truncated => {
                return Err(format!(
                    "its body is longer than {RESPONSE_BODY_BYTES_MAX} bytes, or did not come to its end"
                ));
            }
            Place::Body => self.any_of.iter().any(|expected| expected.as_bytes() == answer.body),
            Place::Json(pointer) => {
                let json: Value =
                    serde_json::from_slice(&answer.body).map_err(|_| "its body is not JSON".to_owned())?;
                match json.pointer(pointer) {
                    None => return Err(format!("{place} is missing")),
                    Some(Value::String(text)) => is_one(text),
                    Some(other) => is_one(&other.to_string()),
                }
            }
            Place::Header(name) => {
                let mut of_name =
                    answer.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).peekable();
                if of_name.peek().is_none() {
                    return Err(format!("{place} is missing"));
                }
                of_name.any(|(_, value)| is_one(value))
            }
        };
        if is_right { Ok(()) } else { Err(format!("{place} is not what is expected")) }
    }
}

impl Place {
    /// A value in JSON by its pointer (RFC 6901).
    pub(super) fn json(pointer: &str) -> Option<Self> {
        let is_fine = pointer.is_empty() || pointer.starts_with('/');
        is_fine.then(|| Self::Json(pointer.to_owned()))
    }

    /// A header by its name.
    pub(super) fn header(name: &str) -> Option<Self> {
        headers::is_name(name).then(|| Self::Header(name.to_owned()))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => out.write_str("the body"),
            Self::Json(pointer) if pointer.is_empty() => out.write_str("the JSON of the body"),
            Self::Json(pointer) => write!(out, "`{pointer}` in the body"),
            Self::Header(name) => write!(out, "the header {name}"),
        }
    }
}
