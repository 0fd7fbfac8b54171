//! Errors of operations on deliveries.

use postroad_domain::Timestamp;
use postroad_engine::{CancelError, RetryError};

use crate::problem::{Code, Problem};

impl From<RetryError> for Problem {
    fn from(error: RetryError) -> Self {
        match error {
            RetryError::NotFound => Self::not_found("delivery"),
            RetryError::Waiting { due_at } => Self::new(Code::DeliveryWaiting, still_waiting(due_at)),
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

/// What to do with a delivery that has not ended.
fn still_waiting(due_at: Option<Timestamp>) -> String {
    match due_at {
        Some(due_at) => format!(
            "The delivery has not ended: it is due at {due_at} and is then attempted by itself. To have it attempted now, \
             call it off first (POST …/deliveries/{{id}}/cancel), then retry it: it begins its schedule anew."
        ),
        None => "The delivery has not ended: an attempt is under way. GET …/deliveries/{id} tells what becomes of it."
            .to_owned(),
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
