//! Reading lanes: which ones wait, what the next deliveries of one are, how much waits in all.
//!
//! **Invariant:** a lane is read from its head in its current generation only. What was called off stands in another
//! generation and costs nothing here, however much it is.

use std::{collections::HashSet, sync::Arc};

use postroad_domain::{DeliveryId, Event, EventId, SubscriptionNo, TenantNo, Timestamp};
use postroad_store::{LaneKey, QueuedDelivery, Refill, Refilled, WaitingLane};
use rusqlite::Connection;

use crate::{
    error::Fault,
    numbers::{DELIVERY_BITS, delivery_id},
    reading::events,
    sql::{self, query},
};

/// The next deliveries of a lane. Reads the rows that it answers, those the caller holds and one more.
pub(crate) fn refill(db: &Connection, refill: &Refill) -> Result<Refilled, Fault> {
    let mut refilled = Refilled::default();
    let Some(generation) = sendable_generation(db, refill.lane)? else { return Ok(refilled) };
    let held: HashSet<DeliveryId> = refill.held.iter().copied().collect();
    let mut statement = db.prepare_cached(sql::LANE_READ)?;
    let mut rows = statement.query((refill.lane.tenant_no.0, refill.lane.subscription_no.0, generation))?;
    let mut bytes_left = refill.bytes_max;
    while let Some(row) = rows.next()? {
        let handle: i64 = row.get(1)?;
        let id = delivery_id(EventId::from_bytes(row.get(4)?), handle);
        if held.contains(&id) {
            continue;
        }
        let due = Timestamp::from_micros(row.get(0)?);
        if due > refill.due_by || refilled.deliveries.len() == refill.limit {
            refilled.next_due = Some(due);
            break;
        }
        let event = event_of(db, handle)?;
        if !refilled.deliveries.is_empty() && event.data.len() > bytes_left {
            refilled.next_due = Some(due);
            break;
        }
        bytes_left = bytes_left.saturating_sub(event.data.len());
        refilled.deliveries.push(QueuedDelivery {
            lane: refill.lane,
            id,
            handle,
            subscription_version: row.get(6)?,
            due,
            not_before: row.get::<_, Option<i64>>(7)?.map(Timestamp::from_micros),
            expires_at: Timestamp::from_micros(row.get(3)?),
            tries: row.get(2)?,
            attempts: row.get(5)?,
            event,
        });
    }
    Ok(refilled)
}

/// A step of the search for lanes in which something waits.
pub(crate) struct LanesFound {
    /// Lanes that may be sent.
    pub(crate) lanes: Vec<WaitingLane>,
    /// Where the next step goes on; `None` behind the last lane.
    pub(crate) position: Option<LaneKey>,
}

/// Looks at up to `looks` lanes behind `after` and answers up to `limit` of them. One seek finds the next lane, so a
/// lane costs the same whether one delivery waits in it or a million.
pub(crate) fn waiting(
    db: &Connection,
    after: LaneKey,
    limit: usize,
    looks: usize,
) -> Result<LanesFound, Fault> {
    let mut found = LanesFound { lanes: Vec::new(), position: Some(after) };
    for _ in 0..looks {
        let Some(position) = found.position.filter(|_| found.lanes.len() < limit) else { break };
        let next = next_lane(db, position)?;
        found.position = next.map(|(lane, _, _)| lane);
        if let Some((lane, generation, due)) = next {
            let next_due = head_of(db, lane, generation, due)?;
            found.lanes.extend(next_due.map(|next_due| WaitingLane { lane, next_due }));
        }
    }
    Ok(found)
}

/// The key before every lane.
pub(crate) const BEFORE_ALL: LaneKey =
    LaneKey { tenant_no: TenantNo(i64::MIN), subscription_no: SubscriptionNo(i64::MIN) };

/// How a lane stands.
pub(crate) struct LaneState {
    /// The generation in which its deliveries wait.
    pub(crate) generation: i64,
    /// It is neither paused nor gone nor deleted.
    may_send: bool,
}

/// How a lane stands; `None` when its tenant was deleted.
pub(crate) fn state(db: &Connection, lane: LaneKey) -> Result<Option<LaneState>, Fault> {
    query::find(db, sql::LANE_STATE, (lane.tenant_no.0, lane.subscription_no.0), |row| {
        Ok(LaneState { generation: row.get(0)?, may_send: row.get(1)? })
    })
}

fn sendable_generation(db: &Connection, lane: LaneKey) -> Result<Option<i64>, Fault> {
    Ok(state(db, lane)?.filter(|state| state.may_send).map(|state| state.generation))
}

/// The next lane, with the generation and due time of its first row.
pub(crate) fn next_lane(db: &Connection, after: LaneKey) -> Result<Option<(LaneKey, i64, Timestamp)>, Fault> {
    if let Some(found) = next_lane_of_tenant(db, after)? {
        return Ok(Some(found));
    }
    let next_tenant = query::find(db, sql::LANE_NEXT_TENANT, (after.tenant_no.0,), |row| Ok(row.get(0)?))?;
    let Some(tenant_no) = next_tenant else { return Ok(None) };
    next_lane_of_tenant(db, LaneKey { tenant_no: TenantNo(tenant_no), ..BEFORE_ALL })
}

fn next_lane_of_tenant(db: &Connection, after: LaneKey) -> Result<Option<(LaneKey, i64, Timestamp)>, Fault> {
    query::find(db, sql::LANE_NEXT, (after.tenant_no.0, after.subscription_no.0), |row| {
        let subscription_no = SubscriptionNo(row.get(0)?);
        Ok((LaneKey { subscription_no, ..after }, row.get(1)?, Timestamp::from_micros(row.get(2)?)))
    })
}

/// The first due time in the generation that may be handed out.
fn head_of(
    db: &Connection,
    lane: LaneKey,
    first_generation: i64,
    first_due: Timestamp,
) -> Result<Option<Timestamp>, Fault> {
    match sendable_generation(db, lane)? {
        None => Ok(None),
        Some(current) if current == first_generation => Ok(Some(first_due)),
        // The first row was called off and is not swept yet.
        Some(current) => {
            let key = (lane.tenant_no.0, lane.subscription_no.0, current);
            query::find(db, sql::LANE_HEAD, key, |row| Ok(Timestamp::from_micros(row.get(0)?)))
        }
    }
}

/// The event that a delivery carries.
fn event_of(db: &Connection, delivery_no: i64) -> Result<Arc<Event>, Fault> {
    let event = events::by_number(db, delivery_no >> DELIVERY_BITS)?;
    Ok(Arc::new(event.ok_or(Fault::Corrupt("a delivery waits without its event"))?))
}
