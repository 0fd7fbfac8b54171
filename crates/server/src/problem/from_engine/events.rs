//! Errors of publishing.

use postroad_engine::PublishError;
use postroad_profile::DataRefusal;

use super::{errors_of, unknown_event_type};
use crate::problem::{Code, Problem};

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::NoTenant => Self::not_found("tenant"),
            PublishError::Reserved => {
                Self::new(Code::ReservedTenant, "Postroad itself publishes in this tenant, and nobody else.")
            }
            PublishError::UnknownType(unknown) => unknown_event_type(&unknown),
            PublishError::Data(refusal) => of_data(&refusal),
            PublishError::Attributes(problems) => problems.into(),
            PublishError::Schema(problems) => Self::of_fields(Code::SchemaMismatch, errors_of(problems)),
            PublishError::DeliverAt(why) => Self::invalid_field("deliver_at", why),
            PublishError::KeyConflict => Self::new(
                Code::IdempotencyConflict,
                "This idempotency key came within the last 7 days with other bytes. Use a new key for a new event.",
            ),
            PublishError::Overloaded => Self::new(
                Code::Overloaded,
                "More events of this tenant wait to be written than may. Send this one again in a moment, with the same key.",
            ),
            PublishError::Store(error) => error.into(),
        }
    }
}

fn of_data(refusal: &DataRefusal) -> Problem {
    let code = match refusal {
        DataRefusal::TooLong(_) => Code::BodyTooLarge,
        DataRefusal::NumberOutOfRange => Code::NumberOutOfRange,
        DataRefusal::NotAnObject | DataRefusal::MissingMember(_) | DataRefusal::NotCanonical(_) => {
            Code::Invalid
        }
    };
    Problem::of_field(code, "data", refusal.to_string())
}
