//! Fills the listing tables behind the commits, batch by batch, in the order of their keys.
//!
//! A batch that a failure or a crash cut short begins again from the mark: an entry that is there already is left alone.

use std::collections::HashSet;

use super::batch::Batch;
use crate::{
    error::Fault,
    log_no::LogPlace,
    numbers::DELIVERY_BITS,
    sql::{
        self, query,
        rows::{Insert, Rows},
    },
    writer::{
        known::{Known, LISTED_COUNTER},
        work::Work,
    },
};

static EVENT_ENTRY: Insert = Insert::of(sql::EVENT_LISTING_INSERT);
/// Entries of deliveries.
pub(crate) static DELIVERY_ENTRY: Insert = Insert::of(sql::DELIVERY_LISTING_INSERT);

/// Writes a share of the batch: twice what this commit added, so that a batch is done before the next one is full. To
/// be called before this commit adds its own.
pub(crate) fn fill(work: &mut Work<'_>, new_events: usize, new_deliveries: usize) -> Result<(), Fault> {
    if work.known.batch.is_none() && work.unlisted.entries() < work.listing_batch_entries {
        return Ok(());
    }
    write(work, 2 * new_events, 2 * new_deliveries.max(new_events))
}

/// Goes on with the batch, or begins one however small it is: so many entries of each table.
pub(crate) fn hasten(work: &mut Work<'_>, entries: usize) -> Result<(), Fault> {
    write(work, entries, entries)
}

fn write(work: &mut Work<'_>, events: usize, deliveries: usize) -> Result<(), Fault> {
    if work.known.batch.is_none() {
        work.known.batch = Some(begin(work));
    }
    let Known { batch: Some(batch), .. } = &mut *work.known else { return Ok(()) };
    // An entry must not outlive its row, which may be gone by now. Rows of a deleted tenant are listed like any other: those
    // that are not erased when the mark has passed them are found in the tables only.
    let Batch { events: event_entries, deliveries: delivery_entries, forgotten, begun, .. } = batch;
    Rows::with(work.db, &EVENT_ENTRY, |rows| {
        for (tenant_no, event_no, LogPlace { log_no, type_no }) in take(event_entries, events) {
            if !forgotten.contains(&event_no) {
                let type_no = i64::from(type_no);
                rows.push([tenant_no.0.into(), event_no.into(), log_no.0.into(), type_no.into()])?;
            }
        }
        Ok(())
    })?;
    Rows::with(work.db, &DELIVERY_ENTRY, |rows| {
        for (sub_no, delivery_no) in take(delivery_entries, deliveries) {
            let event_no = delivery_no >> DELIVERY_BITS;
            if !forgotten.contains(&event_no) && !begun.contains(&event_no) {
                rows.push([sub_no.0.into(), delivery_no.into()])?;
            }
        }
        Ok(())
    })?;
    if batch.events.is_empty() && batch.deliveries.is_empty() {
        query::run(work.db, sql::COUNTER_PUT, (LISTED_COUNTER, batch.end))?;
        work.listings.mark = Some(batch.end);
        work.known.batch = None;
    }
    Ok(())
}

fn begin(work: &Work<'_>) -> Batch {
    let mut events = work.unlisted.sorted_events();
    let mut deliveries = work.unlisted.sorted_deliveries();
    events.reverse();
    deliveries.reverse();
    Batch {
        end: work.known.next_event_no,
        events,
        deliveries,
        forgotten: HashSet::new(),
        begun: HashSet::new(),
    }
}

fn take<T>(entries: &mut Vec<T>, count: usize) -> impl Iterator<Item = T> {
    let left = entries.len().saturating_sub(count);
    entries.drain(left..).rev()
}
