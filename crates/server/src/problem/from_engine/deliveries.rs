//! Errors of operations on deliveries.

use postroad_engine::{CancelError, RetryError};

use crate::problem::{Code, Problem};

impl From<RetryError> for Problem {
    fn from(error: RetryError) -> Self {
        match error {
            RetryError::NotFound => Self::not_found("delivery"),
            RetryError::Delivering => Self::new(
                Code::DeliveryWaiting,
                "An attempt is under way. GET …/deliveries/{id} tells what becomes of it.",
            ),
            RetryError::Inactive => Self::new(
                Code::SubscriptionInactive,
                "The subscription is inactive or deleted, so nothing would be sent. Set it active first.",
            ),
            RetryError::Handshake => Self::new(
                Code::HandshakeNotRetried,
                "A handshake is not sent again: POST …/subscriptions/{id}/verify makes a new one.",
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
