//! Reading tenants.
//!
//! A tenant is one row and one row per version with what the caller set then.

use postroad_domain::{
    Tenant, TenantId, TenantNo, Timestamp, limits::PAGE_ROWS_SCANNED_MAX, tenant::TenantSpec,
};
use postroad_store::{ListTenants, Page};
use rusqlite::{Connection, Row};

use crate::{
    error::Fault,
    sql::{self, query},
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

pub(crate) fn read(row: &Row<'_>) -> Result<Tenant, Fault> {
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
