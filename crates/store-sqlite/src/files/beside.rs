//! Connections from beside the store: for commands that look at a data folder which a server may be using.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::{
    error::{Fault, OpenError},
    files::connect::database_path,
    limits::BUSY_TIME_MAX,
    migrations,
};

/// Opens the database of a folder for reading. It is not created, not migrated, and its log stays as it is.
///
/// # Errors
/// [`OpenError`] when there is no database of this version of Postroad.
pub(crate) fn reader(folder: &Path) -> Result<Connection, OpenError> {
    let path = database_path(folder);
    // A missing file and one that may not be read are told apart here: SQLite says the same of both.
    std::fs::File::open(&path).map_err(|source| OpenError::Folder { path: path.clone(), source })?;
    let db = open(&path)?;
    migrations::expect_current(&db, &path)?;
    Ok(db)
}

/// Opens a database file for reading.
fn open(path: &Path) -> Result<Connection, Fault> {
    // The shared index of the log must be writable for readers too, so this is no read-only handle but one that refuses
    // to write.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(BUSY_TIME_MAX)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    db.pragma_update(None, "query_only", true)?;
    Ok(db)
}
