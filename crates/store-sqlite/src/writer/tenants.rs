//! Changing tenants.
//!
//! A tenant is one row and one row per version with what the caller set then.

use postroad_domain::{SubscriptionNo, Tenant, TenantNo, Timestamp};
use postroad_store::{Change, DeleteTenant, PutTenant, TenantChange};

use crate::{
    error::Fault,
    reading::tenants::by_id,
    sql::{self, query},
    writer::{audit, work::Work},
};

/// Creates or replaces a tenant; answers it and whether it is new.
pub(crate) fn put(work: &mut Work<'_>, put: &PutTenant) -> Result<(Tenant, bool), Fault> {
    let spec = serde_json::to_string(&put.spec)?;
    let at = put.at.as_micros();
    let known = by_id(work.db, &put.id)?;
    let is_new = known.is_none();
    let no = if let Some(tenant) = &known {
        query::run(work.db, sql::TENANT_REPLACE, (tenant.no.0, at))?;
        tenant.no
    } else {
        query::run(work.db, sql::TENANT_INSERT, (put.id.as_str(), at))?;
        TenantNo(work.db.last_insert_rowid())
    };
    query::run(work.db, sql::TENANT_VERSION_INSERT, (no.0, spec))?;
    audit::note(work.db, no, put.at, put.audit.as_ref())?;
    let tenant = by_id(work.db, &put.id)?.ok_or(Fault::Corrupt("a tenant that was written is not there"))?;
    work.known.tenants.insert(no, tenant.config_version);
    work.announced.push(Change::Tenant(no));
    Ok((tenant, is_new))
}

/// Changes what is set of a tenant, together with something else of it.
pub(crate) fn change(
    work: &mut Work<'_>,
    no: TenantNo,
    change: &TenantChange,
    at: Timestamp,
) -> Result<(), Fault> {
    query::run(work.db, sql::TENANT_REPLACE, (no.0, at.as_micros()))?;
    query::run(work.db, sql::TENANT_VERSION_INSERT, (no.0, serde_json::to_string(&change.spec)?))?;
    audit::note(work.db, no, at, change.audit.as_ref())?;
    if let Some(config_version) = work.known.tenants.get_mut(&no) {
        *config_version += 1;
    }
    work.announced.push(Change::Tenant(no));
    Ok(())
}

/// Tells that a subscription or an event type of the tenant changed.
pub(crate) fn touch(work: &mut Work<'_>, no: TenantNo) -> Result<(), Fault> {
    query::run(work.db, sql::TENANT_TOUCH, (no.0,))?;
    if let Some(config_version) = work.known.tenants.get_mut(&no) {
        *config_version += 1;
    }
    work.announced.push(Change::Tenant(no));
    Ok(())
}

/// Hides a tenant; the sweep erases what is left of it.
pub(crate) fn delete(work: &mut Work<'_>, delete: &DeleteTenant) -> Result<bool, Fault> {
    let Some(tenant) = by_id(work.db, &delete.id)? else { return Ok(false) };
    audit::note(work.db, tenant.no, delete.at, delete.audit.as_ref())?;
    query::run(work.db, sql::TENANT_HIDE, (tenant.no.0, delete.at.as_micros()))?;
    let marks = work.known.marks.iter().filter(|(_, mark)| mark.tenant_no == tenant.no);
    let marks: Vec<_> = marks.map(|(key, _)| *key).collect();
    for (sub_no, generation) in marks {
        query::run(work.db, sql::MARK_DELETE, (sub_no.0, generation))?;
        work.known.marks.remove(&(sub_no, generation));
    }
    let lanes = work.known.lanes.iter().filter(|(_, lane)| lane.tenant_no == tenant.no);
    let lanes: Vec<SubscriptionNo> = lanes.map(|(sub_no, _)| *sub_no).collect();
    for sub_no in lanes {
        work.known.forget(sub_no);
    }
    work.known.tenants.remove(&tenant.no);
    work.known.dead_tenants.insert(tenant.no);
    work.announced.extend([Change::Tenant(tenant.no), Change::CalledOff(tenant.no)]);
    Ok(true)
}
