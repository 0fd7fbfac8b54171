//! Events that are sent together with others: each joins the group that takes it, or opens one.
//!
//! **Invariant:** no event is added to a delivery of which an attempt may have begun. It is added only while the group's window is
//! open and its delivery waits where the window's end put it: one that was tried, sent now or called off stands elsewhere.

use postroad_domain::{Status, Timestamp};
use postroad_store::{Change, FanoutTarget, GroupTarget, LaneKey};
use rusqlite::Connection;

use crate::{
    codes,
    error::Fault,
    reading::groups,
    sql::{self, query},
    writer::{
        deliveries::{Moved, move_place},
        known::Known,
        open_groups::{Contents, OpenGroup},
    },
};

/// An event on its way into a group.
pub(super) struct Joining {
    /// Where it goes.
    pub(super) lane: LaneKey,
    /// Its number.
    pub(super) event_no: i64,
    /// Bytes of its data.
    pub(super) bytes: u64,
    /// What was matched.
    pub(super) target: FanoutTarget,
    /// How its events are grouped.
    pub(super) group: GroupTarget,
    /// Now.
    pub(super) at: Timestamp,
}

/// Adds the event to the group that takes it; `false` when none does, so that it opens one.
pub(super) fn join(
    db: &Connection,
    (known, announced): (&mut Known, &mut Vec<Change>),
    new: &Joining,
) -> Result<bool, Fault> {
    let (sub_no, key) = (new.lane.subscription_no, new.group.key);
    let Some(open) = known.open_groups.get(sub_no, key).filter(|open| open.closes_at > new.at) else {
        return Ok(false);
    };
    let Some(generation) = known.lanes.get(&sub_no).map(|lane| lane.generation) else { return Ok(false) };
    let Some(contents) = contents(db, &open, (new.lane, generation))? else { return Ok(false) };
    if contents.bytes + new.bytes > u64::from(new.group.bytes_max) {
        close(db, (known, announced), (new, generation), (open, open.due(contents), contents))?;
        return Ok(false);
    }
    let grown = Contents {
        events: contents.events + 1,
        bytes: contents.bytes + new.bytes,
        ready_at: contents.ready_at.max(new.target.due),
        expires_at: contents.expires_at.max(new.target.expires_at),
    };
    query::run(db, sql::MEMBER_INSERT, (open.delivery_no, grown.events, new.event_no, grown.bytes))?;
    if contents.events == 1 {
        query::run(db, sql::MEMBER_NOTE, (open.delivery_no,))?;
    }
    known.has_extras = true;
    known.grew(sub_no, (open.due(contents).as_micros(), open.delivery_no), new.bytes);
    if is_full(grown, new.group) {
        close(db, (known, announced), (new, generation), (open, open.due(contents), grown))?;
        return Ok(true);
    }
    let (from, to) = (open.due(contents), open.due(grown));
    if from != to || contents.expires_at != grown.expires_at {
        let delivery_no = open.delivery_no;
        let moved = Moved {
            lane: new.lane,
            generation,
            delivery_no,
            tries: 0,
            from,
            to,
            expires_at: grown.expires_at,
        };
        move_place(db, known, &moved)?;
    }
    known.open_groups.set_contents(db, (sub_no, key), grown)?;
    Ok(true)
}

/// Notes a group that was just created with its first event; answers when it is due.
pub(super) fn open(
    db: &Connection,
    (known, announced): (&mut Known, &mut Vec<Change>),
    new: &Joining,
    delivery_no: i64,
) -> Result<Timestamp, Fault> {
    let (sub_no, key) = (new.lane.subscription_no, new.group.key);
    let contents = Contents {
        events: 1,
        bytes: new.bytes,
        ready_at: new.target.due.max(new.at),
        expires_at: new.target.expires_at,
    };
    let open = OpenGroup {
        delivery_no,
        closes_at: new.group.closes_at(new.at),
        contents: Some(contents),
        noted_ready_at: Some(contents.ready_at),
    };
    known.open_groups.open(db, (sub_no, key), open)?;
    if is_full(contents, new.group)
        && let Some(generation) = known.lanes.get(&sub_no).map(|lane| lane.generation)
    {
        return close(db, (known, announced), (new, generation), (open, open.due(contents), contents));
    }
    Ok(open.due(contents))
}

fn is_full(contents: Contents, group: GroupTarget) -> bool {
    contents.events >= u32::from(group.events_max) || contents.bytes >= u64::from(group.bytes_max)
}

/// The group takes no more, and is due before its window is over; its place in the queue is at `from`. Answers when it is due.
fn close(
    db: &Connection,
    (known, announced): (&mut Known, &mut Vec<Change>),
    (new, generation): (&Joining, i64),
    (open, from, contents): (OpenGroup, Timestamp, Contents),
) -> Result<Timestamp, Fault> {
    known.open_groups.close(db, (new.lane.subscription_no, new.group.key))?;
    let (delivery_no, to) = (open.delivery_no, contents.ready_at.max(new.at));
    let expires_at = contents.expires_at;
    move_place(
        db,
        known,
        &Moved { lane: new.lane, generation, delivery_no, tries: 0, from, to, expires_at },
    )?;
    announced.push(Change::Lane(new.lane));
    Ok(to)
}

/// What the group holds, if its delivery waits where the end of its window put it.
fn contents(
    db: &Connection,
    open: &OpenGroup,
    (lane, generation): (LaneKey, i64),
) -> Result<Option<Contents>, Fault> {
    let contents = match open.contents {
        Some(contents) => Some(contents),
        None => read(db, open, (lane, generation))?,
    };
    let Some(contents) = contents else { return Ok(None) };
    let due = open.due(contents).as_micros();
    let place = (lane.tenant_no.0, lane.subscription_no.0, generation, due, open.delivery_no);
    let tries = query::find(db, sql::QUEUE_PLACE, place, |row| Ok(row.get::<_, u32>(0)?))?;
    Ok((tries == Some(0)).then_some(contents))
}

/// Reads what the group holds: behind a start it is not known.
fn read(
    db: &Connection,
    open: &OpenGroup,
    (lane, generation): (LaneKey, i64),
) -> Result<Option<Contents>, Fault> {
    let found = query::find(db, sql::GROUP_FIND, (open.delivery_no,), |row| {
        let (attempts, extras) = codes::attempts_of(row.get(1)?)?;
        let status = codes::status_of(row.get(0)?)?;
        let due = Timestamp::from_micros(row.get(2)?);
        Ok((status, attempts, extras, due, row.get::<_, u64>(3)?))
    })?;
    let Some((Status::Queued, 0, extras, due, first_bytes)) = found else { return Ok(None) };
    let place = (lane.tenant_no.0, lane.subscription_no.0, generation, due.as_micros(), open.delivery_no);
    let expires_at = query::find(db, sql::QUEUE_PLACE, place, |row| Ok(Timestamp::from_micros(row.get(1)?)))?;
    let Some(expires_at) = expires_at else { return Ok(None) };
    let group = groups::group(db, open.delivery_no, extras)?;
    let (events, bytes) = group.map_or((1, first_bytes), |group| (group.events.get(), group.bytes));
    // Where its row does not say it, it is not sent before it is due now, should it be full.
    let ready_at = open.noted_ready_at.filter(|_| due == open.closes_at).unwrap_or(due);
    Ok(Some(Contents { events, bytes, ready_at, expires_at }))
}
