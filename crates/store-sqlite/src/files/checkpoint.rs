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
    /// The last checkpoint left little.
    caught_up: Arc<AtomicBool>,
}

impl Checkpoints {
    /// Starts the thread.
    pub(crate) fn start(db: Connection, file: PathBuf, gauges: Arc<Gauges>) -> Result<Self, OpenError> {
        // One call may wait: more would only repeat it.
        let (calls, queue) = sync_channel(1);
        let caught_up = Arc::new(AtomicBool::new(false));
        let checkpointer = Checkpointer { db, file, gauges, caught_up: Arc::clone(&caught_up) };
        let thread = thread::Builder::new()
            .name("postroad-checkpoint".to_owned())
            .spawn(move || checkpointer.run(&queue))
            .map_err(|error| OpenError::Store(StoreError::Unavailable(error.to_string())))?;
        let next_at_bytes = CHECKPOINT_EVERY_BYTES;
        Ok(Self { calls: Some(calls), thread: Some(thread), next_at_bytes, last_bytes: 0, caught_up })
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
            if log_bytes < LOG_CATCH_UP_BYTES || left >= left_before {
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
        let frames = self.db.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |row| row.get::<_, i64>(2))?;
        Ok(u64::try_from(frames).unwrap_or(0) * FRAME_BYTES)
    }
}

/// Notes the size of the database's file, which changes by checkpoints only.
pub(crate) fn note_size(file: &PathBuf, gauges: &Gauges) {
    if let Ok(found) = std::fs::metadata(file) {
        gauges.set_database_bytes(found.len());
    }
}
