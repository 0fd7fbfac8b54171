//! Migrations: forward only, built in, each in one transaction; `PRAGMA user_version` tells how many were made.
//!
//! A start waits for them, so none of them goes over a large table where it can be avoided. A column is added to the text of
//! such a table (0002 tells how): `ALTER TABLE` reads every row of a STRICT one.

use std::{cmp::Ordering, path::Path};

use rusqlite::Connection;

use crate::error::{Fault, OpenError};

/// The texts in their order; the first leads to version 1.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_profiles.sql"),
    include_str!("../migrations/0003_not_before.sql"),
    include_str!("../migrations/0004_keys_and_audit.sql"),
    include_str!("../migrations/0005_replays.sql"),
    include_str!("../migrations/0007_trace.sql"),
    include_str!("../migrations/0008_audit_count.sql"),
    include_str!("../migrations/0009_replay_places.sql"),
    include_str!("../migrations/0010_members.sql"),
    include_str!("../migrations/0011_event_numbers.sql"),
    include_str!("../migrations/0012_fanout_targets.sql"),
    include_str!("../migrations/0013_open_groups.sql"),
    include_str!("../migrations/0014_failures.sql"),
    include_str!("../migrations/0015_called_off.sql"),
    include_str!("../migrations/0016_verification.sql"),
    include_str!("../migrations/0017_notices.sql"),
    include_str!("../migrations/0018_ready_at.sql"),
];

/// Marks the file as one of ours: `post` in ASCII.
const APPLICATION_ID: i64 = 0x706f_7374;

/// Looks whether the database is one of Postroad's newest version, and changes nothing.
///
/// # Errors
/// As [`migrate`], and [`OpenError::Older`] for one that is not brought to the newest version yet.
pub(crate) fn expect_current(db: &Connection, file: &Path) -> Result<(), OpenError> {
    let not_ours = || OpenError::NotADatabase { path: file.to_owned() };
    let pragma = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let application_id = pragma("application_id").map_err(Fault::from).map_err(|fault| match fault {
        fault if fault.is_not_a_database() => not_ours(),
        fault => fault.into(),
    })?;
    if application_id != APPLICATION_ID {
        return Err(not_ours());
    }
    let found = pragma("user_version")?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    match found.cmp(&known) {
        Ordering::Less => Err(OpenError::Older { found, known }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(OpenError::Newer { found, known }),
    }
}

/// Brings the database to the newest version.
///
/// # Errors
/// [`OpenError::NotADatabase`] for a file of something else, [`OpenError::Newer`] for one of a later Postroad.
pub(crate) fn migrate(db: &mut Connection, file: &Path) -> Result<(), OpenError> {
    let not_ours = || OpenError::NotADatabase { path: file.to_owned() };
    let pragma = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let found = pragma("user_version")?;
    let is_empty = pragma("schema_version")? == 0;
    if !is_empty && pragma("application_id")? != APPLICATION_ID {
        return Err(not_ours());
    }
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    let done = usize::try_from(found).map_err(|_| not_ours())?;
    for (text, version) in MIGRATIONS.iter().zip(1_i64..).skip(done) {
        let step = db.transaction()?;
        step.execute_batch(text)?;
        // Some change the text of a table only: whoever has read the tables before must read them again.
        let schema_version: i64 = step.pragma_query_value(None, "schema_version", |row| row.get(0))?;
        step.pragma_update(None, "schema_version", schema_version + 1)?;
        step.pragma_update(None, "application_id", APPLICATION_ID)?;
        step.pragma_update(None, "user_version", version)?;
        step.commit()?;
    }
    Ok(())
}
