//! Reading events.
//!
//! Events are numbered in the order of commits, and each commit is later than the one before. So a moment is a place
//! among the numbers, found by halving, and a list within a span of time is a range of numbers.
//!
//! Tests of subscriptions are the exception: each is written when its exchange is over, so it stands among events that
//! are later than its own moment by up to the deadline of an exchange. The halving passes over them. So a list that ends
//! at a moment within such an exchange may leave the test out; every other one shows it.

use bytes::Bytes;
use postroad_domain::{
    Event, EventId, EventType, ProfileNo, TenantNo, Timestamp, TraceContext,
    limits::{PAGE_BYTES_MAX, PAGE_ROWS_SCANNED_MAX},
};
use postroad_store::{EventFilter, ListEvents, Page};
use rusqlite::{Connection, Row};

use crate::{
    codec, codes,
    error::Fault,
    reading::{
        moment::{Line, behind_last, place_of},
        tenants,
        unlisted::Tail,
    },
    sql::{self, query},
};

/// How moments are found among the numbers of events.
const LINE: Line = Line { last: sql::EVENT_LAST, probe: sql::EVENT_PROBE };
/// Event numbers read at a time.
const CHUNK: usize = 256;

/// One event of a tenant.
pub(crate) fn by_id(db: &Connection, tenant_no: TenantNo, id: EventId) -> Result<Option<Event>, Fault> {
    if !tenants::lives(db, tenant_no)? {
        return Ok(None);
    }
    query::find(db, sql::EVENT_BY_ID, (tenant_no.0, id.as_bytes()), read)
}

/// One event by its number.
pub(crate) fn by_number(db: &Connection, event_no: i64) -> Result<Option<Event>, Fault> {
    query::find(db, sql::EVENT_BY_NO, (event_no,), read)
}

/// When the newest event was accepted. A test is written when its exchange is over, so it may stand behind events that are newer.
pub(crate) fn newest(db: &Connection) -> Result<Timestamp, Fault> {
    let newest = query::list(db, sql::EVENT_NEWEST, (), |row| Ok(Timestamp::from_micros(row.get(0)?)))?;
    Ok(newest.into_iter().max().unwrap_or_default())
}

/// The number of a tenant's event.
pub(crate) fn number(db: &Connection, tenant_no: TenantNo, id: EventId) -> Result<Option<i64>, Fault> {
    query::find(db, sql::EVENT_NO, (tenant_no.0, id.as_bytes()), |row| Ok(row.get(0)?))
}

/// Events of a tenant, newest first; `tail` holds the newest of them.
pub(crate) fn list(db: &Connection, list: &ListEvents, tail: &Tail) -> Result<Page<Event, EventId>, Fault> {
    let mut page = Page { items: Vec::new(), next: None };
    if !tenants::lives(db, list.tenant_no)? {
        return Ok(page);
    }
    let first = first_since(db, list.filter.since)?;
    let mut end = end_before(db, list.filter.until)?;
    if let Some(after) = list.after {
        end = end.min(place_behind(db, list.tenant_no, after)?);
    }
    let mut looked_at = None;
    let (mut looks, mut bytes) = (0, 0);
    loop {
        let numbers = numbers(db, (list.tenant_no, tail), first, end, CHUNK)?;
        for event_no in &numbers {
            if page.items.len() == list.limit || looks == PAGE_ROWS_SCANNED_MAX || bytes >= PAGE_BYTES_MAX {
                page.next = looked_at;
                return Ok(page);
            }
            looks += 1;
            end = *event_no;
            let Some(head) = query::find(db, sql::EVENT_HEAD, (event_no,), Head::read)? else { continue };
            looked_at = Some(head.id);
            if head.passes(&list.filter)
                && let Some(event) = by_number(db, *event_no)?
            {
                bytes += event.bytes();
                page.items.push(event);
            }
        }
        if numbers.len() < CHUNK {
            return Ok(page);
        }
    }
}

/// The numbers of a tenant's events from `first` up to but not including `end`, newest first.
pub(crate) fn numbers(
    db: &Connection,
    (tenant_no, tail): (TenantNo, &Tail),
    first: i64,
    end: i64,
    limit: usize,
) -> Result<Vec<i64>, Fault> {
    tail.numbers(first, end, limit, |end, limit| {
        query::list(db, sql::EVENT_LISTING, (tenant_no.0, first, end, limit), |row| Ok(row.get(0)?))
    })
}

/// The number from which on events were accepted at `since` or later.
pub(crate) fn first_since(db: &Connection, since: Option<Timestamp>) -> Result<i64, Fault> {
    since.map_or(Ok(0), |since| place_of(db, LINE, since))
}

/// The number below which events were accepted before `until`.
pub(crate) fn end_before(db: &Connection, until: Option<Timestamp>) -> Result<i64, Fault> {
    match until {
        Some(until) => place_of(db, LINE, until),
        None => behind_last(db, LINE),
    }
}

/// Reads an event's columns, which stand first in the row.
pub(crate) fn read(row: &Row<'_>) -> Result<Event, Fault> {
    let tags = row.get_ref(5)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
    let (deliveries, test) = codes::deliveries_of(row.get(4)?)?;
    Ok(Event {
        id: EventId::from_bytes(row.get(0)?),
        event_type: event_type(row, 1)?,
        accepted_at: Timestamp::from_micros(row.get(2)?),
        occurred_at: row.get::<_, Option<i64>>(3)?.map(Timestamp::from_micros),
        deliveries,
        tags: codec::decode_tags(tags)?,
        attributes: Bytes::from(row.get::<_, Option<Vec<u8>>>(6)?.unwrap_or_default()),
        data: Bytes::from(row.get::<_, Vec<u8>>(7)?),
        profile: row.get::<_, Option<i64>>(8)?.map(ProfileNo),
        tenant_version: row.get(9)?,
        trace: trace(row)?,
        test,
    })
}

/// Reads the trace of an event. What was written is one: another text counts as none, for no delivery may wait for it.
fn trace(row: &Row<'_>) -> Result<Option<Box<TraceContext>>, Fault> {
    let text = row.get_ref(10)?.as_str_or_null().map_err(rusqlite::Error::from)?;
    Ok(text.and_then(TraceContext::from_text).map(Box::new))
}

/// Reads an event type from a column.
pub(crate) fn event_type(row: &Row<'_>, column: usize) -> Result<EventType, Fault> {
    let text = row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?;
    EventType::parse(text).map_err(|_| Fault::Corrupt("an event has a type that is none"))
}

/// What filters ask of an event. Its data is not read with it: of what a list passes over it would be the most.
pub(crate) struct Head {
    /// Its id.
    pub(crate) id: EventId,
    event_type: EventType,
    accepted_at: Timestamp,
}

impl Head {
    /// Reads the columns, which stand first in the row.
    pub(crate) fn read(row: &Row<'_>) -> Result<Self, Fault> {
        Ok(Self {
            id: EventId::from_bytes(row.get(0)?),
            event_type: event_type(row, 1)?,
            accepted_at: Timestamp::from_micros(row.get(2)?),
        })
    }

    /// Whether a filter lets the event through.
    pub(crate) fn passes(&self, filter: &EventFilter) -> bool {
        filter.event_type.as_ref().is_none_or(|wanted| *wanted == self.event_type)
            && filter.since.is_none_or(|since| self.accepted_at >= since)
            && filter.until.is_none_or(|until| self.accepted_at < until)
    }
}

/// Where a list goes on behind an event. One that was erased in between left its moment in its id.
fn place_behind(db: &Connection, tenant_no: TenantNo, after: EventId) -> Result<i64, Fault> {
    match number(db, tenant_no, after)? {
        Some(event_no) => Ok(event_no),
        None => place_of(db, LINE, after.timestamp()),
    }
}

/// The same among the events of all tenants.
pub(crate) fn place_of_any(db: &Connection, after: EventId) -> Result<i64, Fault> {
    match query::find(db, sql::EVENT_NO_OF_ANY, (after.as_bytes(),), |row| Ok(row.get(0)?))? {
        Some(event_no) => Ok(event_no),
        None => place_of(db, LINE, after.timestamp()),
    }
}
