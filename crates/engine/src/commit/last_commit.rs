//! What the next commit is made by: how the last one went.

use std::time::Duration;

/// The commit before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LastCommit {
    /// How long it took.
    pub(super) took: Duration,
    /// How much of that the disk.
    pub(super) sync_took: Duration,
    /// How many events were in it.
    pub(super) events: usize,
    /// How many rows steps of fan-outs had in it.
    pub(super) fanout_rows: usize,
    /// Whether it had anything else.
    pub(super) had_others: bool,
}
