//! How long a disk takes, and what is wrong with it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use parking_lot::Mutex;
use postroad_store::StoreError;
use tokio::sync::{Notify, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use crate::{
    clock::StoryClock,
    plan::{DiskPlan, Trouble},
    random::Draws,
};

/// Readings at a time, as the embedded store has them.
const READERS: usize = 4;
/// How long a reading may take there.
const READ_TIME_MAX: Duration = Duration::from_millis(250);

/// The disk in one life of the node. Clones are the same disk.
#[derive(Clone)]
pub(crate) struct Disk(Arc<State>);

struct State {
    plan: DiskPlan,
    clock: StoryClock,
    calm_from: Duration,
    draws: Mutex<Draws>,
    writer: Arc<tokio::sync::Mutex<()>>,
    readers: Arc<Semaphore>,
    /// Microseconds that writes have taken and nobody has waited for: timers tick in milliseconds.
    debt_us: AtomicU64,
    commits: AtomicU32,
    /// The node dies in the next commit: behind its effect, or before it.
    dies: Mutex<Option<bool>>,
    is_dying: AtomicBool,
    died: Notify,
}

impl Disk {
    /// The disk of a plan and its seed, in the life of this number, whose commits are numbered from `commits` on.
    pub(crate) fn new(
        plan: &DiskPlan,
        (seed, life): (u64, u64),
        commits: u32,
        calm_from: Duration,
        clock: StoryClock,
    ) -> Self {
        Self(Arc::new(State {
            plan: plan.clone(),
            clock,
            calm_from,
            draws: Mutex::new(Draws::new(seed, "disk", life)),
            writer: Arc::default(),
            readers: Arc::new(Semaphore::new(READERS)),
            debt_us: AtomicU64::new(0),
            commits: AtomicU32::new(commits),
            dies: Mutex::new(None),
            is_dying: AtomicBool::new(false),
            died: Notify::new(),
        }))
    }

    /// The story's clock.
    pub(crate) fn clock(&self) -> &StoryClock {
        &self.0.clock
    }

    /// The number of the next commit.
    pub(crate) fn commits(&self) -> u32 {
        self.0.commits.load(Relaxed)
    }

    /// Counts a commit and answers its number.
    pub(super) fn count_commit(&self) -> u32 {
        self.0.commits.fetch_add(1, Relaxed)
    }

    /// The node is to die in the next commit.
    pub(crate) fn die_in_commit(&self, behind: bool) {
        *self.0.dies.lock() = Some(behind);
    }

    /// Ends when it has.
    pub(crate) async fn died(&self) {
        self.0.died.notified().await;
    }

    /// Never ends when the node is to die here.
    pub(super) async fn may_die(&self, behind: bool) {
        let dies = self.0.dies.lock().take_if(|at| *at == behind).is_some();
        if dies {
            self.0.is_dying.store(true, Relaxed);
            self.0.died.notify_one();
        }
        if self.0.is_dying.load(Relaxed) {
            std::future::pending::<()>().await;
        }
    }

    /// The right to write: one at a time, in the order of asking.
    pub(super) async fn writer(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.0.writer).lock_owned().await
    }

    /// The right to read.
    pub(super) async fn reader(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.readers).acquire_owned().await.ok()
    }

    /// Waits as long as a transaction of so many rows takes, and answers how long its sync took.
    pub(super) async fn write_takes(&self, rows: usize) -> Duration {
        let sync = self.0.draws.lock().millis(self.0.plan.sync_ms) * self.slowness();
        let work_us = rows as u64 * self.0.plan.row_us * u64::from(self.slowness());
        let owed_us = self.0.debt_us.load(Relaxed) + work_us;
        let work = Duration::from_millis(owed_us / 1_000);
        self.0.debt_us.store(owed_us % 1_000, Relaxed);
        wait(sync + work).await;
        sync
    }

    /// Waits as long as the answer to a transaction is on its way, while others hear already of what it did.
    pub(super) async fn answer_takes(&self) {
        let takes = {
            let mut draws = self.0.draws.lock();
            if draws.chance(40) { draws.millis((1, 3)) } else { Duration::ZERO }
        };
        wait(takes).await;
    }

    /// Waits as long as a reading takes.
    ///
    /// # Errors
    ///
    /// It fails, as the disk has its trouble.
    pub(super) async fn read_takes(&self) -> Result<(), StoreError> {
        let (takes, fails, at_once) = {
            let mut draws = self.0.draws.lock();
            let takes = draws.millis(self.0.plan.read_ms) * self.slowness();
            let percent = self.trouble(|trouble| match trouble {
                Trouble::ReadsFail(percent) => Some(percent),
                _ => None,
            });
            let fails = percent.is_some_and(|percent| draws.chance(percent));
            (takes, fails, draws.chance(30))
        };
        if fails {
            wait(if at_once { takes } else { READ_TIME_MAX }).await;
            return Err(StoreError::Unavailable("reading took longer than it may".to_owned()));
        }
        wait(takes.min(READ_TIME_MAX)).await;
        Ok(())
    }

    /// Waits as long as so many bytes take.
    ///
    /// # Errors
    ///
    /// They take longer than a reading may.
    pub(super) async fn brings(&self, bytes: usize) -> Result<(), StoreError> {
        let share = bytes as f64 / self.0.plan.read_bytes_max as f64;
        wait(Duration::from_millis((READ_TIME_MAX.as_millis() as f64 * share.min(1.0)) as u64)).await;
        if share > 1.0 {
            return Err(StoreError::Unavailable("reading took longer than it may".to_owned()));
        }
        Ok(())
    }

    /// Errors: the disk takes nothing now.
    pub(super) fn may_write(&self) -> Result<(), StoreError> {
        let error = self.trouble(|trouble| match trouble {
            Trouble::Full => Some(StoreError::Full),
            Trouble::Unwritable => Some(StoreError::Unavailable("the disk does not answer".to_owned())),
            _ => None,
        });
        error.map_or(Ok(()), Err)
    }

    fn slowness(&self) -> u32 {
        let slow = self.trouble(|trouble| match trouble {
            Trouble::Slow(times) => Some(times),
            _ => None,
        });
        slow.unwrap_or(1)
    }

    fn trouble<T>(&self, of: impl Fn(Trouble) -> Option<T>) -> Option<T> {
        let now = self.0.clock.elapsed();
        let current = self.0.plan.troubles.iter().filter(|(from, to, _)| (*from..*to).contains(&now));
        current.filter(|_| now < self.0.calm_from).find_map(|(_, _, trouble)| of(*trouble))
    }
}

async fn wait(span: Duration) {
    if span >= Duration::from_millis(1) {
        tokio::time::sleep(span).await;
    }
}
