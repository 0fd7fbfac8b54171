//! Adding and removing event types of tenants.

use postroad_domain::TenantNo;
use postroad_store::{DeleteEventType, PutEventType, PutEventTypeError};
use rusqlite::Connection;

use crate::{
    error::Fault,
    sql::{self, query},
    writer::{audit, tenants, work::Work},
};

/// Adds or replaces one; answers whether it is new.
pub(crate) fn put(work: &mut Work<'_>, put: &PutEventType) -> Result<Result<bool, PutEventTypeError>, Fault> {
    if !work.known.tenants.contains_key(&put.tenant_no) {
        return Ok(Err(PutEventTypeError::NoTenant));
    }
    let (tenant_no, name) = (put.tenant_no.0, put.event_type.name.as_str());
    let is_new = query::find(work.db, sql::EVENT_TYPE_FIND, (tenant_no, name), |_| Ok(()))?.is_none();
    if is_new && count(work.db, put.tenant_no)? >= put.max {
        return Ok(Err(PutEventTypeError::TooMany { max: put.max }));
    }
    let spec = serde_json::to_string(&put.event_type)?;
    query::run(work.db, sql::EVENT_TYPE_PUT, (tenant_no, name, spec))?;
    tenants::touch(work, put.tenant_no)?;
    audit::note(work.db, put.tenant_no, put.at, put.audit.as_ref())?;
    Ok(Ok(is_new))
}

/// Removes one; answers whether there was one.
pub(crate) fn delete(work: &mut Work<'_>, delete: &DeleteEventType) -> Result<bool, Fault> {
    if !work.known.tenants.contains_key(&delete.tenant_no) {
        return Ok(false);
    }
    let key = (delete.tenant_no.0, delete.name.as_str());
    let was_there = query::run(work.db, sql::EVENT_TYPE_DELETE, key)? == 1;
    if was_there {
        tenants::touch(work, delete.tenant_no)?;
        audit::note(work.db, delete.tenant_no, delete.at, delete.audit.as_ref())?;
    }
    Ok(was_there)
}

fn count(db: &Connection, tenant_no: TenantNo) -> Result<usize, Fault> {
    let count = query::find(db, sql::EVENT_TYPE_COUNT, (tenant_no.0,), |row| Ok(row.get(0)?))?;
    count.ok_or(Fault::Corrupt("a count answers nothing"))
}
