//! Moving the log into the database, beside the writer and never within a commit.
//!
//! A checkpoint of the passive kind waits for nobody: it moves what no reader needs any more. When it got to the end,
//! SQLite begins the log anew by itself.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

use postroad_store::StoreError;
use rusqlite::Connection;

use crate::{
    error::OpenError,
    files::{gauges::Gauges, pieces},
    limits::CHECKPOINT_EVERY_BYTES,
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
}

impl Checkpoints {
    /// Starts the thread.
    pub(crate) fn start(db: Connection, file: PathBuf, gauges: Arc<Gauges>) -> Result<Self, OpenError> {
        // One call may wait: more would only repeat it.
        let (calls, queue) = sync_channel(1);
        let thread = thread::Builder::new()
            .name("postroad-checkpoint".to_owned())
            .spawn(move || run(&db, &file, &gauges, &queue))
            .map_err(|error| OpenError::Store(StoreError::Unavailable(error.to_string())))?;
        let next_at_bytes = CHECKPOINT_EVERY_BYTES;
        Ok(Self { calls: Some(calls), thread: Some(thread), next_at_bytes, last_bytes: 0 })
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

fn run(db: &Connection, file: &PathBuf, gauges: &Gauges, queue: &Receiver<()>) {
    pieces::write_in_pieces();
    while let Ok(()) = queue.recv() {
        if let Err(error) = db.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(())) {
            // The log grows on, and the writer makes room at its limit.
            tracing::warn!(%error, "a checkpoint failed");
        }
        note_size(file, gauges);
    }
}

/// Notes the size of the database's file, which changes by checkpoints only.
pub(crate) fn note_size(file: &PathBuf, gauges: &Gauges) {
    if let Ok(found) = std::fs::metadata(file) {
        gauges.set_database_bytes(found.len());
    }
}
