//! The numbers of event types in the log of a tenant.

use postroad_domain::TenantNo;
use rusqlite::{Connection, Row};
use rustc_hash::FxHashMap;

use crate::{
    codes,
    error::Fault,
    log_no::LogPlace,
    sql::{self, query},
};

/// The number of an event type of a tenant, if it has one.
pub(crate) fn type_no(db: &Connection, tenant_no: TenantNo, name: &str) -> Result<Option<u32>, Fault> {
    query::find(db, sql::LOG_TYPE_FIND, (tenant_no.0, name), |row| Ok(row.get(0)?))
}

/// The places that the rows of events tell, while many are read: each name is asked for once.
#[derive(Default)]
pub(crate) struct PlacesOfRows(FxHashMap<TenantNo, FxHashMap<Box<str>, u32>>);

impl PlacesOfRows {
    /// From the columns `type` and `deliveries` of a row, the first of which is given.
    pub(crate) fn read(
        &mut self,
        db: &Connection,
        tenant_no: TenantNo,
        (row, column): (&Row<'_>, usize),
    ) -> Result<LogPlace, Fault> {
        let log_no = codes::log_no_of(row.get(column + 1)?)?;
        if log_no.offset().is_none() {
            return Ok(LogPlace { log_no, type_no: 0 });
        }
        let name = row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?;
        let known = self.0.entry(tenant_no).or_default();
        let type_no = match known.get(name) {
            Some(type_no) => *type_no,
            None => {
                let type_no = type_no(db, tenant_no, name)?.unwrap_or_default();
                known.insert(name.into(), type_no);
                type_no
            }
        };
        Ok(LogPlace { log_no, type_no })
    }
}
