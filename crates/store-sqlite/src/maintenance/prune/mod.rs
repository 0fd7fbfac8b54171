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
//! An event that was added to a delivery of an earlier one stays as long as that delivery does; when the delivery goes, its
//! members are released.
//!
//! Lacking on purpose: giving room back to the disk, which `compact` does.

mod erase;
mod step;
mod tenants;
mod walk;

use postroad_domain::Timestamp;
use postroad_store::{Prune, Pruned};

use self::step::Step;
use crate::{
    error::Fault,
    sql::{self, query},
    writer::work::Work,
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
    walk::take_oldest(work, step)?;
    // The walk may have come to a group behind an older event that a late step of a fan-out added to it.
    walk::take_released(work, step)
}
