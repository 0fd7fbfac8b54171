//! Why a call brought no success: decide on the variant and on [`Problem::code`], never on a text.

use std::{fmt, time::Duration};

use serde::Deserialize;
use thiserror::Error;

/// Why a call brought no success.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The server understood the call and refused it, or could not do it now.
    #[error("{0}")]
    Problem(Box<Problem>),
    /// No answer came: the connection could not be made, or broke. What was sent may have had its effect, unless
    /// `is_unsent`.
    #[error("no answer from {server}: {reason}")]
    Connection {
        /// The server's URL.
        server: String,
        /// Not one byte of the call has reached the server.
        is_unsent: bool,
        /// What happened, for people.
        reason: String,
        /// What the layer below says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No answer came within the deadline of the call. What was sent may have had its effect.
    #[error("no answer from {server} within {deadline:?}")]
    Timeout {
        /// The server's URL.
        server: String,
        /// The deadline.
        deadline: Duration,
    },
    /// What came back is no answer of this API.
    #[error(
        "{server} answered {status} with something that is not Postroad's ({reason}): is another program listening there?"
    )]
    Unexpected {
        /// The server's URL.
        server: String,
        /// The HTTP status.
        status: u16,
        /// What does not fit, for people.
        reason: String,
    },
    /// What the caller gave cannot be written as JSON; nothing was sent.
    #[error("cannot be written as JSON: {0}")]
    NotJson(#[from] serde_json::Error),
}

impl Error {
    /// The refusal, where it is one.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            _ => None,
        }
    }

    /// The stable code of the refusal, where it is one: `not_found`.
    pub fn code(&self) -> Option<&str> {
        self.problem().map(|problem| problem.code.as_str())
    }

    /// The HTTP status of the refusal, where it is one.
    pub fn status(&self) -> Option<u16> {
        self.problem().map(|problem| problem.status)
    }
}

/// A refusal as the server gives it (RFC 9457). Its text is for people and has a line for each bad field.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Problem {
    /// A reference that names the kind of problem.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// The kind of problem in a few words.
    #[serde(default)]
    pub title: String,
    /// The HTTP status.
    #[serde(default)]
    pub status: u16,
    /// What is wrong here, and what to do.
    #[serde(default)]
    pub detail: Option<String>,
    /// The kind of problem as a stable word: decide on this one.
    pub code: String,
    /// The fields that are not valid.
    #[serde(default)]
    pub errors: Vec<FieldError>,
    /// When to come again, where the server said so.
    #[serde(skip)]
    pub retry_after: Option<Duration>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct FieldError {
    /// Where it stands: `delivery.headers[2].name`; empty for the body as a whole.
    #[serde(default)]
    pub field: String,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} (status {}, code {})", self.title, self.status, self.code)?;
        // Where fields are named the detail says the same once more.
        let detail = self.detail.as_ref().filter(|detail| self.errors.is_empty() && **detail != self.title);
        if let Some(detail) = detail {
            write!(out, "\n  {detail}")?;
        }
        for error in &self.errors {
            let field = if error.field.is_empty() { "the body" } else { &error.field };
            write!(out, "\n  {field}: {}", error.message)?;
        }
        Ok(())
    }
}
