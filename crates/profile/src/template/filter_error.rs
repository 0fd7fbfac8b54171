//! Why a filter gave no value.

use thiserror::Error;

/// Why a filter gave no value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FilterError {
    /// A time is wanted.
    #[error("the filter takes a time, not `{0}`")]
    NotATime(String),
    /// JSON is wanted.
    #[error("the filter takes a JSON value: {0}")]
    NotJson(String),
    /// The arguments are not those of the filter.
    #[error("the filter's arguments are wrong: {0}")]
    Arguments(&'static str),
    /// A zone that the time zone database does not have.
    #[error("there is no time zone `{0}`")]
    UnknownZone(String),
}
