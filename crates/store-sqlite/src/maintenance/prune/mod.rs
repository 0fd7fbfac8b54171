//! Forgets the oldest events, each with its deliveries, attempts and listing entries, in steps of bounded size and time.
//!
//! Events are numbered in the order of their moments, so what is to go stands first. A walk over the numbers takes what
//! may go and passes over what still waits or fans out. It never looks back: when such an event is over, whoever ended it
//! says so ([`crate::writer::known::Known::ended`]), and it goes with the next step. So a delivery that is sent again after a month
//! costs one look, however many were forgotten around it.
//!
//! **Invariants:**
//! * no row of an event that is gone can be read: the event's own row goes in the first step that touches it, and
//!   everything is read through it;
//! * an event that is too large for one step is finished by the following ones, also after a crash: its number is kept.
//!
//! Tenants with shorter limits of their own are walked one by one in the same steps ([`tenants`]).
//!
//! Lacking on purpose: giving room back to the disk, which `compact` does.

mod erase;
mod tenants;
mod walk;

use std::time::Duration;

use postroad_domain::Timestamp;
use postroad_store::{Prune, Pruned};
pub(crate) use walk::PruneWalk;

use crate::{
    error::Fault,
    files::gauges::PAGE_BYTES,
    sql::{self, query},
    writer::Work,
};

/// Makes one step.
pub(crate) fn prune(work: &mut Work<'_>, prune: &Prune) -> Result<Pruned, Fault> {
    let mut step = Step {
        rule: prune.clone(),
        rows_left: prune.rows_max,
        deadline: work.clock.monotonic().saturating_add(prune.time_max),
        events: 0,
        is_over: false,
    };
    erase::finish_begun(work, &mut step)?;
    // Whoever comes first may use up the step: they take turns.
    work.known.prune.tenants_first = !work.known.prune.tenants_first;
    if work.known.prune.tenants_first {
        tenants::take(work, &mut step)?;
        take_everybodys(work, &mut step)?;
    } else {
        take_everybodys(work, &mut step)?;
        tenants::take(work, &mut step)?;
    }
    let oldest = query::find(work.db, sql::EVENT_FIRST, (), |row| Ok(Timestamp::from_micros(row.get(0)?)))?;
    Ok(Pruned {
        events: step.events,
        rows: prune.rows_max - step.rows_left,
        oldest,
        more: step.is_over,
        ..Pruned::default()
    })
}

/// By the limits of the installation.
fn take_everybodys(work: &mut Work<'_>, step: &mut Step) -> Result<(), Fault> {
    walk::take_released(work, step)?;
    walk::take_oldest(work, step)
}

/// A step under way.
struct Step {
    rule: Prune,
    rows_left: usize,
    /// On the clock's monotonic time.
    deadline: Duration,
    /// Events that are gone.
    events: usize,
    /// It may do no more, and there is more to do.
    is_over: bool,
}

impl Step {
    /// Whether it may go on; otherwise it is over.
    fn may_go_on(&mut self, work: &Work<'_>) -> bool {
        if self.rows_left == 0 || work.clock.monotonic() > self.deadline {
            self.is_over = true;
        }
        !self.is_over
    }

    /// Rows were erased or looked at.
    fn take(&mut self, rows: usize) {
        self.rows_left = self.rows_left.saturating_sub(rows);
    }

    /// Whether nothing was done yet.
    fn is_fresh(&self) -> bool {
        self.rows_left == self.rule.rows_max
    }

    /// Whether an event of that moment goes when it is over at last. Where bytes are bounded it is not asked again whether
    /// there is room by now: the walk would come over the same events with each one that ends.
    fn takes_released(&self, accepted_at: Timestamp) -> bool {
        self.rule.bytes_max.is_some() || self.is_old(accepted_at)
    }

    fn is_old(&self, accepted_at: Timestamp) -> bool {
        self.is_older(accepted_at, self.rule.age_max)
    }

    fn is_older(&self, accepted_at: Timestamp, age_max: Option<Duration>) -> bool {
        age_max.is_some_and(|age| accepted_at < self.rule.at.before(age))
    }

    /// Whether an event of that moment goes.
    fn wants(&self, work: &Work<'_>, accepted_at: Timestamp) -> Result<bool, Fault> {
        match self.rule.bytes_max {
            Some(max) if !self.is_old(accepted_at) => Ok(used_bytes(work)? > max),
            _ => Ok(self.is_old(accepted_at)),
        }
    }
}

/// Bytes of the database that hold something: its pages less the free ones.
fn used_bytes(work: &Work<'_>) -> Result<u64, Fault> {
    let pages = |text| query::find(work.db, text, (), |row| Ok(row.get::<_, u64>(0)?));
    let all = pages("PRAGMA page_count")?.unwrap_or_default();
    let free = pages("PRAGMA freelist_count")?.unwrap_or_default();
    Ok(all.saturating_sub(free) * PAGE_BYTES)
}
