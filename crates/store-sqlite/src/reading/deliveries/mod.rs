//! Deliveries: reading one here, lists in [`list`], changing one in [`crate::writer::deliveries`].

mod found;
pub(crate) mod list;
pub(crate) mod standing;

use std::{sync::Arc, time::Duration};

pub(crate) use found::Found;

use postroad_domain::{
    Attempt, AttemptId, DeliveryId, Event, EventId, Status, SubscriptionId, SubscriptionNo, TenantNo,
    Timestamp,
    delivery::{Delivery, StoredBody},
    limits::{DELIVERY_EVENTS_LISTED_MAX, DELIVERY_EVENTS_MAX},
};
use postroad_store::LaneKey;
use rusqlite::{Connection, Row};

use crate::{
    codec, codes,
    error::Fault,
    numbers::{DELIVERY_BITS, delivery_id, delivery_no},
    reading::{events, groups, tenants},
    sql::{self, query},
};

/// One delivery of a tenant.
pub(crate) fn by_id(db: &Connection, tenant_no: TenantNo, id: DeliveryId) -> Result<Option<Delivery>, Fault> {
    let Some(mut found) = find(db, tenant_no, id, DELIVERY_EVENTS_MAX)? else { return Ok(None) };
    standing::Marks::new(db).show(&mut found)?;
    Ok(Some(found.delivery))
}

/// All events of a delivery, in the order in which they are sent; none when there is no such delivery.
pub(crate) fn events(db: &Connection, tenant_no: TenantNo, id: DeliveryId) -> Result<Vec<Event>, Fault> {
    let Some(found) = find(db, tenant_no, id, 1)? else { return Ok(Vec::new()) };
    let mut all = Vec::from_iter(events::by_number(db, found.no >> DELIVERY_BITS)?);
    if found.extras.members {
        all.extend(groups::members(db, found.no)?);
    }
    Ok(all)
}

/// What the first attempt of a delivery sent, where it was kept.
pub(crate) fn stored_body(
    db: &Connection,
    tenant_no: TenantNo,
    id: DeliveryId,
) -> Result<Option<Arc<StoredBody>>, Fault> {
    let found = find(db, tenant_no, id, 1)?;
    found.map_or(Ok(None), |found| groups::body(db, found.no, found.extras))
}

/// Deliveries by their numbers, of a tenant that lives.
pub(crate) fn by_numbers(db: &Connection, numbers: &[i64]) -> Result<Vec<Delivery>, Fault> {
    let mut marks = standing::Marks::new(db);
    let mut deliveries = Vec::with_capacity(numbers.len());
    for number in numbers {
        if let Some(mut found) = by_no(db, *number, DELIVERY_EVENTS_LISTED_MAX)? {
            marks.show(&mut found)?;
            deliveries.push(found.delivery);
        }
    }
    Ok(deliveries)
}

/// The attempts made for a delivery, first to last.
pub(crate) fn attempts(db: &Connection, tenant_no: TenantNo, id: DeliveryId) -> Result<Vec<Attempt>, Fault> {
    let Some(found) = find(db, tenant_no, id, 1)? else { return Ok(Vec::new()) };
    let mut attempts = query::list(db, sql::ATTEMPT_LIST, (found.no,), read_attempt)?;
    // Rows stand in the order of commits; two outcomes in one commit may stand in any.
    attempts.sort_by_key(|attempt| attempt.number);
    Ok(attempts)
}

/// One delivery as its row says; it names at most so many of its events.
pub(crate) fn find(
    db: &Connection,
    tenant_no: TenantNo,
    id: DeliveryId,
    events_max: usize,
) -> Result<Option<Found>, Fault> {
    if !tenants::lives(db, tenant_no)? {
        return Ok(None);
    }
    let Some(event_no) = events::number(db, tenant_no, id.first_event())? else { return Ok(None) };
    by_no(db, delivery_no(event_no, id), events_max)
}

fn by_no(db: &Connection, delivery_no: i64, events_max: usize) -> Result<Option<Found>, Fault> {
    let mut found = query::find(db, sql::DELIVERY_BY_NO, (delivery_no,), read)?;
    if let Some(found) = &mut found {
        name_events(db, found, events_max)?;
    }
    Ok(found)
}

/// Names the first events of a delivery, at most so many, and tells how many it has in all.
fn name_events(db: &Connection, found: &mut Found, events_max: usize) -> Result<(), Fault> {
    if found.extras.members {
        let (first, of) = (found.delivery.id.first_event(), (found.no, found.extras));
        (found.delivery.events, found.delivery.event_count) = groups::event_ids(db, of, first, events_max)?;
    }
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Found, Fault> {
    let status = codes::status_of(row.get(5)?)?;
    let at = Timestamp::from_micros(row.get(8)?);
    let created_at: Option<i64> = row.get(9)?;
    let accepted_at: i64 = row.get(12)?;
    let (no, event_id) = (row.get(0)?, EventId::from_bytes(row.get(10)?));
    let (attempts, extras) = codes::attempts_of(row.get(7)?)?;
    let delivery = Delivery {
        id: delivery_id(event_id, no),
        subscription: SubscriptionId::from_bytes(row.get(3)?),
        subscription_no: SubscriptionNo(row.get(2)?),
        subscription_version: row.get(4)?,
        events: vec![event_id],
        event_count: 1,
        event_type: events::event_type(row, 11)?,
        status,
        reason: row.get::<_, Option<i64>>(6)?.map(codes::reason_of).transpose()?,
        attempts,
        created_at: Timestamp::from_micros(created_at.unwrap_or(accepted_at)),
        due_at: (status == Status::Queued).then_some(at),
        finished_at: status.is_final().then_some(at),
        test: row.get(13)?,
    };
    let lane = LaneKey { tenant_no: TenantNo(row.get(1)?), subscription_no: delivery.subscription_no };
    Ok(Found { no, lane, delivery, at, extras, generation: row.get(14)? })
}

fn read_attempt(row: &Row<'_>) -> Result<Attempt, Fault> {
    let class = row.get::<_, Option<i64>>(5)?.map(codes::error_class_of).transpose()?;
    let request = row.get_ref(6)?.as_blob().map_err(rusqlite::Error::from)?;
    let answer = row.get_ref(7)?.as_blob().map_err(rusqlite::Error::from)?;
    let (answer, repeated) = codec::decode_answer(row.get(4)?, class, answer)?;
    Ok(Attempt {
        id: AttemptId::from_bytes(row.get(1)?),
        number: row.get(0)?,
        at: Timestamp::from_micros(row.get(2)?),
        duration: Duration::from_micros(u64::try_from(row.get::<_, i64>(3)?).unwrap_or_default()),
        repeated,
        request: codec::decode_request(request)?,
        answer,
    })
}
