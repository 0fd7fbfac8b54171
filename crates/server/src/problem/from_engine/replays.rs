//! Errors of operations on replays.

use postroad_engine::{EndReplayError, ReplayError};

use crate::problem::{Code, Problem};

impl From<ReplayError> for Problem {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::NotFound => Self::not_found("subscription"),
            ReplayError::Invalid(problems) => problems.into(),
            ReplayError::Deleted => Self::new(
                Code::SubscriptionInactive,
                "The subscription was deleted, so nothing would be sent. Create another one and replay to that.",
            ),
            ReplayError::Inactive => Self::new(
                Code::SubscriptionInactive,
                "The subscription is inactive, so nothing would be sent. Set it active first.",
            ),
            ReplayError::Running(id) => Self::new(
                Code::ReplayRunning,
                format!(
                    "The replay {id} to this subscription is running. Wait until it is done, or cancel it first."
                ),
            ),
            ReplayError::TooMany { max } => Self::new(
                Code::TooManyReplays,
                format!(
                    "{max} replays of this tenant are running, which is the most that may. Wait until one is done, or \
                     cancel one first."
                ),
            ),
            ReplayError::Store(error) => error.into(),
        }
    }
}

impl From<EndReplayError> for Problem {
    fn from(error: EndReplayError) -> Self {
        match error {
            EndReplayError::NotFound => Self::not_found("replay"),
            EndReplayError::Ended => {
                Self::new(Code::ReplayFinished, "The replay has ended, so there is nothing to cancel.")
            }
            EndReplayError::Store(error) => error.into(),
        }
    }
}
