//! The work behind marks and deletions, in steps of bounded size between commits.

mod budget;
mod count;
mod erase;
mod held;
mod keys;
mod marks;

use postroad_store::{Sweep, Swept};

use crate::{error::Fault, maintenance::numbering, writer::Work};

/// Makes one step. What customers can see comes first: calling off, then expiring, then erasing.
pub(crate) fn sweep(work: &mut Work<'_>, sweep: Sweep) -> Result<Swept, Fault> {
    let mut budget = Budget(sweep.limit);
    let cancelled = marks::make_real(work, &mut budget)?;
    let expired = held::expire(work, sweep.at, &mut budget)?;
    let counting = count::go_on(work)?;
    let numbering = numbering::go_on(work)?;
    let overflowed = budget::fail_oldest(work, sweep, &mut budget)?;
    let erased = erase::dead_tenants(work, &mut budget)? + keys::forget(work, sweep.at, &mut budget)?;
    // A step that used its budget up may have left something anywhere.
    let more = budget.is_used_up()
        || held::is_due(work, sweep.at)
        || !work.known.dead_tenants.is_empty()
        || counting
        || numbering
        || budget::is_wanted(work, sweep);
    Ok(Swept { cancelled, expired, overflowed, erased, more })
}

/// Rows that this step may still touch.
struct Budget(usize);

impl Budget {
    fn is_used_up(&self) -> bool {
        self.0 == 0
    }

    fn left(&self) -> usize {
        self.0
    }

    fn take(&mut self, rows: usize) {
        self.0 = self.0.saturating_sub(rows);
    }
}
