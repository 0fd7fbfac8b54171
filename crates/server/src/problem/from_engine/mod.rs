//! From each error of the engine to its problem: one exhaustive match for each operation, in this file and those beside
//! it, by kind of object.
//!
//! Two messages come from one error: the sentence that the caller sees, and the line in the log. What the store says
//! about itself goes into the log only.

mod deliveries;
mod event_types;
mod events;
mod keys;
mod replays;
mod subscriptions;
mod tenants;

use postroad_domain::limits::TENANT_SETTINGS_BYTES_MAX;
use postroad_engine::{FieldProblem, LookupError, SecretError, StoreError, UnknownType};

use super::{Code, FieldError, Problem};

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
            StoreError::BadCursor => bad_cursor(),
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

impl From<Vec<FieldProblem>> for Problem {
    fn from(problems: Vec<FieldProblem>) -> Self {
        Self::invalid(errors_of(problems))
    }
}

/// The settings of a tenant are read as a whole, so they are bounded as a whole.
fn settings_too_large() -> Problem {
    let detail = format!(
        "The subscriptions and event types of a tenant may take {} MiB together. Make these settings smaller, or delete what is no \
         longer needed.",
        TENANT_SETTINGS_BYTES_MAX >> 20
    );
    Problem::new(Code::SettingsTooLarge, detail)
}

fn errors_of(problems: Vec<FieldProblem>) -> Vec<FieldError> {
    let error = |FieldProblem { field, message }| FieldError { field, message };
    problems.into_iter().map(error).collect()
}

impl Problem {
    /// Of an operation that looks something up: `noun` is what was wanted of the tenant.
    pub(crate) fn of_lookup(error: LookupError, noun: &str) -> Self {
        match error {
            LookupError::NoTenant => Self::not_found("tenant"),
            LookupError::NotFound => Self::not_found(noun),
            LookupError::Store(error) => error.into(),
        }
    }
}

/// No event of that name.
fn unknown_event_type(unknown: &UnknownType) -> Problem {
    Problem::of_field(Code::UnknownEventType, "type", unknown.to_string())
}

/// A cursor that the list did not make.
pub(crate) fn bad_cursor() -> Problem {
    let message = "is none of this list: pass the `next` of a page of this very list, unchanged";
    Problem::of_field(Code::BadCursor, "cursor", message)
}

fn internal() -> Problem {
    Problem::new(Code::Internal, "The request failed through no fault of yours. The server's log says why.")
}
