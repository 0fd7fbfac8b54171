//! One commit of the hot path: events, the next steps of large fan-outs, outcomes.
//!
//! Every statement is prepared once and taken up once per commit; each number comes from the writer's memory. An event
//! for one subscription is four rows and their index entries; an outcome is one row deleted, one overwritten in place
//! and one appended.

mod accept;
mod fanout;
mod idempotency;
mod outcome;
mod places;

pub(crate) use fanout::open_fanouts;
use postroad_store::{Commit, Committed};

use crate::{error::Fault, writer::Work};

/// Deliveries of one event fit into this many low bits of their numbers.
pub(crate) const DELIVERY_BITS: u32 = 12;
/// Deliveries an event may have.
pub(crate) const DELIVERIES_PER_EVENT_MAX: i64 = 1 << DELIVERY_BITS;

/// Writes a commit within the transaction of its job.
pub(crate) fn commit(work: &mut Work<'_>, commit: &Commit) -> Result<Committed, Fault> {
    Ok(Committed {
        events: accept::accept(work, commit)?,
        fanned_out: fanout::proceed(work, commit)?,
        outcomes: outcome::apply(work, commit)?,
    })
}
