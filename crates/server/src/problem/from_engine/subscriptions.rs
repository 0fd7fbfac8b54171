//! Errors of operations on subscriptions.

use postroad_engine::{
    CreateError, PreviewError, PublishError, RotateError, SendNowError, TestError, UpdateError, VerifyError,
};

use super::{settings_too_large, unknown_event_type};
use crate::{
    precondition::IfMatch,
    problem::{Code, Problem},
};

impl From<CreateError> for Problem {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::NoTenant => Self::not_found("tenant"),
            CreateError::TooMany { max } => Self::new(
                Code::TooManySubscriptions,
                format!("A tenant may have {max} subscriptions. Delete one that is no longer needed."),
            ),
            CreateError::TooLarge => settings_too_large(),
            CreateError::BlockedUrl(why) => blocked_url(&why),
            CreateError::Invalid(problems) => problems.into(),
            CreateError::Store(error) => error.into(),
        }
    }
}

impl From<UpdateError> for Problem {
    fn from(error: UpdateError) -> Self {
        match error {
            UpdateError::NotFound => Self::not_found("subscription"),
            UpdateError::Stale => IfMatch::failed("subscription"),
            UpdateError::Changed => changed(),
            UpdateError::TooLarge => settings_too_large(),
            UpdateError::BlockedUrl(why) => blocked_url(&why),
            UpdateError::Invalid(problems) => problems.into(),
            UpdateError::Secret(error) => error.into(),
            UpdateError::Store(error) => error.into(),
        }
    }
}

impl From<RotateError> for Problem {
    fn from(error: RotateError) -> Self {
        match error {
            RotateError::NotFound => Self::not_found("subscription"),
            RotateError::Changed => changed(),
            RotateError::Invalid(problems) => problems.into(),
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

impl From<SendNowError> for Problem {
    fn from(error: SendNowError) -> Self {
        match error {
            SendNowError::NotFound => Self::not_found("subscription"),
            SendNowError::Inactive => Self::new(
                Code::SubscriptionInactive,
                "The subscription is inactive, so nothing would be sent. Set it active first.",
            ),
            SendNowError::TooMany => Self::new(
                Code::TooManyCalls,
                "This tenant has as many of these calls under way as it may have now. Try again when one of them is over.",
            ),
            SendNowError::Store(error) => error.into(),
        }
    }
}

impl From<TestError> for Problem {
    fn from(error: TestError) -> Self {
        match error {
            TestError::NotFound => Self::not_found("subscription"),
            TestError::UnknownType(unknown) => unknown_event_type(&unknown),
            TestError::TooMany => too_many_tests(),
            TestError::NotReady => not_ready(),
            TestError::Store(error) => error.into(),
        }
    }
}

impl From<VerifyError> for Problem {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::NotFound => Self::not_found("subscription"),
            VerifyError::NoHandshakes => Self::new(
                Code::NoHandshakes,
                "The tenant's profile has no handshake that applies to this subscription, so there is nothing to verify. If it is \
                 unverified since the profile had one, set `active` to true.",
            ),
            VerifyError::TooMany => too_many_tests(),
            VerifyError::NotReady => not_ready(),
            VerifyError::Store(error) => error.into(),
        }
    }
}

impl From<PreviewError> for Problem {
    fn from(error: PreviewError) -> Self {
        match error {
            PreviewError::NotFound => Self::not_found("subscription"),
            PreviewError::Refused(refusal) => PublishError::from(refusal).into(),
            PreviewError::Render(why) => {
                let detail = format!("The profile can make no request of this event: {why}.");
                Self::new(Code::CannotBeRendered, detail)
            }
            PreviewError::Store(error) => error.into(),
        }
    }
}

fn too_many_tests() -> Problem {
    Problem::new(
        Code::TooManyTests,
        "This tenant has as many tests under way as it may have now. Try again when one of them is over.",
    )
}

fn not_ready() -> Problem {
    Problem::new(
        Code::NotReady,
        "The store cannot take a write now, or the node is stopping. Try again in a moment.",
    )
}

fn blocked_url(why: &str) -> Problem {
    Problem::invalid_field("delivery.url", format!("is refused: {why}"))
}

fn changed() -> Problem {
    Problem::new(Code::SubscriptionChanged, "Somebody else changed the subscription. Read it and try again.")
}
