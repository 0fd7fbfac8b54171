//! Erases one event with all that belongs to it.

use postroad_domain::{Status, SubscriptionNo, TenantNo};

use super::step::{Found, Step};
use crate::{
    codes::{self, Extras},
    error::Fault,
    maintenance::members,
    numbers::DELIVERY_BITS,
    reading::groups,
    sql::{self, query},
    writer::{fanouts, known::ERASING_COUNTER, work::Work},
};

/// A delivery of an event that may go.
struct Doomed {
    delivery_no: i64,
    sub_no: SubscriptionNo,
    tenant_no: TenantNo,
    waits: bool,
    extras: Extras,
    /// Rows that go with it: itself, its entry in the listing, its attempts, its stored body.
    rows: usize,
    /// Its members, which are rows too.
    members: usize,
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
    if may_wait && (deliveries.iter().any(|delivery| delivery.waits) || is_member(work, found.event_no)?) {
        return Ok(true);
    }
    let rows = 1 + deliveries.iter().map(|delivery| delivery.rows + delivery.members).sum::<usize>();
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
            erase_members(work, step, delivery, usize::MAX)?;
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
        if !erase_members(work, step, &delivery, step.rows_left.max(1))? {
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
        let (attempts, extras) = codes::attempts_of(row.get(3)?)?;
        let delivery_no = row.get(0)?;
        let group = groups::group(work.db, delivery_no, extras)?;
        Ok(Doomed {
            delivery_no,
            sub_no: SubscriptionNo(row.get(1)?),
            tenant_no: TenantNo(row.get(4)?),
            waits: row.get::<_, i64>(2)? == codes::status_code(Status::Queued),
            extras,
            rows: 2 + attempts as usize + usize::from(extras.body),
            members: group.map_or(0, |group| group.events.get() as usize - 1),
        })
    })
}

/// Whether a delivery of another event carries this one.
fn is_member(work: &Work<'_>, event_no: i64) -> Result<bool, Fault> {
    Ok(work.known.has_extras && query::find(work.db, sql::MEMBER_OF_ANY, (event_no,), |_| Ok(()))?.is_some())
}

fn erase_event(work: &mut Work<'_>, found: Found) -> Result<(), Fault> {
    let number = (found.tenant_no, found.event_no);
    // A deleted tenant gets no more offsets.
    if work.known.tenants.contains_key(&found.tenant_no) {
        work.known.logs.before_forgetting((work.db, work.unlisted), number)?;
    }
    query::run(work.db, sql::EVENT_LISTING_DELETE, (found.tenant_no.0, found.event_no))?;
    fanouts::close(work.db, found.event_no)?;
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

/// Erases members of a delivery, whose events may go then; answers whether none is left.
fn erase_members(
    work: &mut Work<'_>,
    step: &mut Step,
    delivery: &Doomed,
    limit: usize,
) -> Result<bool, Fault> {
    if !delivery.extras.members {
        return Ok(true);
    }
    let erased = members::erase(work.db, delivery.delivery_no, limit.min(i64::MAX as usize))?;
    for event_no in &erased {
        work.known.prune.release(delivery.tenant_no, *event_no);
    }
    step.take(erased.len());
    Ok(erased.len() < limit)
}

fn erase_delivery(work: &mut Work<'_>, step: &mut Step, delivery: &Doomed) -> Result<(), Fault> {
    if delivery.extras.body {
        query::run(work.db, sql::ERASE_BODY, (delivery.delivery_no,))?;
    }
    query::run(work.db, sql::ERASE_ATTEMPTS, (delivery.delivery_no,))?;
    query::run(work.db, sql::DELIVERY_LISTING_DELETE, (delivery.sub_no.0, delivery.delivery_no))?;
    query::run(work.db, sql::ERASE_DELIVERY, (delivery.delivery_no,))?;
    if delivery.delivery_no >> DELIVERY_BITS >= work.unlisted.mark() {
        work.listings.pruned_deliveries.push((delivery.sub_no, delivery.delivery_no));
        // A batch that lists the newest must not list it behind this.
        if let Some(batch) = &mut work.known.batch {
            batch.forget_deliveries(delivery.delivery_no >> DELIVERY_BITS);
        }
    }
    step.take(delivery.rows);
    Ok(())
}
