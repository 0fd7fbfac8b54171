//! Why a text has no canonical form, and where.

use std::fmt;

use super::NESTING_MAX;

/// A text was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{refusal} ({at})")]
pub struct CanonicalError {
    /// The kind of fault.
    pub refusal: Refusal,
    /// Where it is.
    pub at: Position,
}

/// The kinds of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not the UTF-8 encoding of a text; surrogates encoded as three bytes each belong here too.
    #[error("is not UTF-8: send the text in that encoding")]
    NotUtf8,
    /// Not JSON. At [`CanonicalError::at`] stands something else than what the grammar (RFC 8259) wants.
    #[error("is not JSON: {expected} should stand here")]
    NotJson {
        /// What the grammar wants, in words for people.
        expected: &'static str,
    },
    /// A number whose double is infinite, as `1e400` (code `number_out_of_range`).
    #[error("holds a number beyond the range of a double: send it as a string")]
    NumberOutOfRange,
    /// More than [`NESTING_MAX`] arrays and objects inside each other.
    #[error("has more than {NESTING_MAX} arrays and objects inside each other: make it flatter")]
    NestedTooDeep,
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Bytes before it.
    pub offset_bytes: usize,
    /// Its line, from 1. A line ends with U+000A.
    pub line: usize,
    /// Its character within the line, from 1.
    pub column: usize,
}

impl CanonicalError {
    pub(super) fn new(refusal: Refusal, text: &[u8], offset_bytes: usize) -> Self {
        Self { refusal, at: Position::of(text, offset_bytes) }
    }
}

impl Position {
    /// Counts lines and characters only here: a text that is accepted never pays for it. Everything before `offset_bytes`
    /// must be UTF-8.
    fn of(text: &[u8], offset_bytes: usize) -> Self {
        let before = &text[..offset_bytes];
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let is_first_of_character = |byte: &&u8| **byte & 0b1100_0000 != 0b1000_0000;
        Self {
            offset_bytes,
            line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
            column: 1 + before[line_start..].iter().filter(is_first_of_character).count(),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "line {}, column {}", self.line, self.column)
    }
}

/// What the inner functions return: an offset, since lines are counted once and only at the top.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) refusal: Refusal,
    pub(super) offset: usize,
}
