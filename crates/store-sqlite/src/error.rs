//! Failures: those of opening, and those inside that become a [`StoreError`] at the seam.
//!
//! Decisions are made on SQLite's codes, never on its sentences.

use std::{io, path::PathBuf};

use postroad_store::StoreError;
use rusqlite::{Connection, ErrorCode, ffi};
use thiserror::Error;

/// Why a store could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process has the folder open.
    #[error("the data folder {path} is in use{}", .pid.map(|pid| format!(" by the process {pid}")).unwrap_or_default())]
    InUse {
        /// The folder.
        path: PathBuf,
        /// The process, when the lock file names one.
        pid: Option<u32>,
    },
    /// The database was written by a newer Postroad.
    #[error(
        "the database has the schema version {found}, this Postroad knows versions up to {known}: run the newer \
         Postroad that wrote it, or restore a backup made before the upgrade"
    )]
    Newer {
        /// The database's version.
        found: i64,
        /// The highest version known here.
        known: i64,
    },
    /// The file is not a database of Postroad.
    #[error("{path} is not a database of Postroad")]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The folder or a file in it cannot be used.
    #[error("cannot use {path}: {source}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database was written by an older Postroad and was not brought to this version yet.
    #[error(
        "the database has the schema version {found} and this Postroad works with {known}: start the server once, which \
         brings it to that version"
    )]
    Older {
        /// The database's version.
        found: i64,
        /// The version known here.
        known: i64,
    },
    /// A page that opening needs cannot be one.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// SQLite could not open or prepare the database.
    #[error("cannot open the database: {0}")]
    Store(#[from] StoreError),
}

impl From<Fault> for OpenError {
    fn from(fault: Fault) -> Self {
        match fault.code() {
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged(fault.to_string()),
            _ => Self::Store(fault.into()),
        }
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Fault::from(error).into()
    }
}

/// Why a store could not be compacted.
#[derive(Debug, Error)]
pub enum CompactError {
    /// It cannot be opened, or is in use.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The new file has no room beside the old one.
    #[error(
        "the disk has {free} bytes free and the database written anew needs up to {needed}: make room, or move the data \
         folder to a larger disk"
    )]
    NoRoom {
        /// Bytes that may be needed.
        needed: u64,
        /// Bytes there are.
        free: u64,
    },
    /// The log could not be emptied.
    #[error("{path} still holds commits: something else has the database open; the data is unchanged")]
    LogLeft {
        /// The log.
        path: PathBuf,
    },
}

impl From<Fault> for CompactError {
    fn from(fault: Fault) -> Self {
        Self::Open(fault.into())
    }
}

/// A failure inside the store.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    /// SQLite refused.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// There is no room on the disk.
    #[error("the disk is full")]
    Full,
    /// Somebody else keeps the database.
    #[error("{0}")]
    Busy(&'static str),
    /// A row holds what we never write.
    #[error("{0}")]
    Corrupt(&'static str),
    /// A value cannot be written as JSON or read from it.
    #[error("a stored document cannot be read or written: {0}")]
    Json(#[from] serde_json::Error),
}

impl Fault {
    /// Recognises a full disk that SQLite reports as a failed system call. To be asked right after the failure, before
    /// the connection does anything else.
    pub(crate) fn on(self, db: &Connection) -> Self {
        let full = match self.code() {
            Some(ErrorCode::DiskFull) => true,
            Some(ErrorCode::SystemIoFailure) => matches!(system_errno(db), libc::ENOSPC | libc::EDQUOT),
            _ => false,
        };
        if full { Self::Full } else { self }
    }

    /// Whether the file is none of SQLite's.
    pub(crate) fn is_not_a_database(&self) -> bool {
        self.code() == Some(ErrorCode::NotADatabase)
    }

    /// Whether a page of the file cannot be one.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self.code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
    }

    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Sqlite(error) => error.sqlite_error_code(),
            Self::Full | Self::Busy(_) | Self::Corrupt(_) | Self::Json(_) => None,
        }
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault.code() {
            _ if matches!(fault, Fault::Full) => Self::Full,
            _ if matches!(fault, Fault::Busy(_)) => Self::Unavailable(fault.to_string()),
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::OperationInterrupted) => {
                Self::Unavailable("reading took longer than it may".to_owned())
            }
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::OutOfMemory
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                // A damaged file is nothing to send on: no outcome could be kept, and a person must look at it.
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::ReadOnly,
            ) => Self::Unavailable(fault.to_string()),
            _ => Self::Internal(fault.to_string()),
        }
    }
}

fn system_errno(db: &Connection) -> i32 {
    // SAFETY: the handle belongs to `db`, which lives through the call; the function only reads a number from it.
    unsafe { ffi::sqlite3_system_errno(db.handle()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_a_damaged_or_read_only_file_the_node_waits_for_a_person_instead_of_sending_on() {
        for code in [ffi::SQLITE_CORRUPT, ffi::SQLITE_NOTADB, ffi::SQLITE_READONLY, ffi::SQLITE_IOERR] {
            let fault = Fault::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
            let error = StoreError::from(fault);
            assert!(matches!(error, StoreError::Unavailable(_)), "{code}: {error:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_one_statement_is_a_fault_of_its_own() {
        let fault =
            Fault::from(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CONSTRAINT), None));
        assert!(matches!(StoreError::from(fault), StoreError::Internal(_)));
    }
}
