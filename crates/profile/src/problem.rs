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
    /// A handshake that does not become a request.
    #[error("the handshake does not render: {0}")]
    Handshake(String),
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

/// The candidate that is spelt most like `name`, however little that is.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    candidates
        .into_iter()
        .max_by(|one, other| likeness(name, one).total_cmp(&likeness(name, other)))
        .map(str::to_owned)
}

/// The candidates that are spelt most like `word`, the best first: at most three, and none that is not alike at all.
/// For messages that tell what may have been meant.
pub fn nearest_words<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let likeness_of = |candidate: &'a str| (likeness(word, candidate), candidate);
    let mut alike: Vec<_> = candidates.into_iter().map(likeness_of).collect();
    alike.retain(|(likeness, _)| *likeness >= LIKENESS_MIN);
    alike.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    alike.iter().take(NEAREST_WORDS_MAX).map(|(_, candidate)| (*candidate).to_owned()).collect()
}

/// The candidate that is spelt almost like `word`; `None` where none is, since one that is further away only misleads.
pub fn near_word<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let rated = candidates.into_iter().map(|candidate| (likeness(word, candidate), candidate));
    let near = rated.filter(|(likeness, _)| *likeness >= NEAR_LIKENESS_MIN);
    near.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, candidate)| candidate)
}

/// Below it `foo` would be near to `log-format`.
const NEAR_LIKENESS_MIN: f64 = 0.85;
/// Words below it share some letters by chance. 1 is the same word.
const LIKENESS_MIN: f64 = 0.75;
const NEAREST_WORDS_MAX: usize = 3;

/// From 0 to 1. Case counts for little: who writes `idea.upvoted` means `idea.upVoted`.
fn likeness(word: &str, candidate: &str) -> f64 {
    let lower_case = strsim::jaro_winkler(&word.to_lowercase(), &candidate.to_lowercase());
    if word == candidate { 1.0 } else { lower_case.min(SAME_BUT_FOR_CASE) }
}

/// Less than that of the same word, more than that of any other.
const SAME_BUT_FOR_CASE: f64 = 0.999;
