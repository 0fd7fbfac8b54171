//! One step of a replay: so much of its way as fits between two commits.

use postroad_domain::{DeliveryId, ReplaySelection, ReplayStatus, SubscriptionSpec, replay::ReplayFailure};
use postroad_store::{Change, FanoutTarget, LaneKey, NewDelivery, ReplayStep, ReplayStepped};

use super::progress::{end, standing, write};
use crate::{
    error::Fault,
    numbers::{delivery_id, delivery_no},
    reading::{
        replays::{
            Stored, find,
            walk::{Chore, Walk},
        },
        subscriptions,
    },
    sql::{self, query},
    writer::{
        commit::{Placed, Places},
        deliveries,
        work::Work,
    },
};

/// Makes a step; `None` when there is no such replay any more.
pub(crate) fn step(work: &mut Work<'_>, step: &ReplayStep) -> Result<Option<ReplayStepped>, Fault> {
    if !work.known.tenants.contains_key(&step.tenant_no) {
        return Ok(None);
    }
    let Some(mut stored) = find(work.db, step.tenant_no, step.id)? else { return Ok(None) };
    let lane = LaneKey { tenant_no: step.tenant_no, subscription_no: stored.replay.subscription_no };
    let mut queued = Vec::new();
    let mut is_held = false;
    if stored.replay.status == ReplayStatus::Running {
        match standing(work.known, lane.subscription_no) {
            Err(why) => end(&mut stored, ReplayStatus::Failed(why), step.at),
            Ok(()) => {
                is_held = is_crowded(work, lane, step.waiting_max)?;
                if !is_held {
                    queued = go_on(work, &mut stored, lane, step)?;
                }
            }
        }
        if !is_held {
            write(&stored, work.db)?;
        }
    }
    if !queued.is_empty() {
        work.announced.push(Change::Lane(lane));
    }
    Ok(Some(ReplayStepped { replay: stored.replay, lane, queued, is_held }))
}

/// Whether the replay must wait: what was called off is still waiting to be swept, so that it does not look cancelled yet, or
/// too much waits.
fn is_crowded(work: &Work<'_>, lane: LaneKey, waiting_max: u64) -> Result<bool, Fault> {
    let sub_no = lane.subscription_no;
    if work.known.marks_of(sub_no).next().is_some() {
        return Ok(true);
    }
    let Some(known) = work.known.lanes.get(&sub_no) else { return Ok(false) };
    match known.waiting.deliveries() {
        Some(waiting) => Ok(waiting >= waiting_max),
        // It was not counted yet since the store was opened: one look behind so many.
        None => {
            let before = i64::try_from(waiting_max.saturating_sub(1)).unwrap_or(i64::MAX);
            let place = (lane.tenant_no.0, sub_no.0, known.generation, before);
            Ok(query::find(work.db, sql::LANE_REACHES, place, |_| Ok(()))?.is_some())
        }
    }
}

/// Goes on until the step's rows, time or deliveries are used up, or the way is at its end.
fn go_on(
    work: &mut Work<'_>,
    stored: &mut Stored,
    lane: LaneKey,
    step: &ReplayStep,
) -> Result<Vec<DeliveryId>, Fault> {
    let (db, sub_no) = (work.db, lane.subscription_no);
    let deadline = work.clock.monotonic().saturating_add(step.time_max);
    let Some(subscription) = subscriptions::by_no(db, lane.tenant_no, sub_no)? else {
        end(stored, ReplayStatus::Failed(ReplayFailure::SubscriptionDeleted), step.at);
        return Ok(Vec::new());
    };
    let target = FanoutTarget {
        subscription_no: sub_no,
        subscription_version: subscription.version,
        due: step.at,
        expires_at: step.expires_at,
        group: None,
    };
    let tails = (work.unlisted.events_of(lane.tenant_no), work.unlisted.deliveries_of(sub_no));
    let what: (ReplaySelection, &SubscriptionSpec) = (stored.replay.selection, &subscription.spec);
    let mut walk = Walk::new(db, (lane.tenant_no, sub_no), what, tails, (stored.position, stored.stop));
    let (mut queued, mut rows) = (Vec::new(), 0);
    while queued.len() < step.deliveries_max
        && rows < step.rows_max
        && (rows == 0 || work.clock.monotonic() <= deadline)
    {
        let Some(found) = walk.next()? else {
            end(stored, ReplayStatus::Done, step.at);
            break;
        };
        rows += found.rows;
        stored.position = found.next;
        let progress = &mut stored.replay.progress;
        progress.examined += u64::from(!found.is_rest);
        progress.replayed += found.chore.deliveries();
        progress.skipped += u64::from(!found.is_rest && found.chore.deliveries() == 0);
        queued.extend(carry_out(work, found.chore, (lane, target), step)?);
    }
    Ok(queued)
}

/// Does what is to be done; answers what it queued.
fn carry_out(
    work: &mut Work<'_>,
    chore: Chore,
    (lane, target): (LaneKey, FanoutTarget),
    step: &ReplayStep,
) -> Result<Option<DeliveryId>, Fault> {
    Ok(match chore {
        Chore::Skip => None,
        Chore::Retry(event, delivery_no) => {
            deliveries::queue_again(work, lane, delivery_no, (step.at, step.expires_at))?;
            Some(delivery_id(event, delivery_no))
        }
        Chore::Create { event_no, event, number, bytes } => {
            let new = NewDelivery { id: event.delivery(number), target };
            let placed = Placed {
                tenant_no: lane.tenant_no,
                delivery_no: delivery_no(event_no, new.id),
                new: &new,
                at: step.at,
                is_late: true,
            };
            Places::with(work.db, |places| places.place((work.known, &mut work.listings), &placed, bytes))?;
            Some(new.id)
        }
    })
}
