//! Keeping profiles: one row for each content, found by its digest.

use postroad_domain::ProfileNo;
use postroad_store::PutProfile;

use crate::{
    error::Fault,
    sql::{self, query},
    writer::work::Work,
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
