//! Reading a tenant's log.
//!
//! The listing of a tenant's events is its log: entries ascend by the number of their event, and so do their offsets. So an
//! offset is found by halving, and no second order is kept.
//!
//! What was stored before there were offsets gets them behind the start (`maintenance/numbering`), oldest first:
//! until that is done a tenant's log ends where the numbers end, though newer entries have theirs, and whoever reads at
//! these sees them.

use postroad_domain::{EventId, EventOffset, TenantNo, limits::PAGE_ROWS_SCANNED_MAX};
use postroad_store::{LogEntry, LogRead, ReadLog};
use rusqlite::Connection;

use crate::{
    codes,
    error::Fault,
    log_no::{LogNo, LogPlace},
    reading::{events, log_types::type_no, tenants, unlisted::Tail},
    sql::{self, query},
};

/// Entries read at a time.
const CHUNK: usize = 256;
/// An entry that does not tell the type of its event costs as much as so many that do: the event must be read.
const LOOKS_PER_EVENT: usize = 10;

/// An entry of the log.
#[derive(Clone, Copy)]
struct Entry {
    event_no: i64,
    place: LogPlace,
}

/// Part of a tenant's log; `tail` holds its newest entries. `None` when there is no such tenant.
pub(crate) fn read(db: &Connection, read: &ReadLog, tail: &Tail) -> Result<Option<LogRead>, Fault> {
    if !tenants::lives(db, read.tenant_no)? {
        return Ok(None);
    }
    let end = offset(end(db, read.tenant_no, newest(db, read.tenant_no, tail)?)?);
    let oldest = oldest(db, read.tenant_no, tail)?.unwrap_or(end);
    let mut reading = Reading {
        db,
        read,
        types: types(db, read)?,
        looks: 0,
        answer: LogRead { entries: Vec::new(), next: read.from, oldest, end },
    };
    reading.walk(tail)?;
    Ok(Some(reading.answer))
}

/// The newest row of a tenant: the number of its event and its place.
pub(crate) fn newest(
    db: &Connection,
    tenant_no: TenantNo,
    tail: &Tail,
) -> Result<Option<(i64, LogNo)>, Fault> {
    if let Some((event_no, place)) = tail.newest() {
        return Ok(Some((event_no, place.log_no)));
    }
    query::find(db, sql::LOG_NEWEST, (tenant_no.0, tail.mark()), |row| Ok((row.get(0)?, LogNo(row.get(1)?))))
}

/// The offset that the next event of a tenant has, whose newest row is given.
pub(crate) fn end(db: &Connection, tenant_no: TenantNo, newest: Option<(i64, LogNo)>) -> Result<i64, Fault> {
    let kept = query::find(db, sql::LOG_NEXT_OFFSET, (tenant_no.0,), |row| Ok(row.get::<_, i64>(0)?))?;
    let behind_newest = newest.map_or(1, |(_, log_no)| log_no.next());
    Ok(kept.unwrap_or(1).max(behind_newest))
}

/// The lowest offset that is left.
fn oldest(db: &Connection, tenant_no: TenantNo, tail: &Tail) -> Result<Option<EventOffset>, Fault> {
    let listed = entries(db, tenant_no, (0, tail.mark()), 1)?.first().copied();
    let first = listed.map(|entry| entry.place).or_else(|| tail.entries().next().map(|(_, place)| place));
    Ok(first.map(|place| match place.log_no {
        LogNo::UNNUMBERED => EventOffset::FIRST,
        LogNo(log_no) => offset(log_no.abs()),
    }))
}

/// The numbers of the types that are wanted; `None` when all are.
fn types(db: &Connection, read: &ReadLog) -> Result<Option<Vec<u32>>, Fault> {
    if read.types.is_empty() {
        return Ok(None);
    }
    let numbers = read.types.iter().map(|name| type_no(db, read.tenant_no, name.as_str()));
    numbers.filter_map(Result::transpose).collect::<Result<_, _>>().map(Some)
}

/// Entries of a tenant in the table, from an event number up to but not including another.
fn entries(
    db: &Connection,
    tenant_no: TenantNo,
    (first, end): (i64, i64),
    limit: usize,
) -> Result<Vec<Entry>, Fault> {
    query::list(db, sql::LOG_ENTRIES, (tenant_no.0, first, end, limit), |row| {
        let place = LogPlace { log_no: LogNo(row.get(1)?), type_no: row.get(2)? };
        Ok(Entry { event_no: row.get(0)?, place })
    })
}

fn offset(number: i64) -> EventOffset {
    EventOffset(u64::try_from(number).unwrap_or_default())
}

/// A reading under way.
struct Reading<'a> {
    db: &'a Connection,
    read: &'a ReadLog,
    types: Option<Vec<u32>>,
    looks: usize,
    answer: LogRead,
}

impl Reading<'_> {
    fn walk(&mut self, tail: &Tail) -> Result<(), Fault> {
        let from = i64::try_from(self.read.from.0).unwrap_or(i64::MAX);
        let mut next = self.find(from, tail)?;
        while next < tail.mark() {
            let chunk = entries(self.db, self.read.tenant_no, (next, tail.mark()), CHUNK)?;
            for entry in &chunk {
                if !self.look(*entry)? {
                    return Ok(());
                }
                next = entry.event_no + 1;
            }
            if chunk.len() < CHUNK {
                break;
            }
        }
        for (event_no, place) in tail.entries().skip_while(|(_, place)| !place.log_no.reaches(from)) {
            if !self.look(Entry { event_no, place })? {
                break;
            }
        }
        Ok(())
    }

    /// The smallest event number in the table from which on entries reach an offset; the tail's mark when none does.
    fn find(&self, from: i64, tail: &Tail) -> Result<i64, Fault> {
        let (mut low, mut high) = (0, tail.mark());
        if tail.entries().next().is_some_and(|(_, place)| !place.log_no.reaches(from)) {
            return Ok(high);
        }
        while low < high {
            let middle = low + (high - low) / 2;
            match entries(self.db, self.read.tenant_no, (middle, high), 1)?.first() {
                Some(entry) if !entry.place.log_no.reaches(from) => low = entry.event_no + 1,
                Some(_) | None => high = middle,
            }
        }
        Ok(low)
    }

    /// Looks at an entry; answers false, and leaves it, when the reading has done enough or the entry has no offset yet.
    fn look(&mut self, entry: Entry) -> Result<bool, Fault> {
        let is_over = self.answer.entries.len() == self.read.limit || self.looks >= PAGE_ROWS_SCANNED_MAX;
        if is_over || entry.place.log_no == LogNo::UNNUMBERED {
            return Ok(false);
        }
        self.looks += 1;
        if let Some(offset) = entry.place.log_no.offset()
            && self.may_be_wanted(entry.place.type_no)
        {
            if entry.place.type_no == 0 {
                self.looks += LOOKS_PER_EVENT;
            }
            self.answer.entries.extend(self.entry(entry.event_no, offset)?);
        }
        self.answer.next = self.answer.next.max(offset(entry.place.log_no.next()));
        Ok(true)
    }

    fn may_be_wanted(&self, type_no: u32) -> bool {
        type_no == 0 || self.types.as_ref().is_none_or(|wanted| wanted.contains(&type_no))
    }

    /// What is answered of an event; nothing when it is not wanted. A test from before there were offsets may have one, as
    /// whoever numbers what is old reads no event.
    fn entry(&self, event_no: i64, offset: EventOffset) -> Result<Option<LogEntry>, Fault> {
        let found = query::find(self.db, sql::LOG_EVENT, (event_no,), |row| {
            let (_, is_test) = codes::deliveries_of(row.get(2)?)?;
            let event = EventId::from_bytes(row.get(0)?);
            Ok((LogEntry { offset, event, event_type: events::event_type(row, 1)? }, is_test))
        })?;
        let is_wanted =
            |entry: &LogEntry| self.read.types.is_empty() || self.read.types.contains(&entry.event_type);
        Ok(found.filter(|(entry, is_test)| !is_test && is_wanted(entry)).map(|(entry, _)| entry))
    }
}
