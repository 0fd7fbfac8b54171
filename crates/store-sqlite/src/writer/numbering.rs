//! How far events from before there were offsets have theirs: a part of the writer's memory. The walk is in
//! `maintenance/numbering`.

use rusqlite::Connection;

use crate::{
    error::Fault,
    sql::{self, query},
};

/// The kept number of the first event that came with an offset. It is there as long as older ones have none.
const END_COUNTER: &str = "unnumbered_before";
/// The kept tenant at which the walk stands.
const TENANT_COUNTER: &str = "numbering_tenant";
/// The kept number of that tenant's first event without an offset.
const EVENT_COUNTER: &str = "numbering_event";
/// The kept offset of that event.
const OFFSET_COUNTER: &str = "numbering_offset";

/// Where the walk stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbering {
    /// Events from this number on came with an offset.
    pub(crate) end: i64,
    /// The tenant whose turn it is.
    pub(crate) tenant_no: i64,
    /// The tenant's events below this number have their offsets.
    pub(crate) event_no: i64,
    /// The offset of the tenant's next event.
    pub(crate) offset: i64,
}

impl Numbering {
    /// As it was kept; `None` when every event has its offset.
    pub(crate) fn of(kept: impl Fn(&str) -> Option<i64>) -> Option<Self> {
        Some(Self {
            end: kept(END_COUNTER)?,
            tenant_no: kept(TENANT_COUNTER).unwrap_or_default(),
            event_no: kept(EVENT_COUNTER).unwrap_or_default(),
            offset: kept(OFFSET_COUNTER).unwrap_or(1),
        })
    }

    /// Keeps it: in the transaction that got so far.
    pub(crate) fn keep(&self, db: &Connection) -> Result<(), Fault> {
        query::run(db, sql::COUNTER_PUT, (TENANT_COUNTER, self.tenant_no))?;
        query::run(db, sql::COUNTER_PUT, (EVENT_COUNTER, self.event_no))?;
        query::run(db, sql::COUNTER_PUT, (OFFSET_COUNTER, self.offset))?;
        Ok(())
    }

    /// Every event has its offset.
    pub(crate) fn forget(db: &Connection) -> Result<(), Fault> {
        for counter in [END_COUNTER, TENANT_COUNTER, EVENT_COUNTER, OFFSET_COUNTER] {
            query::run(db, sql::COUNTER_DELETE, (counter,))?;
        }
        Ok(())
    }
}
