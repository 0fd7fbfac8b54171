//! Erases one event with all that belongs to it.

use postroad_domain::{Status, SubscriptionNo};

use super::step::{Found, Step};
use crate::{
    codes,
    error::Fault,
    numbers::DELIVERY_BITS,
    sql::{self, query},
    writer::{known::ERASING_COUNTER, work::Work},
};

/// A delivery of an event that may go.
struct Doomed {
    delivery_no: i64,
    sub_no: SubscriptionNo,
    waits: bool,
    /// Rows that go with it: itself, its entry in the listing, its attempts.
    rows: usize,
}

/// Erases an event, or passes over it when something of it is not over. Answers false when the step has no room for it:
/// then nothing was touched.
pub(super) fn try_erase(work: &mut Work<'_>, step: &mut Step, found: Found) -> Result<bool, Fault> {
    // Of a deleted tenant nothing is sent any more.
    let may_wait = work.known.tenants.contains_key(&found.tenant_no);
    if may_wait && query::find(work.db, sql::PRUNE_FANOUT, (found.event_no,), |_| Ok(()))?.is_some() {
        return Ok(true);
    }
    let deliveries = deliveries(work, found.event_no)?;
    if may_wait && deliveries.iter().any(|delivery| delivery.waits) {
        return Ok(true);
    }
    let rows = 1 + deliveries.iter().map(|delivery| delivery.rows).sum::<usize>();
    // The look at it was taken already.
    let is_first = step.events == 0 && step.rows_left + 1 >= step.rule.rows_max;
    if rows > step.rows_left && !is_first {
        step.is_over = true;
        return Ok(false);
    }
    if step.events == 0 {
        // It may have the highest numbers there are.
        work.known.keep_numbers(work.db)?;
    }
    erase_event(work, found)?;
    step.events += 1;
    step.take(1);
    if rows > step.rows_left + 1 {
        query::run(work.db, sql::COUNTER_PUT, (ERASING_COUNTER, found.event_no))?;
        work.known.erasing = Some(found.event_no);
        finish_begun(work, step)?;
    } else {
        for delivery in &deliveries {
            erase_delivery(work, step, delivery)?;
        }
    }
    Ok(true)
}

/// Goes on with an event that was too large for one step. Its own row is gone: nobody can read what is left of it.
pub(super) fn finish_begun(work: &mut Work<'_>, step: &mut Step) -> Result<(), Fault> {
    let Some(event_no) = work.known.erasing else { return Ok(()) };
    for delivery in deliveries(work, event_no)? {
        // At least one goes with each step, or it would never end.
        if !step.is_fresh() && !step.may_go_on(work) {
            step.is_over = true;
            return Ok(());
        }
        erase_delivery(work, step, &delivery)?;
    }
    query::run(work.db, sql::COUNTER_DELETE, (ERASING_COUNTER,))?;
    work.known.erasing = None;
    Ok(())
}

/// The deliveries of an event.
fn deliveries(work: &Work<'_>, event_no: i64) -> Result<Vec<Doomed>, Fault> {
    let range = (event_no << DELIVERY_BITS, (event_no + 1) << DELIVERY_BITS);
    query::list(work.db, sql::PRUNE_DELIVERIES, range, |row| {
        Ok(Doomed {
            delivery_no: row.get(0)?,
            sub_no: SubscriptionNo(row.get(1)?),
            waits: row.get::<_, i64>(2)? == codes::status_code(Status::Queued),
            rows: 2 + row.get::<_, usize>(3)?,
        })
    })
}

fn erase_event(work: &mut Work<'_>, found: Found) -> Result<(), Fault> {
    query::run(work.db, sql::EVENT_LISTING_DELETE, (found.tenant_no.0, found.event_no))?;
    query::run(work.db, sql::FANOUT_DELETE, (found.event_no,))?;
    query::run(work.db, sql::ERASE_EVENT, (found.event_no,))?;
    work.known.prune.tenants.erased(found.tenant_no, found.event_no, found.bytes);
    if found.event_no >= work.unlisted.mark() {
        work.listings.pruned_events.push((found.tenant_no, found.event_no));
        if let Some(batch) = &mut work.known.batch {
            batch.forget(found.event_no);
        }
    }
    Ok(())
}

fn erase_delivery(work: &mut Work<'_>, step: &mut Step, delivery: &Doomed) -> Result<(), Fault> {
    query::run(work.db, sql::ERASE_ATTEMPTS, (delivery.delivery_no,))?;
    query::run(work.db, sql::DELIVERY_LISTING_DELETE, (delivery.sub_no.0, delivery.delivery_no))?;
    query::run(work.db, sql::ERASE_DELIVERY, (delivery.delivery_no,))?;
    if delivery.delivery_no >> DELIVERY_BITS >= work.unlisted.mark() {
        work.listings.pruned_deliveries.push((delivery.sub_no, delivery.delivery_no));
    }
    step.take(delivery.rows);
    Ok(())
}
