//! The time of commits: never standing, never going back, also when the wall clock does.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use postroad_domain::{Clock, Timestamp};

/// Gives each commit a later moment than the last one, so that the queue's order is the order of commits, and tells the
/// lanes what is due by now. When the wall clock is set back, this one goes on at the pace of the monotonic one until the
/// wall has caught up: no gap of a schedule is shortened and none is lengthened by the jump. After a restart it goes on from the
/// store's newest event: behind a wall that was set back nobody can tell how long the node was down, so what is due comes so
/// much later, and never earlier. All that is compared with times of commits goes by it: what is due, expires, is forgotten.
pub(crate) struct CommitClock {
    clock: Arc<dyn Clock>,
    /// The latest commit, and when that was on the monotonic clock.
    latest: Mutex<(Timestamp, Duration)>,
}

impl CommitClock {
    /// Begins behind the newest event of the store.
    pub(crate) fn new(clock: Arc<dyn Clock>, newest: Timestamp) -> Self {
        let latest = Mutex::new((newest, clock.monotonic()));
        Self { clock, latest }
    }

    /// The moment of the next commit. Only the commit loop asks.
    pub(crate) fn next_commit(&self) -> Timestamp {
        let now = self.now();
        let mut latest = self.latest.lock();
        let at = now.max(latest.0.after(Duration::from_micros(1)));
        *latest = (at, self.clock.monotonic());
        at
    }

    /// What is due by this moment may be sent; what is to come later is counted from it.
    pub(crate) fn now(&self) -> Timestamp {
        let (at, then) = *self.latest.lock();
        self.clock.now().max(at.after(self.clock.monotonic().saturating_sub(then)))
    }
}
