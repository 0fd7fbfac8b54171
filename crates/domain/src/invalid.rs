//! Why a value from outside was refused, in words for the person who sent it.

use std::fmt;

/// A refusal of one value: what is wrong with it and what to write instead. The field's name is added by whoever knows
/// where the value stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(String);

impl Invalid {
    /// A sentence without the field's name and without a full stop: `must be 1 to 128 characters`.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Invalid {}
