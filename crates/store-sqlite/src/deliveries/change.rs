//! Sending one delivery again, and calling one off.

use postroad_domain::{Reason, Status};
use postroad_store::{CancelDelivery, CancelDeliveryError, LaneKey, RetryDelivery, RetryDeliveryError};

use super::{Found, find, standing::Marks};
use crate::{codes, commit::DELIVERY_BITS, error::Fault, query, sql, writer::Work};

/// Puts a finished delivery at the tail of its lane.
pub(crate) fn retry(
    work: &mut Work<'_>,
    retry: &RetryDelivery,
) -> Result<Result<LaneKey, RetryDeliveryError>, Fault> {
    let Some(found) = find(work.db, retry.tenant_no, retry.id)? else {
        return Ok(Err(RetryDeliveryError::NotFound));
    };
    let mark = Marks::new(work.db).over(&found)?;
    if !found.delivery.status.is_final() && mark.is_none() {
        return Ok(Err(RetryDeliveryError::Waiting));
    }
    let (tenant_no, sub_no) = (found.lane.tenant_no, found.lane.subscription_no);
    let lane = work.known.lanes.get(&sub_no).copied().filter(|lane| !lane.paused);
    let Some(lane) = lane.filter(|_| !work.known.gone.contains_key(&sub_no)) else {
        return Ok(Err(RetryDeliveryError::Inactive));
    };
    if let Some(mark) = mark {
        leave(work, &found, mark.generation)?;
    }
    let (due, expires_at) = (retry.at.as_micros(), retry.expires_at.as_micros());
    let bytes = query::find(work.db, sql::EVENT_BYTES, (found.no >> DELIVERY_BITS,), |row| Ok(row.get(0)?))?;
    work.known.entered(sub_no, (due, found.no), retry.expires_at, bytes.unwrap_or_default());
    let place = (tenant_no.0, sub_no.0, lane.generation, due, found.no, 0, expires_at);
    query::run(work.db, sql::QUEUE_INSERT, place)?;
    set(work, &found, Status::Queued, None, due)?;
    Ok(Ok(found.lane))
}

/// Takes a waiting delivery out of its lane.
pub(crate) fn cancel(
    work: &mut Work<'_>,
    cancel: &CancelDelivery,
) -> Result<Result<LaneKey, CancelDeliveryError>, Fault> {
    let Some(found) = find(work.db, cancel.tenant_no, cancel.id)? else {
        return Ok(Err(CancelDeliveryError::NotFound));
    };
    if found.delivery.status.is_final() || Marks::new(work.db).over(&found)?.is_some() {
        return Ok(Err(CancelDeliveryError::Finished));
    }
    let lane = work.known.lanes.get(&found.lane.subscription_no);
    let generation = lane.ok_or(Fault::Corrupt("a delivery waits in no lane"))?.generation;
    leave(work, &found, generation)?;
    work.known.left(found.lane.subscription_no, (found.at.as_micros(), found.no), None);
    set(work, &found, Status::Cancelled, Some(Reason::Operator), cancel.at.as_micros())?;
    Ok(Ok(found.lane))
}

fn leave(work: &Work<'_>, found: &Found, generation: i64) -> Result<(), Fault> {
    let lane = found.lane;
    let place = (lane.tenant_no.0, lane.subscription_no.0, generation, found.at.as_micros(), found.no);
    match query::run(work.db, sql::QUEUE_DELETE, place)? {
        1 => Ok(()),
        _ => Err(Fault::Corrupt("a delivery waits without a place in the queue")),
    }
}

fn set(work: &Work<'_>, found: &Found, status: Status, reason: Option<Reason>, at: i64) -> Result<(), Fault> {
    let row = (found.no, codes::status_code(status), reason.map(codes::reason_code), 0, at);
    query::run(work.db, sql::DELIVERY_SET, row)?;
    Ok(())
}
