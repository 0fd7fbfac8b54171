//! Events that are added to a delivery that waits: the delivery becomes a group.
//!
//! **Invariant:** no event is added to a delivery of which an attempt may have begun. Events come behind the outcomes of their
//! commit, only to what is not due yet, and never again once an attempt is recorded.

use postroad_domain::{
    Status, SubscriptionNo, TenantNo, Timestamp,
    limits::{DELIVERY_EVENTS_BYTES_MAX, DELIVERY_EVENTS_MAX},
};
use postroad_store::{Commit, MemberResult, NewMember};
use rusqlite::Connection;

use crate::{
    codes::{self, Extras},
    error::Fault,
    numbers::delivery_no,
    reading::{events, groups},
    sql::{self, query},
    writer::work::Work,
};

/// Adds the events of a commit in their order.
pub(super) fn add(work: &mut Work<'_>, commit: &Commit) -> Result<Vec<MemberResult>, Fault> {
    commit.members.iter().map(|new| add_one(work, new, commit.at)).collect()
}

fn add_one(work: &mut Work<'_>, new: &NewMember, at: Timestamp) -> Result<MemberResult, Fault> {
    let (db, tenant_no) = (work.db, new.tenant_no);
    if !work.known.tenants.contains_key(&tenant_no) {
        return Ok(MemberResult::NotFound);
    }
    let event = query::find(db, sql::MEMBER_EVENT, (tenant_no.0, new.event.as_bytes()), |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, u64>(1)?))
    })?;
    let first = events::number(db, tenant_no, new.delivery.first_event())?;
    let (Some((event_no, bytes)), Some(first)) = (event, first) else { return Ok(MemberResult::NotFound) };
    let delivery_no = delivery_no(first, new.delivery);
    let Some(group) = Group::find(db, tenant_no, delivery_no)? else { return Ok(MemberResult::NotFound) };
    if event_no == first || query::find(db, sql::MEMBER_FIND, (event_no, delivery_no), |_| Ok(()))?.is_some()
    {
        return Ok(MemberResult::Added);
    }
    let (count, sum) = group.size(db)?;
    let (place, sum) = (count + 1, sum + bytes);
    let has_room = place as usize <= DELIVERY_EVENTS_MAX && sum <= DELIVERY_EVENTS_BYTES_MAX;
    if event_no < first || !has_room || !group.is_open(work, at)? {
        return Ok(MemberResult::Refused);
    }
    query::run(db, sql::MEMBER_INSERT, (delivery_no, place, event_no, sum))?;
    if !group.extras.members {
        query::run(db, sql::MEMBER_NOTE, (delivery_no,))?;
    }
    work.known.grew(group.sub_no, (group.due, delivery_no), bytes);
    work.known.has_extras = true;
    Ok(MemberResult::Added)
}

/// A delivery to which an event is to be added.
struct Group {
    tenant_no: TenantNo,
    delivery_no: i64,
    sub_no: SubscriptionNo,
    status: Status,
    attempts: u32,
    extras: Extras,
    /// When it is due, while it waits.
    due: i64,
    /// Of its first event's data.
    first_bytes: u64,
}

impl Group {
    fn find(db: &Connection, tenant_no: TenantNo, delivery_no: i64) -> Result<Option<Self>, Fault> {
        query::find(db, sql::MEMBER_TARGET, (delivery_no, tenant_no.0), |row| {
            let (attempts, extras) = codes::attempts_of(row.get(2)?)?;
            Ok(Self {
                tenant_no,
                delivery_no,
                sub_no: SubscriptionNo(row.get(0)?),
                status: codes::status_of(row.get(1)?)?,
                attempts,
                extras,
                due: row.get(3)?,
                first_bytes: row.get(4)?,
            })
        })
    }

    /// How many events it has, and the bytes of their data.
    fn size(&self, db: &Connection) -> Result<(u32, u64), Fault> {
        let group = groups::group(db, self.delivery_no, self.extras)?;
        Ok(group.map_or((1, self.first_bytes), |group| (group.events.get(), group.bytes)))
    }

    /// Whether it takes events: it waits, was never tried, and is not due yet. What was called off stands in another generation.
    fn is_open(&self, work: &Work<'_>, at: Timestamp) -> Result<bool, Fault> {
        let waits = self.status == Status::Queued && self.attempts == 0 && self.due > at.as_micros();
        let Some(lane) = work.known.lanes.get(&self.sub_no).filter(|_| waits) else { return Ok(false) };
        let place = (self.tenant_no.0, self.sub_no.0, lane.generation, self.due, self.delivery_no);
        Ok(query::find(work.db, sql::QUEUE_FIND, place, |_| Ok(()))?.is_some())
    }
}
