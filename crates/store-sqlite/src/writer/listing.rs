//! Fills the listing tables behind the commits, batch by batch, in the order of their keys.
//!
//! A batch that a failure or a crash cut short begins again from the mark: an entry that is there already is left alone.

use std::collections::HashSet;

use super::batch::Batch;
use crate::{
    error::Fault,
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
    if work.known.batch.is_none() {
        if work.unlisted.entries() < work.listing_batch_entries {
            return Ok(());
        }
        work.known.batch = Some(begin(work));
    }
    let Known { batch: Some(batch), tenants, .. } = &mut *work.known else { return Ok(()) };
    // An entry must not outlive its row: those of a deleted tenant are being erased, and others may be forgotten by now.
    let forgotten = &batch.forgotten;
    let is_there = |tenant_no, event_no| tenants.contains_key(&tenant_no) && !forgotten.contains(&event_no);
    Rows::with(work.db, &EVENT_ENTRY, |rows| {
        for (tenant_no, event_no) in take(&mut batch.events, 2 * new_events) {
            if is_there(tenant_no, event_no) {
                rows.push([tenant_no.0.into(), event_no.into()])?;
            }
        }
        Ok(())
    })?;
    Rows::with(work.db, &DELIVERY_ENTRY, |rows| {
        let deliveries = take(&mut batch.deliveries, 2 * new_deliveries.max(new_events));
        for (sub_no, delivery_no, tenant_no) in deliveries {
            if is_there(tenant_no, delivery_no >> DELIVERY_BITS) {
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
    Batch { end: work.known.next_event_no, events, deliveries, forgotten: HashSet::new() }
}

fn take<T>(entries: &mut Vec<T>, count: usize) -> impl Iterator<Item = T> {
    let left = entries.len().saturating_sub(count);
    entries.drain(left..).rev()
}
