//! Fails the oldest deliveries of lanes in which more waits than may: one dead endpoint must not fill the disk.
//!
//! The oldest are those with the lowest numbers, not those that are due first: after some failures the newest are due
//! first. They are found by a walk along the subscription's listing that never looks back. What the walk cannot find, as it
//! came back behind it, goes by due time when nothing else is left.

use postroad_domain::{DeliveryId, EventId, Reason, Status, SubscriptionNo, Timestamp};
use postroad_store::{Change, GrowingBacklog, LaneKey, Sweep};

use super::rows::Budget;
use crate::{
    codes::{self, Extras},
    error::Fault,
    limits::LOOKS_PER_SWEEP,
    numbers,
    reading::groups,
    sql::{self, query},
    writer::{known::Lane, notices::Failed, work::Work},
};

/// Whether more waits in some lane than may.
pub(super) fn is_wanted(work: &Work<'_>, sweep: Sweep) -> bool {
    work.known.lanes.values().any(|lane| lane.waiting.is_beyond(sweep.budget))
}

/// The lanes whose backlog passed another share of its budget.
pub(super) fn growing(work: &mut Work<'_>, sweep: Sweep) -> Vec<GrowingBacklog> {
    let mut growing = Vec::new();
    for (sub_no, known) in &mut work.known.lanes {
        let Some(deliveries) = known.waiting.deliveries() else { continue };
        let bytes = known.waiting.bytes();
        let percent = sweep.budget.passed(known.told_percent, deliveries, bytes);
        if percent > known.told_percent {
            let lane = LaneKey { tenant_no: known.tenant_no, subscription_no: *sub_no };
            growing.push(GrowingBacklog { lane, deliveries, bytes, percent });
        }
        known.told_percent = percent;
    }
    growing.sort_unstable_by_key(|growing| growing.lane);
    growing
}

/// Fails the oldest; answers how many.
pub(super) fn fail_oldest(work: &mut Work<'_>, sweep: Sweep, budget: &mut Budget) -> Result<usize, Fault> {
    let beyond = work.known.lanes.iter().filter(|(_, lane)| lane.waiting.is_beyond(sweep.budget));
    let mut beyond: Vec<_> = beyond.map(|(sub_no, _)| *sub_no).collect();
    beyond.sort_unstable();
    let mut looks_left = LOOKS_PER_SWEEP;
    let mut failed = 0;
    for sub_no in beyond {
        while looks_left > 0 && !budget.is_used_up() {
            let Some(lane) = lane_beyond(work, sub_no, sweep) else { break };
            let oldest = next_oldest(work, sub_no, lane, looks_left.min(budget.left()))?;
            if oldest.is_empty() {
                break;
            }
            looks_left -= oldest.len();
            let failed_now = fail_each(work, (sub_no, lane), oldest, sweep)?;
            budget.take(failed_now.len());
            failed += failed_now.len();
            if let Some(highest) = failed_now.into_iter().max() {
                let lane = LaneKey { tenant_no: lane.tenant_no, subscription_no: sub_no };
                work.announced.push(Change::Overflowed(lane, highest));
            }
        }
    }
    Ok(failed)
}

/// The lane, if more waits in it than may.
fn lane_beyond(work: &Work<'_>, sub_no: SubscriptionNo, sweep: Sweep) -> Option<Lane> {
    work.known.lanes.get(&sub_no).copied().filter(|lane| lane.waiting.is_beyond(sweep.budget))
}

/// Fails deliveries until the lane is within its budget; answers which.
fn fail_each(
    work: &mut Work<'_>,
    (sub_no, lane): (SubscriptionNo, Lane),
    oldest: Vec<i64>,
    sweep: Sweep,
) -> Result<Vec<i64>, Fault> {
    let mut failed = Vec::new();
    let mut noted = Failed::default();
    for delivery_no in oldest {
        if lane_beyond(work, sub_no, sweep).is_none() {
            break;
        }
        if let Some(id) = fail(work, (sub_no, lane), delivery_no, sweep.at)? {
            failed.push(delivery_no);
            noted.note(work.known, LaneKey { tenant_no: lane.tenant_no, subscription_no: sub_no }, id);
        }
    }
    noted.finish(work, sweep.at)?;
    Ok(failed)
}

/// The next deliveries of the walk, whether they wait or not; behind its end those that are due first.
fn next_oldest(work: &Work<'_>, sub_no: SubscriptionNo, lane: Lane, limit: usize) -> Result<Vec<i64>, Fault> {
    let from = lane.waiting.oldest_from();
    let tail = work.unlisted.deliveries_of(sub_no);
    let oldest = tail.numbers_from(from, limit, |end| {
        query::list(work.db, sql::LANE_OLDEST, (sub_no.0, from, end, limit), |row| Ok(row.get(0)?))
    })?;
    if !oldest.is_empty() {
        return Ok(oldest);
    }
    let head = (lane.tenant_no.0, sub_no.0, lane.generation, i64::MIN, i64::MIN, limit);
    query::list(work.db, sql::LANE_ROWS, head, |row| Ok(row.get(1)?))
}

/// Fails a delivery that waits in its lane; answers its id if it did.
fn fail(
    work: &mut Work<'_>,
    (sub_no, lane): (SubscriptionNo, Lane),
    delivery_no: i64,
    at: Timestamp,
) -> Result<Option<DeliveryId>, Fault> {
    if let Some(lane) = work.known.lanes.get_mut(&sub_no) {
        let from = lane.waiting.oldest_from();
        lane.waiting.set_oldest_from(from.max(delivery_no + 1));
    }
    let standing = query::find(work.db, sql::DELIVERY_STANDING, (delivery_no,), |row| {
        let (_, extras) = codes::attempts_of(row.get(3)?)?;
        let event = EventId::from_bytes(row.get(4)?);
        Ok(((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, u64>(2)?, extras), event))
    })?;
    let waits = |((status, ..), _): &((i64, i64, u64, Extras), EventId)| {
        *status == codes::status_code(Status::Queued)
    };
    let Some(((_, due, bytes, extras), event)) = standing.filter(waits) else { return Ok(None) };
    let bytes = bytes + groups::extra_bytes(work.db, (delivery_no, extras), bytes)?;
    let place = (lane.tenant_no.0, sub_no.0, lane.generation, due, delivery_no);
    // One that was called off stands in another generation, and its mark says what becomes of it.
    if query::run(work.db, sql::QUEUE_DELETE, place)? == 0 {
        return Ok(None);
    }
    let reason = codes::reason_code(Reason::BacklogFull);
    query::run(work.db, sql::DELIVERY_FAIL, (delivery_no, 0, at.as_micros(), reason))?;
    work.known.left(sub_no, (due, delivery_no), Some(bytes));
    Ok(Some(numbers::delivery_id(event, delivery_no)))
}
