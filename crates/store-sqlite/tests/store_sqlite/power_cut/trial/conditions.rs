//! What a trial is like, and what it met.

use std::ops::AddAssign;

/// What a trial is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conditions {
    /// Decides on everything.
    pub(crate) seed: u64,
    /// Any part of what was not synced may survive, not only nothing.
    pub(crate) torn: bool,
    /// A sync does nothing.
    pub(crate) lies: bool,
    /// The log is moved now and then by a connection beside the store; else by the store alone.
    pub(crate) checkpoints: bool,
    /// Bytes that an event may have.
    pub(crate) data_bytes_max: usize,
    /// Power cuts.
    pub(crate) lives: usize,
    /// Operations between two of them, at most.
    pub(crate) steps: usize,
    /// When the cut comes at the latest; one of these is chosen for each life.
    pub(crate) cuts: [Latest; 3],
}

/// When a cut comes at the latest.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Latest {
    /// At the n-th changing call to the disk.
    Call(u64),
    /// At the n-th to the database itself, which only checkpoints write to.
    CallToDatabase(u64),
}

/// What a trial met: a trial that met nothing proves nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Operations that were acknowledged.
    pub(crate) acknowledged: usize,
    /// Cuts before which something was acknowledged that can be seen, so that it had to outlive them.
    pub(crate) at_stake: usize,
    /// Cuts while the store was opened.
    pub(crate) cut_opening: usize,
    /// Cuts while a connection beside the store moved the log.
    pub(crate) cut_checkpointing: usize,
    /// Cuts while the store was closed, which moves the log too.
    pub(crate) cut_closing: usize,
    /// Operations that a cut met and that were done all the same.
    pub(crate) done: usize,
    /// Operations that a cut met and of which nothing was left.
    pub(crate) undone: usize,
    /// Cuts while the store moved its log by itself beside its commits.
    pub(crate) cut_own_checkpoint: usize,
    /// Checkpoints of the store's own that the next operation waited for, so that the log began anew.
    pub(crate) own_checkpoints: usize,
    /// Groups of several events that were found when a store was opened: those that wait, have ended, and were called off.
    pub(crate) groups: [usize; 3],
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.at_stake += other.at_stake;
        self.cut_opening += other.cut_opening;
        self.cut_checkpointing += other.cut_checkpointing;
        self.cut_closing += other.cut_closing;
        self.done += other.done;
        self.undone += other.undone;
        self.cut_own_checkpoint += other.cut_own_checkpoint;
        self.own_checkpoints += other.own_checkpoints;
        for (sum, count) in self.groups.iter_mut().zip(other.groups) {
            *sum += count;
        }
    }
}
