//! Event types that tenants add to their profile's: each is one row, as JSON under its name.

use postroad_domain::{RegisteredType, TenantNo};
use rusqlite::Connection;

use crate::{
    error::Fault,
    sql::{self, query},
};

/// All of a tenant, by name.
pub(crate) fn of_tenant(db: &Connection, tenant_no: TenantNo) -> Result<Vec<RegisteredType>, Fault> {
    query::list(db, sql::EVENT_TYPE_LIST, (tenant_no.0,), |row| {
        let spec = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        Ok(serde_json::from_str(spec)?)
    })
}
