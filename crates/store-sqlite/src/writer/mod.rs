//! The one writer: a thread that owns the writing connection and makes each job one durable transaction.
//!
//! **Invariants:**
//! * a job is answered after its commit is on the disk, or after it was rolled back: never in between;
//! * after a failure the connection is usable and the writer's memory is read anew.

pub(crate) mod audit;
mod batch;
pub(crate) mod commit;
pub(crate) mod deliveries;
pub(crate) mod event_types;
mod failures;
pub(crate) mod fanouts;
pub(crate) mod forgetting;
pub(crate) mod held;
mod jobs;
pub(crate) mod keys;
pub(crate) mod known;
pub(crate) mod listing;
pub(crate) mod log;
pub(crate) mod notices;
pub(crate) mod numbering;
pub(crate) mod open_groups;
pub(crate) mod profiles;
pub(crate) mod replays;
pub(crate) mod send_now;
pub(crate) mod settings;
pub(crate) mod subscriptions;
pub(crate) mod tenants;
pub(crate) mod waiting;
pub(crate) mod work;

use std::{
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use postroad_domain::{Clock, TenantNo};
use postroad_store::{ChangeKinds, Commit, Committed, Feed, StoreError};
use rusqlite::Connection;
use tokio::sync::oneshot;

use self::{
    jobs::{JobKind, Jobs},
    known::Known,
    work::Work,
};
use crate::{
    error::{Fault, OpenError},
    files::{ballast::Ballast, checkpoint::Checkpoints, gauges::Gauges},
    limits::{BUSY_TIME_MAX, CAUGHT_UP_TIME_MAX, CHECKPOINT_EVERY_BYTES, LOG_BYTES_MAX, ROOM_TIME_MAX},
    reading::unlisted::{ListingChanges, Unlisted},
    sql::query,
};

/// What follows when a job meets a full disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenFull {
    /// It fails.
    GiveUp,
    /// It is tried once more with the room of the ballast: what happened already must be recorded.
    UseBallast,
}

/// How busy the writer was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StepTime {
    /// With this step.
    pub(crate) took: Duration,
    /// With everything else since the step before.
    pub(crate) others_took: Duration,
}

type Job = Box<dyn FnOnce(&mut WriterThread) + Send>;

/// The way to the writer.
pub(crate) struct Writer {
    jobs: Arc<Jobs<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(thread: WriterThread) -> Result<Self, OpenError> {
        let jobs = Arc::new(Jobs::default());
        let queue = Arc::clone(&jobs);
        let thread = thread::Builder::new()
            .name("postroad-writer".to_owned())
            .spawn(move || {
                // A writer that panics takes no further job: whoever asks then is told.
                let _closing = Closing(Arc::clone(&queue));
                thread.run(&queue);
            })
            .map_err(|error| OpenError::Store(StoreError::Unavailable(error.to_string())))?;
        Ok(Self { jobs, thread: Some(thread) })
    }

    /// Runs `work` of the node's own in one transaction. Its answer is durable; on an error nothing of it was written. The
    /// transaction runs to its end also when the caller stops waiting.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        when_full: WhenFull,
        mut work: impl FnMut(&mut Work<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(JobKind::Other(None), move |writer| writer.transact(when_full, &mut work)).await
    }

    /// The same for work that a tenant asks for: tenants take turns.
    pub(crate) async fn write_for<T: Send + 'static>(
        &self,
        tenant: TenantNo,
        when_full: WhenFull,
        mut work: impl FnMut(&mut Work<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(JobKind::Other(Some(tenant)), move |writer| writer.transact(when_full, &mut work)).await
    }

    /// Writes a commit of the hot path, and tells how long the disk took for it.
    pub(crate) async fn commit(
        &self,
        when_full: WhenFull,
        commit: Arc<Commit>,
    ) -> Result<Committed, StoreError> {
        self.run(JobKind::Commit, move |writer| {
            // Its room is for outcomes: until it is there again no event takes any of it.
            if when_full == WhenFull::GiveUp && writer.ballast.is_missed() {
                return Err(StoreError::Full);
            }
            let committed = writer.transact(when_full, &mut |work| commit::commit(work, &commit))?;
            Ok(Committed { sync_took: writer.sync_took, ..committed })
        })
        .await
    }

    /// Writes something small durably, then takes in the ballast again. Without room for that the disk counts as full:
    /// new events would use up what is left for outcomes.
    pub(crate) async fn probe(&self) -> Result<(), StoreError> {
        self.run(JobKind::Commit, WriterThread::probe).await
    }

    /// The same for a step of forgetting, with how busy the writer was.
    pub(crate) async fn write_step<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&mut Work<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<(T, StepTime), StoreError> {
        self.run(JobKind::Other(None), move |writer| writer.step(&mut work)).await
    }

    /// Sets how many pages the database may have.
    pub(crate) async fn set_pages_max(&self, pages: u32) -> Result<(), StoreError> {
        self.run(JobKind::Other(None), move |writer| {
            let set = writer.db.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()));
            set.map_err(|error| Fault::from(error).into())
        })
        .await
    }

    /// As if the checkpointer had come to the end of a long log.
    #[cfg(test)]
    pub(crate) async fn catch_up_in_a_test(&self) {
        let told = |writer: &mut WriterThread| {
            writer.checkpoints.catch_up_in_a_test();
            Ok(())
        };
        self.run(JobKind::Other(None), told).await.unwrap();
    }

    async fn run<T: Send + 'static>(
        &self,
        kind: JobKind,
        job: impl FnOnce(&mut WriterThread) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |writer| {
            // A caller that does not wait any more misses the answer, not the write.
            reply.send(job(writer)).ok();
        });
        let stopped = || StoreError::Internal("the writer stopped".to_owned());
        if !self.jobs.push(kind, job) {
            return Err(stopped());
        }
        answer.await.map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // The thread ends after the jobs that wait.
        self.jobs.close();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer ended by a panic");
        }
    }
}

/// Closes the queue when the thread ends, and lets go of what waits: nobody else would.
struct Closing(Arc<Jobs<Job>>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
        while self.0.next().is_some() {}
    }
}

/// What lives on the writer's thread.
pub(crate) struct WriterThread {
    /// The writing connection.
    pub(crate) db: Connection,
    /// Read anew when it is `None`.
    pub(crate) known: Option<Known>,
    /// The newest entries of listings.
    pub(crate) unlisted: Arc<Unlisted>,
    /// Entries of which a batch is made.
    pub(crate) listing_batch_entries: usize,
    /// Where changes are announced.
    pub(crate) feed: Arc<Feed>,
    /// Given up when the disk is full.
    pub(crate) ballast: Ballast,
    /// Bytes of log at which the writer makes room itself.
    pub(crate) room_at_bytes: u64,
    /// Somebody outside reads: the log cannot be emptied, and to wait for that would stop everything.
    pub(crate) is_read_outside: bool,
    /// Measures the writer's work.
    pub(crate) clock: Arc<dyn Clock>,
    /// How long jobs kept the writer since the last step of forgetting began.
    pub(crate) busy: Duration,
    /// How long that step took.
    pub(crate) last_step_took: Duration,
    /// How long it took to bring the last transaction to the disk.
    pub(crate) sync_took: Duration,
    /// Calls the checkpointer.
    pub(crate) checkpoints: Checkpoints,
    /// Sizes.
    pub(crate) gauges: Arc<Gauges>,
}

impl WriterThread {
    fn run(mut self, queue: &Jobs<Job>) {
        while let Some(job) = queue.next() {
            let began = self.clock.monotonic();
            job(&mut self);
            self.busy += self.clock.monotonic().saturating_sub(began);
        }
        self.checkpoints.stop();
        // A closed store is one file: the log is empty, and a copy of the folder is whole.
        if let Err(error) = self.empty_log() {
            tracing::warn!(%error, "the log could not be emptied at the end");
        }
    }

    fn transact<T>(
        &mut self,
        when_full: WhenFull,
        work: &mut impl FnMut(&mut Work<'_>) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let first = self.try_once(work);
        let may_use_ballast = when_full == WhenFull::UseBallast && matches!(first, Err(Fault::Full));
        let answer = if may_use_ballast && self.ballast.release() { self.try_once(work) } else { first };
        self.checkpoints.after_commit(self.gauges.log_bytes());
        Ok(answer?)
    }

    fn try_once<T>(&mut self, work: &mut impl FnMut(&mut Work<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
        self.make_room();
        let known = match &mut self.known {
            Some(known) => known,
            forgotten => forgotten.insert(Known::load(&self.db)?),
        };
        let (db, unlisted, listing_batch_entries) = (&self.db, &*self.unlisted, self.listing_batch_entries);
        let (clock, feed, gauges) = (&*self.clock, &*self.feed, &*self.gauges);
        let mut sync_took = Duration::ZERO;
        let answer = query::run(db, "BEGIN IMMEDIATE", ()).and_then(|_| {
            let mut scope = Work {
                db,
                known,
                unlisted,
                listing_batch_entries,
                listings: ListingChanges::default(),
                announced: Vec::new(),
                wants_events: feed.wants(ChangeKinds::EVENTS),
                clock,
            };
            let answer = work(&mut scope)?;
            let (began, log_bytes) = (clock.monotonic(), gauges.log_bytes());
            query::run(db, "COMMIT", ())?;
            // Where nothing was written the disk was not asked.
            if gauges.log_bytes() != log_bytes {
                sync_took = clock.monotonic().saturating_sub(began);
            }
            unlisted.apply(scope.listings);
            feed.announce(&scope.announced);
            Ok(answer)
        });
        self.sync_took = sync_took;
        answer.map_err(|fault| self.roll_back(fault))
    }

    fn roll_back(&mut self, fault: Fault) -> Fault {
        let fault = fault.on(&self.db);
        self.known = None;
        // SQLite rolls back by itself after some failures.
        if !self.db.is_autocommit()
            && let Err(error) = self.db.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
        fault
    }

    /// Keeps the log within its limit. Beside a writer that does not pause the checkpointer catches up but never gets to the end:
    /// then the writer moves what is left, and at the limit whatever there is.
    fn make_room(&mut self) {
        let log_bytes = self.gauges.log_bytes();
        let (is_full, caught_up) = (log_bytes >= self.room_at_bytes, self.checkpoints.have_caught_up());
        if !is_full && !caught_up {
            return;
        }
        // Our own readers end soon, but little is worth a moment only. For a backup nobody waits: its log goes when it has ended.
        let wait = if is_full { ROOM_TIME_MAX } else { CAUGHT_UP_TIME_MAX };
        let patience = if is_full && self.is_read_outside { Duration::ZERO } else { wait };
        let begun = self.set_patience(patience).and_then(|()| self.begin_log_anew(wait));
        let restored = self.set_patience(BUSY_TIME_MAX);
        if self.gauges.log_bytes() == 0 {
            (self.is_read_outside, self.room_at_bytes) = (false, LOG_BYTES_MAX);
        } else if is_full {
            self.room_at_bytes = log_bytes + CHECKPOINT_EVERY_BYTES;
            // Where a checkpoint was under way for all of the time nobody knows of readers.
            self.is_read_outside |= matches!(begun, Ok(true));
            if !patience.is_zero() {
                tracing::warn!(log_bytes, ?begun, "the log is above its limit and could not be emptied");
            }
        }
        if let Err(error) = restored {
            tracing::warn!(%error, "the writer's patience could not be set");
        }
    }

    fn set_patience(&self, patience: Duration) -> Result<(), Fault> {
        Ok(self.db.busy_timeout(patience)?)
    }

    fn step<T>(
        &mut self,
        work: &mut impl FnMut(&mut Work<'_>) -> Result<T, Fault>,
    ) -> Result<(T, StepTime), StoreError> {
        let began = self.clock.monotonic();
        let others_took = std::mem::take(&mut self.busy).saturating_sub(self.last_step_took);
        let answer = self.transact(WhenFull::GiveUp, work);
        self.last_step_took = self.clock.monotonic().saturating_sub(began);
        Ok((answer?, StepTime { took: self.last_step_took, others_took }))
    }

    /// Moves all of the log into the database. The file keeps its size: to give its room back and take it again would
    /// hold up commits.
    ///
    /// Beside another checkpoint SQLite would refuse at once: this waits so long for its end. Answers whether it ended.
    fn begin_log_anew(&mut self, wait: Duration) -> Result<bool, Fault> {
        let alone = self.checkpoints.alone();
        let Some(_alone) = alone.try_lock_for(wait) else { return Ok(false) };
        self.checkpoint("PRAGMA wal_checkpoint(RESTART)")?;
        Ok(true)
    }

    /// The same, and the file is empty then.
    fn empty_log(&mut self) -> Result<(), Fault> {
        self.checkpoint("PRAGMA wal_checkpoint(TRUNCATE)")
    }

    fn checkpoint(&mut self, call: &str) -> Result<(), Fault> {
        let busy = self.db.query_row(call, (), |row| row.get::<_, bool>(0))?;
        if !busy {
            self.gauges.set_log_frames(0);
        }
        Ok(())
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        self.transact(WhenFull::GiveUp, &mut |work| query::run(work.db, crate::sql::PROBE, ()).map(|_| ()))?;
        self.ballast.take_in();
        if self.ballast.is_missed() { Err(StoreError::Full) } else { Ok(()) }
    }
}
