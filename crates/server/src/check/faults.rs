//! The faults of one request, as they are found.

use std::cell::RefCell;

use postroad_domain::Invalid;
use postroad_engine::FieldProblem;

use crate::problem::Problem;

/// Collects faults. Shared by all readers of one request.
#[derive(Default)]
pub(crate) struct Faults(RefCell<postroad_engine::Faults>);

impl Faults {
    /// Adds one, unless the same is known.
    pub(crate) fn add(&self, field: &str, message: impl Into<String>) {
        self.0.borrow_mut().add(field, message);
    }

    /// The value of a field, or none after its fault is noted.
    pub(crate) fn check<T>(&self, field: &str, checked: Result<T, Invalid>) -> Option<T> {
        self.then(|faults| faults.check(field, checked))
    }

    /// Runs further checks. They say nothing about fields whose fault is known.
    pub(crate) fn then<T>(&self, check: impl FnOnce(&mut postroad_engine::Faults) -> T) -> T {
        let mut faults = self.0.borrow_mut();
        faults.settle();
        check(&mut faults)
    }

    /// All of them, for a draft that is checked further.
    pub(crate) fn into_problems(self) -> Vec<FieldProblem> {
        self.0.into_inner().into_problems()
    }

    /// The value, if nothing was found. A reader that gives no value has added a fault.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Problem> {
        self.0.into_inner().finish(value).map_err(Problem::from)
    }
}
