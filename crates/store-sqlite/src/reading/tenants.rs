//! Tenants: reading and changing them.
//!
//! A tenant is one row and one row per version with what the caller set then.

use postroad_domain::{
    SubscriptionNo, Tenant, TenantId, TenantNo, Timestamp, limits::PAGE_ROWS_SCANNED_MAX, tenant::TenantSpec,
};
use postroad_store::{Change, ConfigSnapshot, DeleteTenant, ListTenants, Page, PutTenant};
use rusqlite::{Connection, Row};

use crate::{
    error::Fault,
    reading::{audit, event_types, subscriptions},
    sql::{self, query},
    writer::Work,
};

/// The tenant of that name, unless it was deleted.
pub(crate) fn by_id(db: &Connection, id: &TenantId) -> Result<Option<Tenant>, Fault> {
    query::find(db, sql::TENANT_BY_ID, (id.as_str(),), read)
}

/// Whether there is such a tenant: what every reading of its rows asks first.
pub(crate) fn lives(db: &Connection, no: TenantNo) -> Result<bool, Fault> {
    Ok(query::find(db, sql::TENANT_LIVES, (no.0,), |_| Ok(()))?.is_some())
}

/// Tenants by id.
pub(crate) fn list(db: &Connection, list: &ListTenants) -> Result<Page<Tenant, TenantId>, Fault> {
    // No id is empty, so every id stands behind the empty text.
    let after = list.after.as_ref().map_or("", TenantId::as_str);
    let mut statement = db.prepare_cached(sql::TENANT_LIST)?;
    // One row more than may be looked at tells whether there is a next page.
    let mut rows = statement.query((after, PAGE_ROWS_SCANNED_MAX + 1))?;
    let mut page = Page { items: Vec::new(), next: None };
    let (mut looks, mut looked_at) = (0, None);
    while let Some(row) = rows.next()? {
        if page.items.len() == list.limit || looks == PAGE_ROWS_SCANNED_MAX {
            page.next = looked_at;
            break;
        }
        looks += 1;
        let tenant = read(row)?;
        looked_at = Some(tenant.id.clone());
        if list.profile.as_ref().is_none_or(|profile| tenant.spec.profile == *profile) {
            page.items.push(tenant);
        }
    }
    Ok(page)
}

/// What the caller had set in a version of a tenant.
pub(crate) fn version(db: &Connection, no: TenantNo, version: i64) -> Result<Option<TenantSpec>, Fault> {
    query::find(db, sql::TENANT_VERSION, (no.0, version), |row| read_spec(row, 0))
}

/// A tenant with its subscriptions and event types.
pub(crate) fn snapshot(db: &Connection, id: &TenantId) -> Result<Option<ConfigSnapshot>, Fault> {
    by_id(db, id)?.map(|tenant| with_the_rest(db, tenant)).transpose()
}

/// The same, found by number.
pub(crate) fn snapshot_by_no(db: &Connection, no: TenantNo) -> Result<Option<ConfigSnapshot>, Fault> {
    let tenant = query::find(db, sql::TENANT_BY_NO, (no.0,), read)?;
    tenant.map(|tenant| with_the_rest(db, tenant)).transpose()
}

/// Creates or replaces a tenant; answers it and whether it is new.
pub(crate) fn put(work: &mut Work<'_>, put: &PutTenant) -> Result<(Tenant, bool), Fault> {
    let spec = serde_json::to_string(&put.spec)?;
    let at = put.at.as_micros();
    let known = by_id(work.db, &put.id)?;
    let is_new = known.is_none();
    let (no, version) = if let Some(tenant) = &known {
        let version = tenant.version + 1;
        query::run(work.db, sql::TENANT_REPLACE, (tenant.no.0, version, at))?;
        (tenant.no, version)
    } else {
        query::run(work.db, sql::TENANT_INSERT, (put.id.as_str(), at))?;
        (TenantNo(work.db.last_insert_rowid()), 1)
    };
    query::run(work.db, sql::TENANT_VERSION_INSERT, (no.0, version, spec))?;
    audit::note(work.db, no, put.at, put.audit.as_ref())?;
    let tenant = by_id(work.db, &put.id)?.ok_or(Fault::Corrupt("a tenant that was written is not there"))?;
    work.known.tenants.insert(no, tenant.config_version);
    work.announced.push(Change::Tenant(no));
    Ok((tenant, is_new))
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
        work.known.lanes.remove(&sub_no);
        work.known.gone.remove(&sub_no);
    }
    work.known.tenants.remove(&tenant.no);
    work.known.dead_tenants.insert(tenant.no);
    work.announced.push(Change::Tenant(tenant.no));
    Ok(true)
}

fn with_the_rest(db: &Connection, tenant: Tenant) -> Result<ConfigSnapshot, Fault> {
    let subscriptions = subscriptions::of_tenant(db, tenant.no)?;
    let event_types = event_types::of_tenant(db, tenant.no)?;
    Ok(ConfigSnapshot { tenant, subscriptions, event_types })
}

fn read(row: &Row<'_>) -> Result<Tenant, Fault> {
    let id = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
    Ok(Tenant {
        no: TenantNo(row.get(0)?),
        id: TenantId::parse(id).map_err(|_| Fault::Corrupt("a tenant has an id that is none"))?,
        spec: read_spec(row, 6)?,
        version: row.get(2)?,
        config_version: row.get(3)?,
        created_at: Timestamp::from_micros(row.get(4)?),
        updated_at: Timestamp::from_micros(row.get(5)?),
    })
}

fn read_spec(row: &Row<'_>, column: usize) -> Result<TenantSpec, Fault> {
    let spec = row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?;
    Ok(serde_json::from_str(spec)?)
}
