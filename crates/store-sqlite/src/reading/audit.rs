//! Reading the audit: entries in the order of commits, found by moment since that is their order too.

use postroad_domain::{
    AuditAction, AuditEntry, AuditId, TenantId, TenantNo, Timestamp, limits::PAGE_ROWS_SCANNED_MAX,
};
use postroad_store::{AuditFilter, ListAudit, Page};
use rusqlite::{Connection, Row};

use crate::{
    error::Fault,
    reading::{
        moment::{Line, place_of},
        tenants,
    },
    sql::{self, query},
};

/// How moments are found among the numbers of entries.
const LINE: Line = Line { last: sql::AUDIT_LAST, probe: sql::AUDIT_PROBE };
/// Entries read at a time.
const CHUNK: usize = 256;

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

pub(crate) type Found = (i64, Option<TenantNo>, AuditEntry);

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

pub(crate) fn read(row: &Row<'_>) -> Result<Found, Fault> {
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
