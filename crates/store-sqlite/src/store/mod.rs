//! The embedded store as a whole: opened here, its operations in a file for each trait of the seam.

mod cluster;
mod configuration;
mod history;
mod notices;
mod queue;
mod sessions;

use std::{fmt, sync::Arc, time::Duration};

use postroad_store::{Feed, StoreError};
use rusqlite::Connection;

use self::sessions::Sessions;
use crate::{
    error::OpenError,
    files::{
        ballast::Ballast,
        checkpoint::{self, Checkpoints},
        connect,
        gauges::Gauges,
        lock::FolderLock,
    },
    limits::LOG_BYTES_MAX,
    migrations,
    options::Options,
    reading::{readers::Readers, unlisted::Unlisted},
    writer::{Writer, WriterThread, known},
};

/// The embedded store. Dropping it finishes the jobs that wait, empties the log and frees the folder.
pub struct SqliteStore {
    // Fields are dropped in this order: readers let go of the log before the writer empties it, the lock goes last.
    readers: Readers,
    writer: Writer,
    unlisted: Arc<Unlisted>,
    sessions: Sessions,
    feed: Arc<Feed>,
    gauges: Arc<Gauges>,
    _lock: FolderLock,
}

impl SqliteStore {
    /// Opens the store of a data folder, and creates it where there is none.
    ///
    /// # Errors
    /// [`OpenError`] tells whether the folder is in use, was written by a newer Postroad, or cannot be used.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let lock = FolderLock::take(&options.data_dir)?;
        let file = connect::database_path(&options.data_dir);
        let mut db = connect::writer(&options).map_err(|fault| match fault {
            fault if fault.is_not_a_database() => OpenError::NotADatabase { path: file.clone() },
            fault => fault.into(),
        })?;
        migrations::migrate(&mut db, &file)?;
        let gauges = Arc::new(Gauges::default());
        checkpoint::note_size(&file, &gauges);
        measure_log(&mut db, &gauges)?;
        let known = known::Known::load(&db)?;
        let unlisted = Arc::new(Unlisted::load(&db, known.listed_before)?);
        let checkpoints = Checkpoints::start(connect::checkpointer(&options)?, file, Arc::clone(&gauges))?;
        let mut ballast = Ballast::new(&options.data_dir, options.ballast_bytes);
        ballast.take_in();
        let readers = Readers::open(&options)?;
        let feed = Arc::new(Feed::default());
        let thread = WriterThread {
            db,
            known: Some(known),
            unlisted: Arc::clone(&unlisted),
            feed: Arc::clone(&feed),
            listing_batch_entries: options.listing_batch_entries,
            ballast,
            checkpoints,
            room_at_bytes: LOG_BYTES_MAX,
            is_read_outside: false,
            clock: Arc::clone(&options.clock),
            busy: Duration::ZERO,
            last_step_took: Duration::ZERO,
            sync_took: Duration::ZERO,
            gauges: Arc::clone(&gauges),
        };
        let writer = Writer::start(thread)?;
        Ok(Self { readers, writer, unlisted, sessions: Sessions::default(), feed, gauges, _lock: lock })
    }

    /// Sets how many pages the database may have: tests make room with it again.
    ///
    /// # Errors
    /// [`StoreError::Internal`] when the writer stopped.
    #[doc(hidden)]
    pub async fn set_pages_max(&self, pages: u32) -> Result<(), StoreError> {
        self.writer.set_pages_max(pages).await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SqliteStore").field("gauges", &self.gauges).finish_non_exhaustive()
    }
}

/// Has SQLite tell the size of the log after each commit.
fn measure_log(db: &mut Connection, gauges: &Arc<Gauges>) -> Result<(), OpenError> {
    let gauges = Arc::clone(gauges);
    db.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, frames: i32| {
        gauges.set_log_frames(u64::try_from(frames).unwrap_or_default());
        Ok(())
    }))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use postroad_domain::{Clock, Timestamp, time::Sleep};
    use postroad_store::Queue;

    use super::*;

    #[derive(Debug)]
    struct StoppedClock;

    impl Clock for StoppedClock {
        fn now(&self) -> Timestamp {
            Timestamp::default()
        }

        fn monotonic(&self) -> Duration {
            Duration::ZERO
        }

        fn sleep(&self, _: Duration) -> Sleep {
            Box::pin(std::future::pending())
        }
    }

    /// Beside a writer that does not pause the checkpointer never gets to the end, so the log grew to its limit and the writer moved all
    /// of it alone.
    #[tokio::test]
    async fn the_writer_begins_a_log_anew_of_which_the_checkpointer_has_left_little() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { ballast_bytes: 0, ..Options::new(folder.path(), Arc::new(StoppedClock)) };
        let store = SqliteStore::open(options).unwrap();
        let mut log_bytes = Vec::new();
        for is_told in [false, false, true, false] {
            if is_told {
                store.writer.catch_up_in_a_test().await;
            }
            store.probe().await.unwrap();
            log_bytes.push(store.stats().pending_bytes);
        }
        assert!(log_bytes[0] < log_bytes[1] && log_bytes[2] < log_bytes[1], "{log_bytes:?}");
        assert!(log_bytes[3] > log_bytes[2], "it is told once: {log_bytes:?}");
    }
}
