//! Event types that tenants add to their profile's: each is one row, as JSON under its name.

use postroad_domain::{RegisteredType, TenantNo};
use rusqlite::Connection;

use crate::{error::Fault, sql};

/// Those of a tenant behind a name, by name, until so many bytes are read; answers whether there are more.
pub(crate) fn behind(
    db: &Connection,
    tenant_no: TenantNo,
    name: &str,
    bytes_left: &mut usize,
    found: &mut Vec<RegisteredType>,
) -> Result<bool, Fault> {
    let mut statement = db.prepare_cached(sql::EVENT_TYPE_LIST)?;
    let mut rows = statement.query((tenant_no.0, name))?;
    while let Some(row) = rows.next()? {
        if *bytes_left == 0 {
            return Ok(true);
        }
        let spec = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        *bytes_left = bytes_left.saturating_sub(spec.len());
        found.push(serde_json::from_str(spec)?);
    }
    Ok(false)
}
