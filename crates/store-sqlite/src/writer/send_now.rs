//! Makes due what waits in a lane, in steps.

use std::time::Duration;

use postroad_domain::Timestamp;
use postroad_store::{Change, LaneKey, SendNow, SendNowError, SentNow, SentNowPlace};

use super::{audit, deliveries::make_due, work::Work};
use crate::{
    error::Fault,
    reading::subscriptions,
    sql::{self, query},
};

/// Makes a step.
pub(crate) fn send_now(work: &mut Work<'_>, send: &SendNow) -> Result<Result<SentNow, SendNowError>, Fault> {
    let db = work.db;
    let found = subscriptions::by_id(db, send.tenant_no, send.subscription)?;
    let Some(subscription) = found else { return Ok(Err(SendNowError::NotFound)) };
    let sub_no = subscription.no;
    let Some(known) = work.known.lanes.get(&sub_no) else { return Ok(Err(SendNowError::NotFound)) };
    if known.paused || work.known.gone.contains_key(&sub_no) {
        return Ok(Err(SendNowError::Inactive));
    }
    let (lane, generation) =
        (LaneKey { tenant_no: send.tenant_no, subscription_no: sub_no }, known.generation);
    let key = (lane.tenant_no.0, sub_no.0, generation);
    let mut count = 0;
    if send.after.is_none() {
        audit::note(db, send.tenant_no, send.at, send.audit.as_ref())?;
        // The head of an ordered lane is due, and pauses in its place.
        let head = query::find(db, sql::LANE_ROWS, (key.0, key.1, key.2, i64::MIN, i64::MIN, 1), |row| {
            Ok((Timestamp::from_micros(row.get(0)?), row.get::<_, i64>(1)?))
        })?;
        if let Some(head) = head.filter(|(due, _)| *due <= send.at) {
            count += u64::from(make_due(work, lane, head, send.at)?);
        }
    }
    let (due, delivery_no) = send.after.map_or((send.at, i64::MAX), |after| after.last);
    let behind = (key.0, key.1, key.2, due.as_micros(), delivery_no, send.limit);
    let waiting = query::list(db, sql::LANE_ROWS, behind, |row| {
        Ok((Timestamp::from_micros(row.get(0)?), row.get::<_, i64>(1)?))
    })?;
    let mut looked_at = send.after.map_or(0, |after| after.looked_at);
    for place in &waiting {
        let due = send.at.after(Duration::from_micros(looked_at));
        looked_at += 1;
        count += u64::from(make_due(work, lane, *place, due)?);
    }
    if count > 0 {
        work.announced.push(Change::Lane(lane));
    }
    let last = waiting.last().filter(|_| waiting.len() == send.limit);
    let next = last.map(|last| SentNowPlace { looked_at, last: *last });
    Ok(Ok(SentNow { lane, count, next }))
}
