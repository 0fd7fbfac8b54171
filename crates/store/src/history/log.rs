//! Reading a tenant's log: its events in the order in which they were accepted, each with its offset.

use postroad_domain::{EventId, EventOffset, EventType, TenantNo};

/// Asks for the log of a tenant, oldest first.
#[derive(Clone, Debug)]
pub struct ReadLog {
    /// Whose.
    pub tenant_no: TenantNo,
    /// Entries with this offset and later ones.
    pub from: EventOffset,
    /// Of these types; empty for all.
    pub types: Vec<EventType>,
    /// At most so many. A reading also ends after [`postroad_domain::limits::PAGE_ROWS_SCANNED_MAX`] entries were looked
    /// at, so a rare type gives few entries, or none, and a `next` behind what was looked at.
    pub limit: usize,
}

/// An event in its tenant's log. Tests of subscriptions have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Its place: what was seen once stays so.
    pub offset: EventOffset,
    /// The event.
    pub event: EventId,
    /// Its type.
    pub event_type: EventType,
}

/// Part of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRead {
    /// In ascending order of their offsets.
    pub entries: Vec<LogEntry>,
    /// Where the next reading begins: behind the last entry that was looked at, also when none is answered. It is the `from`
    /// that was asked for when nothing was looked at.
    pub next: EventOffset,
    /// The offset of the oldest event that is left; `end` when none is.
    pub oldest: EventOffset,
    /// The offset that the next event has at the earliest. No event appears below it any more, except while events that
    /// were stored before offsets are numbered: then a reading ends where the numbers end, and goes on there later.
    pub end: EventOffset,
}
