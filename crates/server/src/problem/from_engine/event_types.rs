//! Errors of operations on a tenant's own event types.

use postroad_engine::PutTypeError;

use super::settings_too_large;
use crate::problem::{Code, Problem};

impl From<PutTypeError> for Problem {
    fn from(error: PutTypeError) -> Self {
        match error {
            PutTypeError::NoTenant => Self::not_found("tenant"),
            PutTypeError::Invalid(problems) => problems.into(),
            PutTypeError::TooMany { max } => Self::new(
                Code::TooManyEventTypes,
                format!("A tenant may add {max} event types. Delete one that is no longer needed."),
            ),
            PutTypeError::TooLarge => settings_too_large(),
            PutTypeError::Store(error) => error.into(),
        }
    }
}
