//! The work behind marks and deletions, in steps of bounded size between commits.

mod budget;
mod count;
mod erase;
mod groups;
mod held;
mod keys;
mod marks;
mod rows;

use postroad_store::{Sweep, Swept};

use self::rows::Budget;
use crate::{error::Fault, maintenance::numbering, writer::work::Work};

/// Makes one step. What customers can see comes first: calling off, then expiring, then erasing.
pub(crate) fn sweep(work: &mut Work<'_>, sweep: Sweep) -> Result<Swept, Fault> {
    let mut budget = Budget(sweep.limit);
    let cancelled = marks::make_real(work, &mut budget)?;
    let expired = held::expire(work, sweep.at, &mut budget)?;
    let counting = count::go_on(work)?;
    let numbering = numbering::go_on(work)?;
    let growing = budget::growing(work, sweep);
    let overflowed = budget::fail_oldest(work, sweep, &mut budget)?;
    let erased = erase::dead_tenants(work, &mut budget)? + keys::forget(work, sweep.at, &mut budget)?;
    groups::forget(work, sweep.at, &mut budget)?;
    // A step that used its budget up may have left something anywhere.
    let more = budget.is_used_up()
        || held::is_due(work, sweep.at)
        || !work.known.dead_tenants.is_empty()
        || counting
        || numbering
        || budget::is_wanted(work, sweep);
    Ok(Swept { cancelled, expired, overflowed, erased, growing, more })
}
