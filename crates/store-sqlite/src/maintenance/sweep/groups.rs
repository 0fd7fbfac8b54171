//! Forgets which groups took events, when their windows are over.

use postroad_domain::Timestamp;

use super::rows::Budget;
use crate::{error::Fault, writer::work::Work};

/// Forgets those whose windows ended first; answers how many.
pub(super) fn forget(work: &mut Work<'_>, at: Timestamp, budget: &mut Budget) -> Result<usize, Fault> {
    let before = budget.left();
    while !budget.is_used_up() {
        let Some(key) = work.known.open_groups.first_over(at) else { break };
        work.known.open_groups.close(work.db, key)?;
        budget.take(1);
    }
    Ok(before - budget.left())
}
