//! One commit of the hot path: events, the next steps of large fan-outs, outcomes.
//!
//! Every statement is prepared once and taken up once per commit, appended rows go in groups ([`crate::sql::rows`]), and each
//! number comes from the writer's memory. An event for one subscription is four rows and their index entries; an outcome is
//! one row deleted, one overwritten in place and one appended.

mod accept;
mod fanout;
mod idempotency;
mod outcome;
mod places;
mod subscription_test;

pub(crate) use fanout::open_fanouts;
pub(crate) use places::{Placed, Places};
use postroad_domain::{DeliveryId, EventId};
use postroad_store::{Commit, Committed};
pub(crate) use subscription_test::record_test;

use crate::{
    error::Fault,
    writer::{Work, listing},
};

/// A delivery's number is its event's, moved up by these bits, and its own number within the event.
pub(crate) const DELIVERY_BITS: u32 = 12;
/// Deliveries an event may have; they are numbered from 1.
pub(crate) const DELIVERIES_PER_EVENT_MAX: u32 = (1 << DELIVERY_BITS) - 1;

/// The number of an event's delivery.
pub(crate) fn delivery_no(event_no: i64, id: DeliveryId) -> i64 {
    (event_no << DELIVERY_BITS) | i64::from(id.number())
}

/// The id of a delivery, from its event's and its number.
pub(crate) fn delivery_id(event: EventId, delivery_no: i64) -> DeliveryId {
    let low_bits = delivery_no & i64::from(DELIVERIES_PER_EVENT_MAX);
    event.delivery(u16::try_from(low_bits).unwrap_or_default())
}

/// Writes a commit within the transaction of its job.
pub(crate) fn commit(work: &mut Work<'_>, commit: &Commit) -> Result<Committed, Fault> {
    let new_deliveries = commit.events.iter().map(|event| event.deliveries.len()).sum();
    listing::fill(work, commit.events.len(), new_deliveries)?;
    Ok(Committed {
        events: accept::accept(work, commit)?,
        fanned_out: fanout::proceed(work, commit)?,
        outcomes: outcome::apply(work, commit)?,
        ..Committed::default()
    })
}
