//! The audit: rows in the order of commits, appended in the transaction of the change that they tell of.
//!
//! **Invariants:**
//! * no entry is earlier than the one before it, so a moment is a place among their numbers;
//! * entries are counted, for each tenant and in all, in the transaction that writes or forgets them: whoever has too many
//!   is found without going over any.

use std::{collections::BTreeMap, ops::ControlFlow, time::Duration};

use postroad_domain::{
    AuditAction, AuditEntry, AuditId, Clock, TenantId, TenantNo, Timestamp,
    limits::{AUDIT_SAME_LOOKS_MAX, PAGE_ROWS_SCANNED_MAX},
};
use postroad_store::{AuditFilter, ListAudit, NewAudit, Page, PruneAudit, PrunedAudit, RecordAudit};
use rusqlite::{Connection, Row};

use crate::{
    error::Fault,
    reading::{
        everywhere,
        moment::{Line, place_of},
        tenants,
    },
    sql::{self, query},
    writer::Work,
};

/// How moments are found among the numbers of entries.
const LINE: Line = Line { last: sql::AUDIT_LAST, probe: sql::AUDIT_PROBE };
/// Entries read at a time.
const CHUNK: usize = 256;
/// The name under which all entries are counted; no tenant has it.
const ALL: &str = "";

/// Writes what a change says of itself.
pub(crate) fn note(
    db: &Connection,
    tenant_no: TenantNo,
    at: Timestamp,
    audit: Option<&NewAudit>,
) -> Result<(), Fault> {
    let Some(audit) = audit else { return Ok(()) };
    let tenant = everywhere::name(db, tenant_no)?;
    let tenant = tenant.as_ref().map(TenantId::as_str);
    // Moments are found by halving, also where the clock was set back in between.
    let last = query::find(db, sql::AUDIT_LAST, (), |row| Ok(row.get::<_, i64>(1)?))?;
    let row = (
        audit.id.as_bytes(),
        last.unwrap_or(i64::MIN).max(at.as_micros()),
        tenant_no.0,
        tenant,
        audit.actor.to_string(),
        audit.address.map(|address| address.to_string()),
        audit.action.as_str(),
        audit.object.as_str(),
        audit.changes.as_deref(),
    );
    query::run(db, sql::AUDIT_INSERT, row)?;
    count(db, ALL, 1)?;
    tenant.map_or(Ok(()), |tenant| count(db, tenant, 1))
}

/// Writes an entry about something that changes nothing else, unless a recent one says the same.
pub(crate) fn record(db: &Connection, record: &RecordAudit) -> Result<(), Fault> {
    if is_told(db, record)? {
        return Ok(());
    }
    note(db, record.tenant_no, record.at, Some(&record.audit))
}

fn is_told(db: &Connection, record: &RecordAudit) -> Result<bool, Fault> {
    let Some(tenant) = everywhere::name(db, record.tenant_no)? else { return Ok(false) };
    let mut statement = db.prepare_cached(sql::AUDIT_NEWEST_OF_TENANT)?;
    let mut rows = statement.query((tenant.as_str(), AUDIT_SAME_LOOKS_MAX))?;
    while let Some(row) = rows.next()? {
        if let ControlFlow::Break(is_told) = record.is_told_by(&read(row)?.2) {
            return Ok(is_told);
        }
    }
    Ok(false)
}

/// Entries, newest first.
pub(crate) fn list(db: &Connection, list: &ListAudit) -> Result<Page<AuditEntry, i64>, Fault> {
    let filter = &list.filter;
    let first = filter.since.map_or(Ok(0), |since| place_of(db, LINE, since))?;
    let mut end = filter.until.map_or(Ok(i64::MAX), |until| place_of(db, LINE, until))?;
    end = list.after.map_or(end, |after| after.min(end));
    let mut page = Page { items: Vec::new(), next: None };
    let (mut looks, mut looked_at) = (0, None);
    loop {
        let rows = chunk(db, filter, first, end)?;
        let is_last = rows.len() < CHUNK;
        for (audit_no, tenant_no, entry) in rows {
            if page.items.len() == list.limit || looks == PAGE_ROWS_SCANNED_MAX {
                page.next = looked_at;
                return Ok(page);
            }
            looks += 1;
            (end, looked_at) = (audit_no, Some(audit_no));
            if passes(filter, &entry) {
                page.items.push(as_shown(db, tenant_no, entry)?);
            }
        }
        if is_last {
            return Ok(page);
        }
    }
}

/// Forgets entries, first the oldest of tenants that have too many, then the oldest of all.
pub(crate) fn prune(work: &Work<'_>, prune: PruneAudit) -> Result<PrunedAudit, Fault> {
    let mut step =
        Step { db: work.db, clock: work.clock, began: work.clock.monotonic(), prune, forgotten: 0 };
    let crowded = step.prune_tenants()?;
    step.prune_oldest()?;
    Ok(PrunedAudit { forgotten: step.forgotten, crowded })
}

/// A step of forgetting, under way.
struct Step<'a> {
    db: &'a Connection,
    clock: &'a dyn Clock,
    began: Duration,
    prune: PruneAudit,
    forgotten: usize,
}

impl Step<'_> {
    fn rows_left(&self) -> usize {
        self.prune.rows_max - self.forgotten
    }

    /// Entries of one tenant lie far apart, on a page of its own each, and may have to be read from the disk: the time ends
    /// a step, not only their number.
    fn is_over(&self) -> bool {
        let is_late = || self.clock.monotonic().saturating_sub(self.began) >= self.prune.time_max;
        self.rows_left() == 0 || self.forgotten > 0 && is_late()
    }

    /// Answers one of those that had too many.
    fn prune_tenants(&mut self) -> Result<Option<TenantId>, Fault> {
        let mut crowded = None;
        let max = i64::try_from(self.prune.entries_of_tenant_max).unwrap_or(i64::MAX);
        while !self.is_over() {
            let beyond = query::find(self.db, sql::AUDIT_COUNT_BEYOND, (max,), |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)? - max))
            })?;
            let Some((tenant, beyond)) = beyond else { break };
            crowded = TenantId::parse(&tenant).ok();
            let rows_left = i64::try_from(self.rows_left()).unwrap_or(i64::MAX);
            let oldest = (&tenant, beyond.min(rows_left));
            let read = |row: &Row<'_>| Ok(row.get::<_, i64>(0)?);
            let oldest = query::list(self.db, sql::AUDIT_OLDEST_OF_TENANT, oldest, read)?;
            if oldest.is_empty() {
                return Err(Fault::Corrupt("a tenant has fewer entries of the audit than are counted"));
            }
            self.forget(oldest)?;
        }
        Ok(crowded)
    }

    fn prune_oldest(&mut self) -> Result<(), Fault> {
        let entries = query::find(self.db, sql::AUDIT_COUNT, (ALL,), |row| Ok(row.get::<_, u64>(0)?))?;
        let mut beyond = entries.unwrap_or_default().saturating_sub(self.prune.entries_max);
        let (mut oldest, mut from) = (Vec::new(), 0);
        while !self.is_over() && oldest.len() < self.rows_left() {
            let next = query::find(self.db, sql::AUDIT_PROBE, (from,), |row| {
                Ok((row.get::<_, i64>(0)?, Timestamp::from_micros(row.get(1)?)))
            })?;
            let next = next.filter(|(_, at)| beyond > 0 || *at < self.prune.before);
            let Some((audit_no, _)) = next else { break };
            oldest.push(audit_no);
            from = audit_no + 1;
            beyond = beyond.saturating_sub(1);
        }
        self.forget(oldest)
    }

    /// As many of these as there is time for.
    fn forget(&mut self, entries: Vec<i64>) -> Result<(), Fault> {
        let mut counts = BTreeMap::<String, i64>::new();
        for audit_no in entries {
            if self.is_over() {
                break;
            }
            let read = |row: &Row<'_>| Ok(row.get::<_, Option<String>>(0)?);
            let tenant = query::find(self.db, sql::AUDIT_DELETE, (audit_no,), read)?;
            self.forgotten += 1;
            for name in tenant.flatten().into_iter().chain([ALL.to_owned()]) {
                *counts.entry(name).or_default() -= 1;
            }
        }
        for (tenant, entries) in counts {
            count(self.db, &tenant, entries)?;
        }
        Ok(())
    }
}

/// Counts entries that came or, below zero, went. Of a tenant without any there is no count.
fn count(db: &Connection, tenant: &str, entries: i64) -> Result<(), Fault> {
    query::run(db, sql::AUDIT_COUNT_ADD, (tenant, entries))?;
    if entries < 0 && tenant != ALL {
        query::run(db, sql::AUDIT_COUNT_DELETE, (tenant,))?;
    }
    Ok(())
}

type Found = (i64, Option<TenantNo>, AuditEntry);

fn chunk(db: &Connection, filter: &AuditFilter, first: i64, end: i64) -> Result<Vec<Found>, Fault> {
    match &filter.tenant {
        Some(tenant) => {
            query::list(db, sql::AUDIT_LIST_OF_TENANT, (tenant.as_str(), first, end, CHUNK), read)
        }
        None => query::list(db, sql::AUDIT_LIST, (first, end, CHUNK), read),
    }
}

fn passes(filter: &AuditFilter, entry: &AuditEntry) -> bool {
    filter.actor.is_none_or(|actor| entry.actor == actor)
        && filter.action.is_none_or(|action| entry.action == action)
        && filter.since.is_none_or(|since| entry.at >= since)
        && filter.until.is_none_or(|until| entry.at < until)
}

/// What changed of a tenant is the tenant's: it is gone with it at once, and erased by the sweep.
fn as_shown(
    db: &Connection,
    tenant_no: Option<TenantNo>,
    mut entry: AuditEntry,
) -> Result<AuditEntry, Fault> {
    if let Some(no) = tenant_no.filter(|_| entry.changes.is_some())
        && !tenants::lives(db, no)?
    {
        entry.changes = None;
    }
    Ok(entry)
}

fn read(row: &Row<'_>) -> Result<Found, Fault> {
    const DAMAGED: Fault = Fault::Corrupt("an entry of the audit has a word that is none");
    let text = |column: usize| Ok::<_, Fault>(row.get::<_, Option<String>>(column)?);
    let word = |column: usize| Ok::<_, Fault>(row.get::<_, String>(column)?);
    let entry = AuditEntry {
        id: AuditId::from_bytes(row.get(1)?),
        at: Timestamp::from_micros(row.get(2)?),
        tenant: text(4)?.map(|id| TenantId::parse(&id).map_err(|_| DAMAGED)).transpose()?,
        actor: word(5)?.parse().map_err(|_| DAMAGED)?,
        address: text(6)?.map(|address| address.parse().map_err(|_| DAMAGED)).transpose()?,
        action: AuditAction::parse(&word(7)?).map_err(|_| DAMAGED)?,
        object: word(8)?,
        changes: text(9)?,
    };
    Ok((row.get(0)?, row.get::<_, Option<i64>>(3)?.map(TenantNo), entry))
}
