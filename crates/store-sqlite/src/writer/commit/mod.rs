//! One commit of the hot path: events, the next steps of large fan-outs, outcomes.
//!
//! Every statement is prepared once and taken up once per commit, appended rows go in groups ([`crate::sql::rows`]), and each
//! number comes from the writer's memory. An event for one subscription is four rows and their index entries; an outcome is
//! one row deleted, one overwritten in place and one appended.

mod accept;
mod fanout;
mod groups;
mod idempotency;
mod outcome;
mod places;
mod test_delivery;

pub(crate) use places::{Placed, Places};
use postroad_store::{Commit, Committed};
pub(crate) use test_delivery::record_test;

use crate::{
    error::Fault,
    writer::{failures::Tallied, listing, work::Work},
};

/// Writes a commit within the transaction of its job.
pub(crate) fn commit(work: &mut Work<'_>, commit: &Commit) -> Result<Committed, Fault> {
    let new_deliveries = commit.events.iter().map(|event| event.deliveries.len()).sum();
    listing::fill(work, commit.events.len(), new_deliveries)?;
    let (events, fanned_out) = (accept::accept(work, commit)?, fanout::proceed(work, commit)?);
    let (outcomes, Tallied { failing, recovered }) = outcome::apply(work, commit)?;
    Ok(Committed { events, outcomes, failing, recovered, fanned_out, ..Committed::default() })
}
