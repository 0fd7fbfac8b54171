//! What is wrong with a profile, in words for the person who writes it: the file, the line, the key, and the nearest
//! thing that would have been right.

use std::fmt;

use thiserror::Error;

/// One fault of a profile. Loading reports all that it finds, not only the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileProblem {
    /// The file's path within the profile's folder.
    pub file: String,
    /// The line, counted from 1; `None` where the whole file is meant.
    pub line: Option<usize>,
    /// What is wrong.
    pub kind: ProblemKind,
}

/// The kinds of fault.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProblemKind {
    /// A file that is needed is not there.
    #[error("the file does not exist")]
    MissingFile,
    /// Not TOML, or not JSON.
    #[error("cannot be read: {0}")]
    Syntax(String),
    /// A key that the language does not have.
    #[error("unknown key `{key}`{}", nearest_hint(.nearest))]
    UnknownKey {
        /// With the sections that it stands in: `request.methds`.
        key: String,
        /// The valid key that is spelt most alike.
        nearest: Option<String>,
    },
    /// A key that must be there is not.
    #[error("the key `{key}` is missing")]
    MissingKey {
        /// With the sections that it belongs in.
        key: String,
    },
    /// A value of another type than the key takes.
    #[error("`{key}` must be {expected}")]
    WrongType {
        /// With the sections that it stands in.
        key: String,
        /// `a whole number`.
        expected: &'static str,
    },
    /// A value that is not allowed.
    #[error("`{key}` {why}")]
    Invalid {
        /// With the sections that it stands in.
        key: String,
        /// What to write instead.
        why: String,
    },
    /// The same name twice where each may stand once.
    #[error("the {what} `{name}` is declared twice")]
    Duplicate {
        /// `event`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A template uses a variable that does not exist.
    #[error("undefined variable `{name}`{}", nearest_hint(.nearest))]
    UndefinedVariable {
        /// As the template writes it.
        name: String,
        /// The variable that is spelt most alike.
        nearest: Option<String>,
    },
    /// A template uses a variable in a place where it has no value yet.
    #[error("the variable `{name}` has no value here: {why}")]
    VariableOutOfScope {
        /// The variable.
        name: String,
        /// When it has one.
        why: &'static str,
    },
    /// A template that cannot be compiled.
    #[error("bad template: {0}")]
    Template(String),
    /// An example that does not become a request.
    #[error("the example of `{event}` does not render: {why}")]
    Example {
        /// The event type.
        event: String,
        /// What failed.
        why: String,
    },
}

impl fmt::Display for ProfileProblem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(out, ":{line}")?;
        }
        write!(out, ": {}", self.kind)
    }
}

impl std::error::Error for ProfileProblem {}

fn nearest_hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|nearest| format!("; the nearest valid one is `{nearest}`")).unwrap_or_default()
}

/// The candidate that is spelt most like `name`.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    candidates
        .into_iter()
        .max_by(|one, other| strsim::jaro_winkler(name, one).total_cmp(&strsim::jaro_winkler(name, other)))
        .map(str::to_owned)
}
