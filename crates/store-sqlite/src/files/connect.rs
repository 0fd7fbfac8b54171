//! How each connection to the database is set up.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use postroad_domain::Clock;
use rusqlite::{Connection, OpenFlags};

use crate::{
    error::Fault,
    files::gauges::PAGE_BYTES,
    limits::{
        BUSY_TIME_MAX, READ_STEPS_PER_LOOK, READ_TIME_MAX, READER_CACHE_KIB, STATEMENTS_KEPT,
        WRITER_CACHE_KIB,
    },
    options::Options,
};

/// Where the database of a data folder lies.
pub(crate) fn database_path(folder: &Path) -> PathBuf {
    folder.join("postroad.db")
}

/// The one connection that writes. `synchronous=FULL` syncs the log at each commit: an answer means durable.
/// Checkpoints are ours, so that no commit pays for one. Foreign keys are off: rows are erased oldest first in small
/// steps, and a check on each would read what nobody asked for.
pub(crate) fn writer(options: &Options) -> Result<Connection, Fault> {
    let db = open(options, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    db.pragma_update(None, "page_size", PAGE_BYTES.cast_signed())?;
    // For the transaction that makes the file one with a log, at its creation: the folder is synced behind it too. That the new
    // file is found again does not rest only on what SQLite does when it opens the log.
    db.pragma_update(None, "synchronous", "EXTRA")?;
    db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    set_up(&db, WRITER_CACHE_KIB)?;
    if let Some(pages) = options.pages_max {
        db.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    }
    Ok(db)
}

/// The connection that moves the log into the database.
pub(crate) fn checkpointer(options: &Options) -> Result<Connection, Fault> {
    let db = open(options, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    set_up(&db, READER_CACHE_KIB)?;
    Ok(db)
}

/// A connection that only reads, and never for long.
pub(crate) fn reader(options: &Options) -> Result<Reader, Fault> {
    // The shared index of the log must be writable for readers too, so this is no read-only handle but one that
    // refuses to write.
    let mut db = open(options, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    set_up(&db, READER_CACHE_KIB)?;
    db.pragma_update(None, "query_only", true)?;
    let deadline = Arc::new(AtomicU64::new(u64::MAX));
    let (clock, end) = (Arc::clone(&options.clock), Arc::clone(&deadline));
    let is_late = move || micros(clock.monotonic()) > end.load(Relaxed);
    db.progress_handler(READ_STEPS_PER_LOOK, Some(is_late))?;
    Ok(Reader { db, clock: Arc::clone(&options.clock), deadline })
}

/// A reading connection and its watch.
pub(crate) struct Reader {
    db: Connection,
    clock: Arc<dyn Clock>,
    /// In microseconds of the clock's monotonic time.
    deadline: Arc<AtomicU64>,
}

impl Reader {
    /// Reads one picture of the database. It is interrupted when it takes longer than [`READ_TIME_MAX`].
    pub(crate) fn read<T>(&mut self, work: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        self.deadline.store(micros(self.clock.monotonic() + READ_TIME_MAX), Relaxed);
        let picture = self.db.transaction()?;
        work(&picture)
    }
}

fn open(options: &Options, flags: OpenFlags) -> Result<Connection, Fault> {
    let path = database_path(&options.data_dir);
    // No connection is used by two threads at a time, so SQLite need not lock it.
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = match options.vfs.as_deref() {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs)?,
        None => Connection::open_with_flags(path, flags)?,
    };
    db.busy_timeout(BUSY_TIME_MAX)?;
    Ok(db)
}

fn set_up(db: &Connection, cache_kib: i64) -> Result<(), Fault> {
    db.pragma_update(None, "foreign_keys", false)?;
    db.pragma_update(None, "cache_size", -cache_kib)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    db.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(())
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
