//! Large fan-outs: the deliveries beyond those that an event's own commit creates.
//!
//! **Invariant:** a target is served once, also when a step is repeated after a crash: the number of the next delivery moves in
//! the commit that creates it.

use postroad_domain::{TenantNo, Timestamp};
use postroad_store::{Commit, Fanout, FanoutTarget, NewDelivery, QueuedDelivery};
use rusqlite::Connection;

use super::places::{Placed, Places};
use crate::{
    codec,
    error::Fault,
    numbers::delivery_no,
    sql::{self, query},
    writer::{fanouts, known::Known, work::Work},
};

/// Opens the fan-out of a new event: deliveries to these targets follow, the first with this number.
pub(super) fn open(
    db: &Connection,
    (tenant_no, event_no): (TenantNo, i64),
    next_number: usize,
    targets: &[FanoutTarget],
) -> Result<(), Fault> {
    query::run(db, sql::FANOUT_INSERT, (event_no, tenant_no.0, next_number))?;
    query::run(db, sql::FANOUT_TARGETS_INSERT, (event_no, codec::encode_targets(targets)))?;
    Ok(())
}

/// Makes the steps of a commit; answers what may be sent, each lane in its order.
pub(super) fn proceed(work: &mut Work<'_>, commit: &Commit) -> Result<Vec<QueuedDelivery>, Fault> {
    let mut queued = Vec::new();
    if !commit.fanouts.is_empty() {
        Places::with(work.db, |places| {
            let mut proceed = |step| proceed_one(work, places, step, commit.at, &mut queued);
            commit.fanouts.iter().try_for_each(&mut proceed)?;
            work.announced.append(&mut places.announced);
            Ok(())
        })?;
    }
    queued.sort_by_key(|delivery| (delivery.lane, delivery.handle));
    Ok(queued)
}

fn proceed_one(
    work: &mut Work<'_>,
    places: &mut Places<'_>,
    step: &Fanout,
    at: Timestamp,
    queued: &mut Vec<QueuedDelivery>,
) -> Result<(), Fault> {
    let (db, tenant_no) = (work.db, step.tenant_no);
    if !work.known.tenants.contains_key(&tenant_no) {
        work.known.fanout_events.forget(tenant_no, step.event_id);
        return Ok(());
    }
    let event = work.known.fanout_events.event(db, tenant_no, step.event_id)?;
    let Some((event_no, event)) = event else { return Ok(()) };
    let next = query::find(db, sql::FANOUT_NEXT, (event_no,), |row| Ok(row.get::<_, u16>(0)?))?;
    if next.is_none() {
        work.known.fanout_events.forget(tenant_no, step.event_id);
    }
    // Of a step that is repeated the first ones were served.
    let Some(served) = next.and_then(|next| next.checked_sub(step.next_number)) else { return Ok(()) };
    let targets = step.targets.iter().zip(step.next_number..).skip(served.into());
    let mut next_number = step.next_number + served;
    for (target, number) in targets {
        next_number = number + 1;
        let new = NewDelivery { id: step.event_id.delivery(number), target: *target };
        let delivery_no = delivery_no(event_no, new.id);
        let placed = Placed { tenant_no, delivery_no, new: &new, at, is_late: true };
        match fate(work.known, target, event_no) {
            Fate::Skipped => {}
            Fate::Cancelled => places.place_paused(&mut work.listings, &placed)?,
            Fate::Held => {
                places.enqueue((work.known, &mut work.listings), &placed, &event)?;
            }
            Fate::Sent => queued.extend(places.enqueue((work.known, &mut work.listings), &placed, &event)?),
        }
    }
    if u32::from(next_number) <= event.deliveries {
        query::run(db, sql::FANOUT_UPDATE, (event_no, next_number))?;
    } else {
        fanouts::close(db, event_no)?;
        work.known.fanout_events.forget(tenant_no, step.event_id);
        work.known.prune.release(tenant_no, event_no);
    }
    Ok(())
}

/// What becomes of a target, as its subscription stands now.
enum Fate {
    /// The subscription was deleted.
    Skipped,
    /// It was paused since its event was accepted, also if that is over: nothing is queued for later.
    Cancelled,
    /// Its receiver is gone or not verified: the delivery waits, and is not handed out.
    Held,
    /// It is active.
    Sent,
}

fn fate(known: &Known, target: &FanoutTarget, event_no: i64) -> Fate {
    match known.lanes.get(&target.subscription_no) {
        None => Fate::Skipped,
        Some(lane) if lane.paused || event_no < lane.called_off => Fate::Cancelled,
        Some(_) if known.gone.contains_key(&target.subscription_no) => Fate::Held,
        Some(_) => Fate::Sent,
    }
}
