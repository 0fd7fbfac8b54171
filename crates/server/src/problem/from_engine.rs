//! From each error of the engine to its problem: one exhaustive match for each operation, all in this file.
//!
//! Two messages come from one error: the sentence that the caller sees, and the line in the log. What the store says
//! about itself goes into the log only.

use postroad_engine::{
    CancelError, CreateError, LookupError, PublishError, PutTenantError, RetryError, RotateError,
    SecretError, StoreError, UpdateError,
};

use super::{Code, Problem};
use crate::check::nearest;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Full => {
                tracing::warn!(%error, "a request failed");
                Self::new(Code::StoreFull, "The disk is full; nothing was written. Try again later.")
            }
            StoreError::Unavailable(_) | StoreError::SessionLost => {
                tracing::warn!(%error, "a request failed");
                Self::new(Code::StoreUnavailable, "The store cannot be reached now. Try again in a moment.")
            }
            StoreError::BadCursor => {
                Self::new(Code::BadCursor, "Pass the `next` of a page of this list, unchanged.")
            }
            StoreError::Internal(_) => {
                tracing::error!(%error, "a request failed");
                internal()
            }
        }
    }
}

impl From<SecretError> for Problem {
    fn from(error: SecretError) -> Self {
        tracing::error!(%error, "a secret could not be read");
        internal()
    }
}

impl Problem {
    /// Of [`postroad_engine::Engine::put_tenant`].
    pub(crate) fn of_put_tenant(error: PutTenantError, asked: &str) -> Self {
        match error {
            PutTenantError::UnknownProfile { known } => {
                let hint = nearest(asked, known.iter().map(String::as_str));
                let hint = hint.map(|name| format!(" (did you mean {name}?)")).unwrap_or_default();
                let message = format!("is not a profile{hint}; known: {}", known.join(", "));
                Self::invalid_field("profile", message)
            }
            PutTenantError::Store(error) => error.into(),
        }
    }

    /// Of an operation that looks something up: `noun` is what was wanted of the tenant.
    pub(crate) fn of_lookup(error: LookupError, noun: &str) -> Self {
        match error {
            LookupError::NoTenant => Self::not_found("tenant"),
            LookupError::NotFound => Self::not_found(noun),
            LookupError::Store(error) => error.into(),
        }
    }
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::NoTenant => Self::not_found("tenant"),
            PublishError::KeyConflict => Self::new(
                Code::IdempotencyConflict,
                "This idempotency key came within the last 7 days with other bytes. Use a new key for a new event.",
            ),
            PublishError::Overloaded => Self::new(
                Code::Overloaded,
                "More events wait to be written than fit into memory. Send this one again in a moment.",
            ),
            PublishError::Store(error) => error.into(),
        }
    }
}

impl From<CreateError> for Problem {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::NoTenant => Self::not_found("tenant"),
            CreateError::TooMany { max } => Self::new(
                Code::TooManySubscriptions,
                format!("A tenant may have {max} subscriptions. Delete one that is no longer needed."),
            ),
            CreateError::BlockedUrl(why) => blocked_url(&why),
            CreateError::BadSecret(why) => Self::invalid_field("secret", why.to_string()),
            CreateError::Store(error) => error.into(),
        }
    }
}

impl From<UpdateError> for Problem {
    fn from(error: UpdateError) -> Self {
        match error {
            UpdateError::NotFound => Self::not_found("subscription"),
            UpdateError::Changed => changed(),
            UpdateError::BlockedUrl(why) => blocked_url(&why),
            UpdateError::Store(error) => error.into(),
        }
    }
}

impl From<RotateError> for Problem {
    fn from(error: RotateError) -> Self {
        match error {
            RotateError::NotFound => Self::not_found("subscription"),
            RotateError::Changed => changed(),
            RotateError::BadSecret(why) => Self::invalid_field("secret", why.to_string()),
            RotateError::TooMany { max } => Self::new(
                Code::TooManySecrets,
                format!(
                    "{max} secrets sign already. Wait until the oldest has expired, or set `grace` to 0s."
                ),
            ),
            RotateError::Secret(error) => error.into(),
            RotateError::Store(error) => error.into(),
        }
    }
}

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

fn blocked_url(why: &str) -> Problem {
    Problem::invalid_field("delivery.url", format!("is refused: {why}"))
}

fn changed() -> Problem {
    Problem::new(Code::SubscriptionChanged, "Somebody else changed the subscription. Read it and try again.")
}

fn internal() -> Problem {
    Problem::new(Code::Internal, "The request failed through no fault of yours. The server's log says why.")
}
