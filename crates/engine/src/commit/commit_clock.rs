//! The time of commits: never standing, never going back, also when the wall clock does.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use postroad_domain::{Clock, Timestamp, time::Sleep};
use tokio::sync::watch;

/// Gives each commit a later moment than the last one, so that the queue's order is the order of commits, and tells the
/// lanes what is due by now. When the wall clock is set back, this one goes on at the pace of the monotonic one, and
/// stays ahead of the wall by as much, until the wall is set forward or the node restarts: no gap of a schedule is shortened and none is lengthened by the jump. After a restart it goes on from the
/// store's newest event: behind a wall that was set back nobody can tell how long the node was down, so what is due comes so
/// much later, and never earlier. All that is compared with times of commits goes by it: what is due, expires, is forgotten.
pub(crate) struct CommitClock {
    clock: Arc<dyn Clock>,
    /// The latest commit, and when that was on the monotonic clock.
    latest: Mutex<(Timestamp, Duration)>,
    /// The commit that is under way. Set while `latest` is locked.
    under_way: watch::Sender<Option<Timestamp>>,
}

impl CommitClock {
    /// Begins behind the newest event of the store.
    pub(crate) fn new(clock: Arc<dyn Clock>, newest: Timestamp) -> Self {
        let latest = Mutex::new((newest, clock.monotonic()));
        Self { clock, latest, under_way: watch::Sender::new(None) }
    }

    /// Sleeps so long.
    pub(crate) fn sleep(&self, span: Duration) -> Sleep {
        self.clock.sleep(span)
    }

    /// The moment of the next commit, which is under way from now on. Only the commit loop asks.
    pub(crate) fn next_commit(&self) -> Timestamp {
        let now = self.now();
        let mut latest = self.latest.lock();
        let at = now.max(latest.0.after(Duration::from_micros(1)));
        *latest = (at, self.clock.monotonic());
        self.under_way.send_replace(Some(at));
        at
    }

    /// The store has answered the commit that was under way.
    pub(crate) fn answered(&self) {
        self.under_way.send_replace(None);
    }

    /// Sees to it that no commit of a moment before this one is made any more, which is over, and that those which were made are
    /// answered: what the store shows then of a group that was due by it is the whole.
    pub(crate) async fn pass(&self, moment: Timestamp) {
        {
            let mut latest = self.latest.lock();
            let last_before = Timestamp::from_micros(moment.as_micros().saturating_sub(1));
            if latest.0 < last_before {
                *latest = (last_before, self.clock.monotonic());
            }
        }
        let is_passed = |under_way: &Option<Timestamp>| under_way.is_none_or(|at| at >= moment);
        // It cannot fail: the sender lives as long as this.
        let _ = self.under_way.subscribe().wait_for(is_passed).await;
    }

    /// What is due by this moment may be sent; what is to come later is counted from it.
    pub(crate) fn now(&self) -> Timestamp {
        let (at, then) = *self.latest.lock();
        self.clock.now().max(at.after(self.clock.monotonic().saturating_sub(then)))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use postroad_testkit::clock::ManualClock;

    use super::*;

    fn clock() -> CommitClock {
        CommitClock::new(Arc::new(ManualClock::default()), Timestamp::default())
    }

    #[tokio::test]
    async fn a_moment_is_passed_when_the_commits_before_it_are_answered() {
        let clock = clock();
        let at = clock.next_commit();
        clock.pass(at).await;
        let is_answered = Cell::new(false);
        let passing = async {
            clock.pass(at.after(Duration::from_micros(1))).await;
            assert!(is_answered.get(), "a commit before it was under way");
        };
        let answering = async {
            tokio::task::yield_now().await;
            is_answered.set(true);
            clock.answered();
        };
        tokio::join!(passing, answering);
    }

    #[tokio::test]
    async fn no_commit_is_made_before_a_moment_that_was_passed() {
        let clock = clock();
        let moment = clock.now().after(Duration::from_secs(3_600));
        clock.pass(moment).await;
        assert_eq!(clock.next_commit(), moment);
    }
}
