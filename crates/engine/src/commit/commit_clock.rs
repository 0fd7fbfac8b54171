//! The time of commits: never standing, never going back, also when the wall clock does.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use postroad_domain::{Clock, Timestamp};

/// Gives each commit a later moment than the last one, so that the queue's order is the order of commits, and tells the
/// lanes what is due by now.
pub(crate) struct CommitClock {
    clock: Arc<dyn Clock>,
    latest_micros: AtomicI64,
}

impl CommitClock {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, latest_micros: AtomicI64::new(0) }
    }

    /// The moment of the next commit. Only the commit loop asks.
    pub(crate) fn next_commit(&self) -> Timestamp {
        let latest = Timestamp::from_micros(self.latest_micros.load(Ordering::Acquire));
        let at = self.clock.now().max(latest.after(Duration::from_micros(1)));
        self.latest_micros.store(at.as_micros(), Ordering::Release);
        at
    }

    /// What is due by this moment may be sent. After the wall clock was set back, that is still everything committed.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now().max(Timestamp::from_micros(self.latest_micros.load(Ordering::Acquire)))
    }
}
