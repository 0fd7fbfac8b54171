//! Errors of operations on deliveries.

use postroad_engine::{CancelError, RetryError};

use crate::problem::{Code, Problem};

impl From<RetryError> for Problem {
    fn from(error: RetryError) -> Self {
        match error {
            RetryError::NotFound => Self::not_found("delivery"),
            RetryError::Waiting => Self::new(
                Code::DeliveryWaiting,
                "The delivery has not ended; it is attempted when it is due.",
            ),
            RetryError::Inactive => Self::new(
                Code::SubscriptionInactive,
                "The subscription is inactive or deleted, so nothing would be sent. Set it active first.",
            ),
            RetryError::Store(error) => error.into(),
        }
    }
}

impl From<CancelError> for Problem {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::NotFound => Self::not_found("delivery"),
            CancelError::Finished => {
                Self::new(Code::DeliveryFinished, "The delivery has ended, so there is nothing to call off.")
            }
            CancelError::Store(error) => error.into(),
        }
    }
}
