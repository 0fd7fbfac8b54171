//! Writing the audit: rows in the order of commits, appended in the transaction of the change that they tell of.
//!
//! **Invariants:**
//! * no entry is earlier than the one before it, so a moment is a place among their numbers;
//! * entries are counted, for each tenant and in all, in the transaction that writes or forgets them: whoever has too many
//!   is found without going over any.

use std::ops::ControlFlow;

use postroad_domain::{TenantId, TenantNo, Timestamp, limits::AUDIT_SAME_LOOKS_MAX};
use postroad_store::{NewAudit, RecordAudit};
use rusqlite::Connection;

use crate::{
    error::Fault,
    reading::{all_tenants, audit::read},
    sql::{self, query},
};

/// The name under which all entries are counted; no tenant has it.
pub(crate) const ALL: &str = "";

/// Writes what a change says of itself.
pub(crate) fn note(
    db: &Connection,
    tenant_no: TenantNo,
    at: Timestamp,
    audit: Option<&NewAudit>,
) -> Result<(), Fault> {
    let Some(audit) = audit else { return Ok(()) };
    let tenant = all_tenants::name(db, tenant_no)?;
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
    let Some(tenant) = all_tenants::name(db, record.tenant_no)? else { return Ok(false) };
    let mut statement = db.prepare_cached(sql::AUDIT_NEWEST_OF_TENANT)?;
    let mut rows = statement.query((tenant.as_str(), AUDIT_SAME_LOOKS_MAX))?;
    while let Some(row) = rows.next()? {
        if let ControlFlow::Break(is_told) = record.is_told_by(&read(row)?.2) {
            return Ok(is_told);
        }
    }
    Ok(false)
}

/// Counts entries that came or, below zero, went. Of a tenant without any there is no count.
pub(crate) fn count(db: &Connection, tenant: &str, entries: i64) -> Result<(), Fault> {
    query::run(db, sql::AUDIT_COUNT_ADD, (tenant, entries))?;
    if entries < 0 && tenant != ALL {
        query::run(db, sql::AUDIT_COUNT_DELETE, (tenant,))?;
    }
    Ok(())
}
