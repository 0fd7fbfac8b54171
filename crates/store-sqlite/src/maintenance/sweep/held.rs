//! Fails what expired in lanes that are held, as their receiver is gone or not verified: nobody sends from them, so nobody else would.

use postroad_domain::{EventId, Reason, SubscriptionNo, Timestamp};
use postroad_store::LaneKey;

use super::rows::Budget;
use crate::{
    codes,
    error::Fault,
    limits::LOOKS_PER_SWEEP,
    numbers,
    sql::{self, query},
    writer::{held::HeldWalk, known::Lane, notices::Failed, work::Work},
};

/// Whether a walk through a held lane is under way or due.
pub(super) fn is_due(work: &Work<'_>, at: Timestamp) -> bool {
    work.known.gone.values().any(|walk| walk.is_due(at))
}

/// Walks on through held lanes; answers how many deliveries were failed.
pub(super) fn expire(work: &mut Work<'_>, at: Timestamp, budget: &mut Budget) -> Result<usize, Fault> {
    let mut expired = 0;
    let mut looks_left = LOOKS_PER_SWEEP;
    let due = work.known.gone.iter().filter(|(_, walk)| walk.is_due(at));
    let due: Vec<_> = due.map(|(sub_no, walk)| (*sub_no, *walk)).collect();
    for (sub_no, mut walk) in due {
        let Some(lane) = work.known.lanes.get(&sub_no).copied() else { continue };
        let limit = looks_left.min(budget.left());
        if limit == 0 {
            break;
        }
        let (looks, rows) = walk_on(work, (sub_no, lane), &mut walk, at, limit)?;
        work.known.gone.insert(sub_no, walk);
        looks_left -= looks;
        budget.take(rows);
        expired += rows;
    }
    Ok(expired)
}

/// Looks at up to `limit` rows; answers how many those were and how many of them were failed.
fn walk_on(
    work: &mut Work<'_>,
    (sub_no, lane): (SubscriptionNo, Lane),
    walk: &mut HeldWalk,
    at: Timestamp,
    limit: usize,
) -> Result<(usize, usize), Fault> {
    let (due, delivery_no) = walk.position();
    let key = (lane.tenant_no.0, sub_no.0, lane.generation, due, delivery_no, limit);
    let rows = query::list(work.db, sql::LANE_ROWS, key, |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, Timestamp::from_micros(row.get(2)?)))
    })?;
    let reason = codes::reason_code(Reason::Expired);
    let mut failed = 0;
    let mut noted = Failed::default();
    for (due, delivery_no, expires_at) in &rows {
        if *expires_at < at {
            let place = (lane.tenant_no.0, sub_no.0, lane.generation, due, delivery_no);
            query::run(work.db, sql::QUEUE_DELETE, place)?;
            query::run(work.db, sql::DELIVERY_FAIL, (delivery_no, 0, at.as_micros(), reason))?;
            work.known.left(sub_no, (*due, *delivery_no), None);
            failed += 1;
            if lane.notifies {
                let event =
                    query::find(work.db, sql::DELIVERY_STANDING, (delivery_no,), |row| Ok(row.get(4)?))?;
                let id = event.map(|event| numbers::delivery_id(EventId::from_bytes(event), *delivery_no));
                let lane = LaneKey { tenant_no: lane.tenant_no, subscription_no: sub_no };
                id.into_iter().for_each(|id| noted.note(work.known, lane, id));
            }
            walk.saw((*due, *delivery_no), None);
        } else {
            walk.saw((*due, *delivery_no), Some(*expires_at));
        }
    }
    noted.finish(work, at)?;
    if rows.len() < limit {
        walk.finish();
    }
    Ok((rows.len(), failed))
}
