//! Sending one delivery again, and calling one off.

use postroad_domain::{Reason, Timestamp, delivery::Delivery};
use postroad_store::{
    CancelDelivery, CancelDeliveryError, Change, LaneKey, RetryDelivery, RetryDeliveryError,
};

use rusqlite::Connection;

use crate::{
    codes,
    error::Fault,
    reading::{
        deliveries::{self, Found, find, standing::Marks},
        groups,
    },
    sql::{self, query},
    writer::{audit, known::Known, work::Work},
};

/// Puts a finished delivery at the tail of its lane, or lets one that waits be tried now; answers it as it is written.
pub(crate) fn retry(
    work: &mut Work<'_>,
    retry: &RetryDelivery,
) -> Result<Result<Delivery, RetryDeliveryError>, Fault> {
    let Some(found) = find(work.db, retry.tenant_no, retry.id, 1)? else {
        return Ok(Err(RetryDeliveryError::NotFound));
    };
    let mark = Marks::new(work.db).over(&found)?;
    let sub_no = found.lane.subscription_no;
    let lane = work.known.lanes.get(&sub_no).filter(|lane| !lane.paused);
    if lane.is_none() || work.known.gone.contains_key(&sub_no) {
        return Ok(Err(RetryDeliveryError::Inactive));
    }
    if !found.delivery.status.is_final() && mark.is_none() {
        make_due(work, found.lane, (found.at, found.no), retry.at)?;
    } else {
        if let Some(mark) = mark {
            leave(work, &found, mark.generation)?;
            call_off(work, found.no, mark.at, mark.reason)?;
        }
        queue_again(work, found.lane, found.no, (retry.at, retry.expires_at))?;
    }
    audit::note(work.db, retry.tenant_no, retry.at, retry.audit.as_ref())?;
    work.announced.push(Change::Lane(found.lane));
    let written = deliveries::by_id(work.db, retry.tenant_no, retry.id)?;
    Ok(Ok(written.ok_or(Fault::Corrupt("a delivery that was queued again is not there"))?))
}

/// Lets a delivery that waits in the current generation of its lane, due at a moment, be tried from another one on; `false` where it
/// is anyway.
pub(crate) fn make_due(
    work: &mut Work<'_>,
    lane: LaneKey,
    (due, delivery_no): (Timestamp, i64),
    at: Timestamp,
) -> Result<bool, Fault> {
    let sub_no = lane.subscription_no;
    let known = work.known.lanes.get(&sub_no).ok_or(Fault::Corrupt("a delivery waits in no lane"))?;
    let generation = known.generation;
    let place = (lane.tenant_no.0, sub_no.0, generation, due.as_micros(), delivery_no);
    let found = query::find(work.db, sql::QUEUE_PLACE, place, |row| {
        let not_before = row.get::<_, Option<i64>>(2)?.map(Timestamp::from_micros);
        Ok((row.get::<_, u32>(0)?, Timestamp::from_micros(row.get(1)?), not_before))
    })?;
    let (tries, expires_at, not_before) =
        found.ok_or(Fault::Corrupt("a delivery waits without a place in the queue"))?;
    if due <= at && not_before.is_none_or(|until| until <= at) {
        return Ok(false);
    }
    let to = due.min(at);
    let moved = Moved { lane, generation, delivery_no, tries, from: due, to, expires_at };
    move_place(work.db, work.known, &moved)?;
    Ok(true)
}

/// A delivery that waits in the current generation of its lane, and is due at another moment.
pub(crate) struct Moved {
    /// Its lane.
    pub(crate) lane: LaneKey,
    /// That generation.
    pub(crate) generation: i64,
    /// Its number.
    pub(crate) delivery_no: i64,
    /// Attempts of this pass so far.
    pub(crate) tries: u32,
    /// When it was due.
    pub(crate) from: Timestamp,
    /// When it is due.
    pub(crate) to: Timestamp,
    /// When it ends at the latest.
    pub(crate) expires_at: Timestamp,
}

/// Moves a delivery to another place in the queue, where nothing but its due time keeps it.
pub(crate) fn move_place(db: &Connection, known: &mut Known, moved: &Moved) -> Result<(), Fault> {
    let Moved { lane, generation, delivery_no, tries, from, to, expires_at } = *moved;
    let (tenant_no, sub_no) = (lane.tenant_no.0, lane.subscription_no.0);
    let (left, due) = (from.as_micros(), to.as_micros());
    if query::run(db, sql::QUEUE_DELETE, (tenant_no, sub_no, generation, left, delivery_no))? != 1 {
        return Err(Fault::Corrupt("a delivery waits without a place in the queue"));
    }
    let place = (tenant_no, sub_no, generation, due, delivery_no, tries, expires_at.as_micros(), None::<i64>);
    query::run(db, sql::QUEUE_INSERT, place)?;
    query::run(db, sql::DELIVERY_POSTPONE, (delivery_no, 0, due))?;
    known.shifted(lane.subscription_no, ((left, delivery_no), (due, delivery_no)), expires_at);
    Ok(())
}

/// Queues a delivery that has ended, due at a moment, to end at the latest at another. Its subscription is active.
pub(crate) fn queue_again(
    work: &mut Work<'_>,
    lane: LaneKey,
    delivery_no: i64,
    (at, expires_at): (Timestamp, Timestamp),
) -> Result<(), Fault> {
    let (tenant_no, sub_no, due) = (lane.tenant_no, lane.subscription_no, at.as_micros());
    let known = work.known.lanes.get(&sub_no).ok_or(Fault::Corrupt("a delivery is queued in no lane"))?;
    let generation = known.generation;
    let bytes = bytes_of(work, delivery_no)?;
    work.known.entered(sub_no, (due, delivery_no), expires_at, bytes);
    let place = (tenant_no.0, sub_no.0, generation, due, delivery_no, 0, expires_at.as_micros(), None::<i64>);
    query::run(work.db, sql::QUEUE_INSERT, place)?;
    match query::run(work.db, sql::DELIVERY_RETRY, (delivery_no, due))? {
        1 => Ok(()),
        _ => Err(Fault::Corrupt("a delivery is queued again that has not ended")),
    }
}

/// Bytes of a delivery's events and of a stored body.
fn bytes_of(work: &Work<'_>, delivery_no: i64) -> Result<u64, Fault> {
    let found = query::find(work.db, sql::DELIVERY_STANDING, (delivery_no,), |row| {
        Ok((row.get::<_, u64>(2)?, codes::attempts_of(row.get(3)?)?.1))
    })?;
    let Some((bytes, extras)) = found else { return Ok(0) };
    Ok(bytes + groups::extra_bytes(work.db, (delivery_no, extras), bytes)?)
}

/// Takes a waiting delivery out of its lane.
pub(crate) fn cancel(
    work: &mut Work<'_>,
    cancel: &CancelDelivery,
) -> Result<Result<LaneKey, CancelDeliveryError>, Fault> {
    let Some(found) = find(work.db, cancel.tenant_no, cancel.id, 1)? else {
        return Ok(Err(CancelDeliveryError::NotFound));
    };
    if found.delivery.status.is_final() || Marks::new(work.db).over(&found)?.is_some() {
        return Ok(Err(CancelDeliveryError::Finished));
    }
    let lane = work.known.lanes.get(&found.lane.subscription_no);
    let generation = lane.ok_or(Fault::Corrupt("a delivery waits in no lane"))?.generation;
    leave(work, &found, generation)?;
    work.known.left(found.lane.subscription_no, (found.at.as_micros(), found.no), None);
    call_off(work, found.no, cancel.at, Reason::Operator)?;
    work.announced.push(Change::Lane(found.lane));
    audit::note(work.db, cancel.tenant_no, cancel.at, cancel.audit.as_ref())?;
    Ok(Ok(found.lane))
}

fn leave(work: &Work<'_>, found: &Found, generation: i64) -> Result<(), Fault> {
    match query::run(work.db, sql::QUEUE_DELETE, found.place_in(generation))? {
        1 => Ok(()),
        _ => Err(Fault::Corrupt("a delivery waits without a place in the queue")),
    }
}

/// Writes into a waiting delivery's row that it was called off, and since when.
fn call_off(work: &Work<'_>, delivery_no: i64, at: Timestamp, reason: Reason) -> Result<(), Fault> {
    let row = (delivery_no, 0, at.as_micros(), codes::reason_code(reason));
    match query::run(work.db, sql::DELIVERY_CANCEL, row)? {
        1 => Ok(()),
        _ => Err(Fault::Corrupt("a delivery is called off that does not wait")),
    }
}
