//! Gives offsets to events that were stored before there were any, in steps beside the commits.
//!
//! First everything from before is listed; then the walk goes over the listing, tenant by tenant and oldest first, and
//! counts from 1. New events of such a tenant have offsets above all that old ones can get ([`crate::log_no`]), so they need
//! not wait. No event is read: an old entry names no type, and who looks for one reads the event.
//!
//! **Invariants:**
//! * where the walk stands is kept in the transaction that gives the offsets, so what a crash leaves is a walk that goes on
//!   where it was;
//! * the end of a log never falls. It is above all offsets that old events can get as soon as a tenant has one, and it stays
//!   there when the newest event has got a low offset: the transaction that gives a tenant its first offsets keeps the end in
//!   the tenant's row.

use rusqlite::Connection;

use crate::{
    error::Fault,
    limits::{NUMBERING_TIME_MAX, NUMBERS_PER_SWEEP},
    log_no::LogNo,
    sql::{self, query},
    writer::{listing, numbering::Numbering, work::Work},
};

/// Entries read at a time.
const CHUNK: usize = 100;

/// Makes a step; answers whether there is more to do.
pub(crate) fn go_on(work: &mut Work<'_>) -> Result<bool, Fault> {
    let Some(mut numbering) = work.known.numbering else { return Ok(false) };
    if work.unlisted.mark() < numbering.end {
        listing::hasten(work, NUMBERS_PER_SWEEP)?;
        return Ok(true);
    }
    let deadline = work.clock.monotonic().saturating_add(NUMBERING_TIME_MAX);
    let mut left = NUMBERS_PER_SWEEP;
    while left > 0 && work.clock.monotonic() <= deadline {
        left -= 1;
        if !number_some(work.db, &mut numbering, &mut left)? && !next_tenant(work.db, &mut numbering)? {
            return finish(work).map(|()| false);
        }
    }
    numbering.keep(work.db)?;
    work.known.numbering = Some(numbering);
    Ok(true)
}

/// Gives offsets to some events of the tenant; answers whether it may have more.
fn number_some(db: &Connection, numbering: &mut Numbering, left: &mut usize) -> Result<bool, Fault> {
    let range = (numbering.tenant_no, numbering.event_no, numbering.end, CHUNK);
    let numbers = query::list(db, sql::LOG_ENTRIES, range, |row| Ok(row.get::<_, i64>(0)?))?;
    if !numbers.is_empty() {
        query::run(db, sql::LOG_RAISE_OFFSET, (numbering.tenant_no, LogNo::UNNUMBERED.next()))?;
    }
    let mut set = db.prepare_cached(sql::NUMBERING_SET)?;
    for event_no in &numbers {
        set.execute((numbering.tenant_no, event_no, numbering.offset))?;
        numbering.offset += 1;
        numbering.event_no = event_no + 1;
    }
    *left = left.saturating_sub(numbers.len());
    Ok(numbers.len() == CHUNK)
}

/// Goes on to the next tenant, if there is one.
fn next_tenant(db: &Connection, numbering: &mut Numbering) -> Result<bool, Fault> {
    let next = query::find(db, sql::NUMBERING_TENANT, (numbering.tenant_no,), |row| Ok(row.get(0)?))?;
    if let Some(tenant_no) = next {
        *numbering = Numbering { end: numbering.end, tenant_no, event_no: 0, offset: 1 };
    }
    Ok(next.is_some())
}

fn finish(work: &mut Work<'_>) -> Result<(), Fault> {
    Numbering::forget(work.db)?;
    work.known.numbering = None;
    Ok(())
}
