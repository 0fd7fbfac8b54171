//! Errors of keys: of those that are brought, and of those that are made.

use postroad_engine::{CreateKeyFailure, KeyRefusal};

use crate::problem::{Code, Problem};

impl From<KeyRefusal> for Problem {
    fn from(error: KeyRefusal) -> Self {
        match error {
            KeyRefusal::Unknown => Self::new(Code::Unauthorized, "The key is not valid."),
            // Whoever brings it had it: to say why it is refused tells them nothing they may not know.
            KeyRefusal::Revoked => Self::new(Code::Unauthorized, "The key was revoked. Ask for a new one."),
            KeyRefusal::Expired { at } => {
                Self::new(Code::Unauthorized, format!("The key expired at {at}. Ask for a new one."))
            }
            KeyRefusal::TooMany { wait } => Self::new(
                Code::RateLimited,
                "The key has called as often as it may. `Retry-After` says when it may call again.",
            )
            .again_after(wait),
            KeyRefusal::Store(error) => error.into(),
        }
    }
}

impl From<CreateKeyFailure> for Problem {
    fn from(error: CreateKeyFailure) -> Self {
        match error {
            CreateKeyFailure::NoTenant => Self::not_found("tenant"),
            CreateKeyFailure::TooMany { max } => Self::new(
                Code::TooManyKeys,
                format!("A tenant may have {max} keys. Revoke one that is no longer needed."),
            ),
            CreateKeyFailure::Invalid(problems) => problems.into(),
            CreateKeyFailure::Store(error) => error.into(),
        }
    }
}
