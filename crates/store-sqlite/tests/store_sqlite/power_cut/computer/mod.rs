//! A computer whose power can be cut: a disk, and what lives in memory beside it.
//!
//! **Invariant:** after the cut nothing can be read, written, made certain or locked until the reboot.

mod disk;
mod file;
mod locks;
mod survival;

use std::{collections::BTreeMap, time::Duration};

pub(crate) use disk::{Cut, Disk, FileNo};
pub(crate) use file::File;
pub(crate) use locks::{HandleNo, Level, Locks, Region, SlotLock};
use parking_lot::{Condvar, Mutex, MutexGuard};
pub(crate) use survival::Survival;

/// Why a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is no power.
    PowerLost,
    /// There is no such file.
    NotFound,
    /// Somebody else holds the lock.
    Busy,
}

/// The computer; every connection of a test works on it, on any thread.
#[derive(Debug, Default)]
pub(crate) struct Computer {
    state: Mutex<State>,
    unlocked: Condvar,
}

/// What the computer is made of.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Outlives a power cut.
    pub(crate) disk: Disk,
    /// What does not: the locks of each file.
    locks: BTreeMap<FileNo, Locks>,
    last_handle: u64,
    open_handles: usize,
}

impl State {
    /// Opens a file, or creates it.
    pub(crate) fn open(&mut self, name: Option<&str>, creates: bool) -> Result<(FileNo, HandleNo), Refusal> {
        let no = self.disk.open(name, creates)?;
        self.last_handle += 1;
        self.open_handles += 1;
        Ok((no, HandleNo(self.last_handle)))
    }

    /// The locks of a file.
    pub(crate) fn locks(&mut self, no: FileNo) -> &mut Locks {
        self.locks.entry(no).or_default()
    }

    /// The locks of a file, to take one: none is given without power.
    pub(crate) fn locks_with_power(&mut self, no: FileNo) -> Result<&mut Locks, Refusal> {
        if self.disk.is_cut() { Err(Refusal::PowerLost) } else { Ok(self.locks(no)) }
    }

    fn checkpoints_ended(&mut self, database: &str) -> usize {
        self.disk.find(database).map_or(0, |no| self.locks(no).checkpoints_ended())
    }
}

impl Computer {
    /// Its state, for one call.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Closes a file.
    pub(crate) fn close(&self, no: FileNo, handle: HandleNo) {
        self.unlock(no, |locks| locks.release(handle));
        self.state().open_handles -= 1;
    }

    /// Whether any connection is there.
    pub(crate) fn has_open_files(&self) -> bool {
        self.state().open_handles > 0
    }

    /// Gives a lock up and wakes who waits for one.
    pub(crate) fn unlock(&self, no: FileNo, give_up: impl FnOnce(&mut Locks)) {
        give_up(self.state().locks(no));
        self.unlocked.notify_all();
    }

    /// Waits until somebody gives a lock up, but not longer than `span`.
    pub(crate) fn wait_for_unlock(&self, span: Duration) {
        self.unlocked.wait_for(&mut self.state(), span);
    }

    /// How often the log of this database was moved so far, to its end or not.
    pub(crate) fn checkpoints_ended(&self, database: &str) -> usize {
        self.state().checkpoints_ended(database)
    }

    /// Waits until that is more than `before`, but not longer than `span`: a checkpoint may not have been called.
    pub(crate) fn wait_for_checkpoint(&self, database: &str, before: usize, span: Duration) {
        let mut state = self.state();
        self.unlocked.wait_while_for(&mut state, |state| state.checkpoints_ended(database) == before, span);
    }

    /// Plans when the power goes.
    pub(crate) fn plan(&self, cut: Cut) {
        self.state().disk.plan(cut);
    }

    /// Whether the power is gone.
    pub(crate) fn is_cut(&self) -> bool {
        self.state().disk.is_cut()
    }

    /// Gives power again; what was not synced is cut off here at the latest.
    ///
    /// # Panics
    /// When a file is still open: its connection would go on as if nothing had happened.
    pub(crate) fn reboot(&self, survival: &mut Survival) {
        let mut state = self.state();
        assert_eq!(state.open_handles, 0, "files are open over a reboot");
        state.locks.clear();
        state.disk.reboot(survival);
    }
}
