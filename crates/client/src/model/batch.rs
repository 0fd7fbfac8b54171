//! What became of the events of a batch.

use serde::{Deserialize, Serialize};

use super::{Accepted, NewEvent};
use crate::error::{Error, Problem};

/// What became of one event of a batch.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum BatchResult {
    /// It is durable.
    Accepted(Accepted),
    /// It was refused and changed nothing.
    Refused(Problem),
}

impl BatchResult {
    /// The durable event.
    ///
    /// # Errors
    ///
    /// The refusal.
    pub fn into_result(self) -> Result<Accepted, Error> {
        match self {
            Self::Accepted(accepted) => Ok(accepted),
            Self::Refused(problem) => Err(Error::Problem(Box::new(problem))),
        }
    }
}

/// The body of a batch.
#[derive(Serialize)]
pub(crate) struct Batch<'a> {
    pub(crate) events: &'a [NewEvent],
}

/// Its answer.
#[derive(Deserialize)]
pub(crate) struct BatchResults {
    pub(crate) results: Vec<BatchResult>,
}
