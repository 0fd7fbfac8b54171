//! Profiles as they were: one row for each content, found by its digest.
//!
//! On purpose none is ever erased: they are few and small, and any event may name one.

use postroad_domain::{ProfileNo, Timestamp};
use postroad_store::StoredProfile;
use rusqlite::{Connection, Row};

use crate::{
    error::Fault,
    sql::{self, query},
};

/// One profile.
pub(crate) fn by_no(db: &Connection, no: ProfileNo) -> Result<Option<StoredProfile>, Fault> {
    query::find(db, sql::PROFILE_BY_NO, (no.0,), read)
}

/// Of each name the profile that was put last, by name: one seek for each, however many contents it had.
pub(crate) fn latest(db: &Connection) -> Result<Vec<StoredProfile>, Fault> {
    let mut latest: Vec<StoredProfile> = Vec::new();
    loop {
        // No name is empty, so every name stands behind the empty text.
        let after = latest.last().map_or("", |profile| &profile.name);
        let Some(next) = query::find(db, sql::PROFILE_NEXT, (after,), read)? else { return Ok(latest) };
        latest.push(next);
    }
}

fn read(row: &Row<'_>) -> Result<StoredProfile, Fault> {
    Ok(StoredProfile {
        no: ProfileNo(row.get(0)?),
        name: row.get(1)?,
        digest: row.get(2)?,
        put_at: Timestamp::from_micros(row.get(3)?),
        files: row.get(4)?,
    })
}
