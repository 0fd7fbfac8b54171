//! Moving the log into the database, beside the writer and never within a commit.
//!
//! A checkpoint of the passive kind waits for nobody: it moves what no reader needs any more. When it got to the end,
//! SQLite begins the log anew by itself. Beside a writer that does not pause it never gets there: when the log is long it goes on
//! until little is left, and tells the writer, for whom it takes a moment then to move the rest.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

use parking_lot::{Mutex, MutexGuard};
use postroad_store::StoreError;
use rusqlite::Connection;

use crate::{
    error::OpenError,
    files::{
        gauges::{FRAME_BYTES, Gauges},
        pieces,
    },
    limits::{CHECKPOINT_EVERY_BYTES, LOG_CATCH_UP_BYTES, LOG_CAUGHT_UP_BYTES},
};

/// The way to the checkpointer.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    calls: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    /// Bytes of the log at which the next call is made.
    next_at_bytes: u64,
    /// Bytes of the log after the last commit: fewer than that, and the log has begun anew.
    last_bytes: u64,
    /// The last checkpoint of a long log left little.
    caught_up: Arc<AtomicBool>,
    /// Held during each checkpoint: SQLite refuses a second one at once, however long it may wait.
    alone: Arc<Mutex<()>>,
}

impl Checkpoints {
    /// Starts the thread.
    pub(crate) fn start(db: Connection, file: PathBuf, gauges: Arc<Gauges>) -> Result<Self, OpenError> {
        // One call may wait: more would only repeat it.
        let (calls, queue) = sync_channel(1);
        let caught_up = Arc::new(AtomicBool::new(false));
        let alone = Arc::new(Mutex::new(()));
        let shared = (Arc::clone(&caught_up), Arc::clone(&alone));
        let checkpointer = Checkpointer {
            db,
            file,
            gauges,
            caught_up: shared.0,
            alone: shared.1,
            catch_up_at_bytes: LOG_CATCH_UP_BYTES,
        };
        let thread = thread::Builder::new()
            .name("postroad-checkpoint".to_owned())
            .spawn(move || checkpointer.run(&queue))
            .map_err(|error| OpenError::Store(StoreError::Unavailable(error.to_string())))?;
        let next_at_bytes = CHECKPOINT_EVERY_BYTES;
        Ok(Self { calls: Some(calls), thread: Some(thread), next_at_bytes, last_bytes: 0, caught_up, alone })
    }

    /// Calls the checkpointer when enough was written since the last time.
    pub(crate) fn after_commit(&mut self, log_bytes: u64) {
        if log_bytes < self.last_bytes {
            self.next_at_bytes = CHECKPOINT_EVERY_BYTES;
        }
        self.last_bytes = log_bytes;
        if log_bytes >= self.next_at_bytes {
            self.next_at_bytes = log_bytes + CHECKPOINT_EVERY_BYTES;
            // A full channel means that a call waits already; a closed one, that the store is closing.
            self.calls.as_ref().map(|calls| calls.try_send(()));
        }
    }

    /// Whether the log is long and little of it is left to move. Said once.
    pub(crate) fn have_caught_up(&self) -> bool {
        self.caught_up.load(Relaxed) && self.caught_up.swap(false, Relaxed)
    }

    /// As if the checkpointer had come to the end of a long log.
    #[cfg(test)]
    pub(crate) fn catch_up_in_a_test(&self) {
        self.caught_up.store(true, Relaxed);
    }

    /// Held during each checkpoint: whoever locks it waits for the one that is under way.
    pub(crate) fn alone(&self) -> Arc<Mutex<()>> {
        Arc::clone(&self.alone)
    }

    /// Ends the thread.
    pub(crate) fn stop(&mut self) {
        self.calls = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the checkpointer ended by a panic");
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What lives on the checkpointer's thread.
struct Checkpointer {
    db: Connection,
    file: PathBuf,
    gauges: Arc<Gauges>,
    caught_up: Arc<AtomicBool>,
    alone: Arc<Mutex<()>>,
    /// Bytes of log from which on it does not rest until it has caught up.
    catch_up_at_bytes: u64,
}

impl Checkpointer {
    fn run(self, queue: &Receiver<()>) {
        pieces::write_in_pieces();
        while let Ok(()) = queue.recv() {
            self.catch_up();
            note_size(&self.file, &self.gauges);
        }
    }

    /// Moves what there is; while the log is long also what came meanwhile, as long as that becomes less.
    fn catch_up(&self) {
        let mut left_before = u64::MAX;
        loop {
            let moved = match self.checkpoint() {
                Ok(moved) => moved,
                // The log grows on, and the writer makes room at its limit.
                Err(error) => return tracing::warn!(%error, "a checkpoint failed"),
            };
            let log_bytes = self.gauges.log_bytes();
            let left = log_bytes.saturating_sub(moved);
            if log_bytes < self.catch_up_at_bytes || left >= left_before {
                return;
            }
            if left <= LOG_CAUGHT_UP_BYTES {
                return self.caught_up.store(true, Relaxed);
            }
            left_before = left;
        }
    }

    /// One checkpoint; how many bytes of the log are in the database then.
    fn checkpoint(&self) -> Result<u64, rusqlite::Error> {
        let alone = self.alone.lock();
        let frames = self.db.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |row| row.get::<_, i64>(2))?;
        // To the writer, where it waits: otherwise the next one could begin first.
        MutexGuard::unlock_fair(alone);
        Ok(u64::try_from(frames).unwrap_or(0) * FRAME_BYTES)
    }
}

/// Notes the size of the database's file, which changes by checkpoints only.
pub(crate) fn note_size(file: &PathBuf, gauges: &Gauges) {
    if let Ok(found) = std::fs::metadata(file) {
        gauges.set_database_bytes(found.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log of some hundred pages, with a checkpointer that takes it for long.
    fn checkpointer(folder: &std::path::Path) -> (Connection, Checkpointer, u64) {
        let file = folder.join("test.db");
        let writer = Connection::open(&file).unwrap();
        writer.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).unwrap();
        writer.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
        writer.execute_batch("CREATE TABLE t (x BLOB)").unwrap();
        writer.execute("INSERT INTO t VALUES (zeroblob(1000000))", ()).unwrap();
        let frames = (std::fs::metadata(folder.join("test.db-wal")).unwrap().len() - 32) / FRAME_BYTES;
        let db = Connection::open(&file).unwrap();
        let (caught_up, alone) = <(Arc<AtomicBool>, Arc<Mutex<()>>)>::default();
        let gauges = Arc::new(Gauges::default());
        (writer, Checkpointer { db, file, gauges, caught_up, alone, catch_up_at_bytes: 100_000 }, frames)
    }

    #[test]
    fn of_a_long_log_it_is_told_when_little_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let (_writer, checkpointer, frames) = checkpointer(folder.path());
        // What the writer wrote meanwhile.
        checkpointer.gauges.set_log_frames(frames + LOG_CAUGHT_UP_BYTES / FRAME_BYTES);
        checkpointer.catch_up();
        assert!(checkpointer.caught_up.load(Relaxed));
    }

    #[test]
    fn behind_a_writer_who_is_faster_it_gives_up_and_tells_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (_writer, checkpointer, frames) = checkpointer(folder.path());
        checkpointer.gauges.set_log_frames(frames + 2 * LOG_CAUGHT_UP_BYTES / FRAME_BYTES);
        checkpointer.catch_up();
        assert!(!checkpointer.caught_up.load(Relaxed));
    }

    #[test]
    fn a_log_that_is_short_is_not_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let (_writer, checkpointer, frames) = checkpointer(folder.path());
        checkpointer.gauges.set_log_frames(frames);
        let checkpointer = Checkpointer { catch_up_at_bytes: LOG_CATCH_UP_BYTES, ..checkpointer };
        checkpointer.catch_up();
        assert!(!checkpointer.caught_up.load(Relaxed));
    }
}
