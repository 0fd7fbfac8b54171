//! The faults of one request, as they are found.

use std::cell::RefCell;

use crate::problem::{FieldError, Problem};

/// Faults that one answer lists: a body full of unknown names does not make an answer as large.
const FAULTS_MAX: usize = 100;

/// Collects faults. Shared by all readers of one request.
#[derive(Default)]
pub(crate) struct Faults(RefCell<Vec<FieldError>>);

impl Faults {
    /// Adds one, unless the same is known.
    pub(crate) fn add(&self, field: &str, message: impl Into<String>) {
        let fault = FieldError { field: field.to_owned(), message: message.into() };
        let mut faults = self.0.borrow_mut();
        if faults.len() < FAULTS_MAX && !faults.contains(&fault) {
            faults.push(fault);
        }
    }

    /// The value, if nothing was found. A reader that gives no value has added a fault.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.0.borrow().is_empty() => Ok(value),
            _ => Err(Problem::invalid(self.0.into_inner())),
        }
    }
}
