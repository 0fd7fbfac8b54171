//! Why a request could not be made from an event.

use thiserror::Error;

use crate::template::TemplateError;

/// A rendering that failed. Nothing is sent then.
#[derive(Debug, Error)]
pub enum RenderError {
    /// A template could not print.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A member of an envelope or the fields of a form have a value of another type than is declared.
    #[error("{member} {why}: {text}")]
    Member {
        /// The member's name in quotes.
        member: String,
        /// What it is not.
        why: &'static str,
        /// The beginning of the text.
        text: String,
    },
    /// A header's value holds a line break or another control character.
    #[error("the header {name} would hold a control character")]
    HeaderValue {
        /// Its name.
        name: String,
    },
    /// The delivery is one of a group, and its body can hold one event only. It says why.
    #[error("grouping {0}")]
    Grouping(String),
    /// The profile signs every request, and there is no key. Nothing is sent unsigned.
    #[error("there is no secret to sign with")]
    NoSecret,
}
