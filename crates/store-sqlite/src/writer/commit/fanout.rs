//! Large fan-outs: the deliveries beyond those that an event's own commit creates.
//!
//! **Invariant:** a target is served once, also when a step is repeated after a crash: it leaves the stored fan-out in
//! the commit that creates its delivery.

use std::sync::Arc;

use postroad_domain::{EventId, TenantNo, Timestamp};
use postroad_store::{Commit, Fanout, FanoutTarget, NewDelivery, QueuedDelivery};
use rusqlite::Connection;

use super::places::{Placed, Places};
use crate::{
    codec,
    error::Fault,
    numbers::delivery_no,
    reading::events,
    sql::{self, query},
    writer::{known::Known, work::Work},
};

/// Fan-outs that are not finished, oldest first.
pub(crate) fn open_fanouts(db: &Connection, limit: usize) -> Result<Vec<Fanout>, Fault> {
    query::list(db, sql::FANOUT_LIST, (limit,), |row| {
        Ok(Fanout {
            tenant_no: TenantNo(row.get(0)?),
            event_id: EventId::from_bytes(row.get(1)?),
            targets: codec::decode_targets(row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?)?,
            next_number: row.get(3)?,
        })
    })
}

/// Makes the steps of a commit; answers what may be sent, each lane in its order.
pub(super) fn proceed(work: &mut Work<'_>, commit: &Commit) -> Result<Vec<QueuedDelivery>, Fault> {
    let mut queued = Vec::new();
    if !commit.fanouts.is_empty() {
        Places::with(work.db, |places| {
            commit.fanouts.iter().try_for_each(|step| proceed_one(work, places, step, commit.at, &mut queued))
        })?;
    }
    queued.sort_by_key(|delivery| (delivery.lane, delivery.handle));
    Ok(queued)
}

/// What is stored of a fan-out.
struct Stored {
    event_no: i64,
    next_number: u16,
    targets: Vec<FanoutTarget>,
}

fn proceed_one(
    work: &mut Work<'_>,
    places: &mut Places<'_>,
    step: &Fanout,
    at: Timestamp,
    queued: &mut Vec<QueuedDelivery>,
) -> Result<(), Fault> {
    if !work.known.tenants.contains_key(&step.tenant_no) {
        return Ok(());
    }
    let Some((mut stored, event)) = find(work.db, step)? else { return Ok(()) };
    let event = Arc::new(event);
    for (target, number) in step.targets.iter().zip(step.next_number..) {
        let place = stored.targets.iter().position(|left| left.subscription_no == target.subscription_no);
        let Some(place) = place else { continue };
        stored.targets.remove(place);
        stored.next_number += 1;
        let new = NewDelivery { id: step.event_id.delivery(number), target: *target };
        let delivery_no = delivery_no(stored.event_no, new.id);
        let placed = Placed { tenant_no: step.tenant_no, delivery_no, new: &new, at, is_late: true };
        match fate(work.known, target) {
            Fate::Skipped => {}
            Fate::Cancelled => places.place_paused(&mut work.listings, &placed)?,
            Fate::Held => {
                places.enqueue((work.known, &mut work.listings), &placed, &event)?;
            }
            Fate::Sent => queued.push(places.enqueue((work.known, &mut work.listings), &placed, &event)?),
        }
    }
    keep(work, step.tenant_no, &stored)
}

/// What becomes of a target, as its subscription stands now.
enum Fate {
    /// The subscription was deleted.
    Skipped,
    /// It was paused: nothing is queued for later.
    Cancelled,
    /// Its receiver is gone: the delivery waits, and is not handed out.
    Held,
    /// It is active.
    Sent,
}

fn fate(known: &Known, target: &FanoutTarget) -> Fate {
    match known.lanes.get(&target.subscription_no) {
        None => Fate::Skipped,
        Some(lane) if lane.paused => Fate::Cancelled,
        Some(_) if known.gone.contains_key(&target.subscription_no) => Fate::Held,
        Some(_) => Fate::Sent,
    }
}

fn find(db: &Connection, step: &Fanout) -> Result<Option<(Stored, postroad_domain::Event)>, Fault> {
    let Some(event_no) = events::number(db, step.tenant_no, step.event_id)? else { return Ok(None) };
    let stored = query::find(db, sql::FANOUT_FIND, (event_no,), |row| {
        let targets = codec::decode_targets(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?;
        Ok(Stored { event_no, next_number: row.get(0)?, targets })
    })?;
    let Some(stored) = stored else { return Ok(None) };
    Ok(events::by_number(db, event_no)?.map(|event| (stored, event)))
}

fn keep(work: &mut Work<'_>, tenant_no: TenantNo, stored: &Stored) -> Result<(), Fault> {
    let db = work.db;
    if stored.targets.is_empty() {
        query::run(db, sql::FANOUT_DELETE, (stored.event_no,))?;
        work.known.prune.release(tenant_no, stored.event_no);
    } else {
        let targets = codec::encode_targets(&stored.targets);
        query::run(db, sql::FANOUT_UPDATE, (stored.event_no, stored.next_number, targets))?;
    }
    Ok(())
}
