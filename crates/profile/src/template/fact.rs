//! The values that templates work with. Both ways of rendering, segments and MiniJinja, use these and the same filters
//! over them, so they cannot differ.

use std::{borrow::Cow, fmt};

use postroad_domain::Timestamp;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fact<'a> {
    /// Nothing was given; prints as nothing.
    None,
    /// A text; prints as it is.
    Text(Cow<'a, str>),
    /// JSON as it was written; prints byte for byte.
    Json(Cow<'a, str>),
    /// A moment; prints as RFC 3339 in UTC.
    Time(Timestamp),
    /// A whole number.
    Integer(i64),
    /// Prints as JSON does.
    Boolean(bool),
}

impl<'a> Fact<'a> {
    pub(crate) fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    pub(crate) fn json(text: &'a str) -> Self {
        Self::Json(Cow::Borrowed(text))
    }

    pub(crate) fn from_optional_text(text: Option<&'a str>) -> Self {
        text.map_or(Self::None, Self::text)
    }

    /// What prints, as one text.
    pub(crate) fn into_text(self) -> Cow<'a, str> {
        match self {
            Self::Text(text) | Self::Json(text) => text,
            other => Cow::Owned(other.to_string()),
        }
    }

    /// Whether a condition holds: nothing, empty texts and lists, zero and false do not.
    pub(crate) fn is_true(&self) -> bool {
        match self {
            Self::None => false,
            Self::Text(text) => !text.is_empty(),
            Self::Json(text) => is_true_json(text.trim()),
            Self::Time(_) => true,
            Self::Integer(number) => *number != 0,
            Self::Boolean(boolean) => *boolean,
        }
    }
}

impl fmt::Display for Fact<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Text(text) | Self::Json(text) => out.write_str(text),
            Self::Time(moment) => fmt::Display::fmt(moment, out),
            Self::Integer(number) => fmt::Display::fmt(number, out),
            Self::Boolean(boolean) => fmt::Display::fmt(boolean, out),
        }
    }
}

fn is_true_json(text: &str) -> bool {
    let is_empty_container = |open: char, close: char| {
        let inner = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        inner.is_some_and(|inner| inner.trim().is_empty())
    };
    let is_zero = text.parse::<f64>().is_ok_and(|number| number == 0.0);
    !(matches!(text, "null" | "false" | "\"\"")
        || is_zero
        || is_empty_container('{', '}')
        || is_empty_container('[', ']'))
}
