//! Profiles as they were: one row for each content, found by its digest.
//!
//! On purpose none is ever erased: they are few and small, and any event may name one.

use postroad_domain::{ProfileNo, Timestamp};
use postroad_store::{PutProfile, StoredProfile};
use rusqlite::{Connection, Row};

use crate::{
    error::Fault,
    sql::{self, query},
    writer::Work,
};

/// Keeps a profile's files, unless they are known; answers their number.
pub(crate) fn put(work: &mut Work<'_>, put: &PutProfile) -> Result<ProfileNo, Fault> {
    let at = put.at.as_micros();
    let known = query::find(work.db, sql::PROFILE_FIND, (put.digest,), |row| Ok(row.get::<_, i64>(0)?))?;
    if let Some(no) = known {
        query::run(work.db, sql::PROFILE_TOUCH, (no, at))?;
        return Ok(ProfileNo(no));
    }
    query::run(work.db, sql::PROFILE_INSERT, (&put.name, put.digest, at, &put.files))?;
    Ok(ProfileNo(work.db.last_insert_rowid()))
}

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
