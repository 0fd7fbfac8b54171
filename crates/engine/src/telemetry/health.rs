//! Whether this node can take work: what `/health/ready` answers and what gates new attempts.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use postroad_domain::limits::{OUTCOMES_BYTES_MAX, OUTCOMES_WAITING_MAX};
use tokio::sync::Notify;

/// The node's condition.
#[derive(Default)]
pub(crate) struct Health {
    unwritable: AtomicBool,
    stopping: AtomicBool,
    /// Outcomes that wait for their commit.
    outcomes: AtomicUsize,
    outcome_bytes: AtomicUsize,
    recovered: Notify,
}

impl Health {
    pub(crate) fn is_writable(&self) -> bool {
        !self.unwritable.load(Ordering::Acquire)
    }

    pub(crate) fn set_writable(&self, writable: bool) {
        self.unwritable.store(!writable, Ordering::Release);
        if writable {
            self.recovered.notify_one();
        }
    }

    /// Ends when attempts may start again after a time in which they might not.
    pub(crate) async fn recovered(&self) {
        self.recovered.notified().await;
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// An outcome with so many bytes waits for its commit.
    pub(crate) fn outcome_waits(&self, bytes: usize) {
        self.outcomes.fetch_add(1, Ordering::AcqRel);
        self.outcome_bytes.fetch_add(bytes, Ordering::AcqRel);
    }

    /// It waits no more.
    pub(crate) fn outcome_written(&self, bytes: usize) {
        let could_not_send = self.has_too_many_outcomes();
        self.outcomes.fetch_sub(1, Ordering::AcqRel);
        self.outcome_bytes.fetch_sub(bytes, Ordering::AcqRel);
        if could_not_send && !self.has_too_many_outcomes() {
            self.recovered.notify_one();
        }
    }

    /// Whether a new attempt may start.
    pub(crate) fn may_send(&self) -> bool {
        self.is_writable() && !self.is_stopping() && !self.has_too_many_outcomes()
    }

    fn has_too_many_outcomes(&self) -> bool {
        self.outcomes.load(Ordering::Acquire) >= OUTCOMES_WAITING_MAX
            || self.outcome_bytes.load(Ordering::Acquire) >= OUTCOMES_BYTES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_attempt_starts_while_too_many_outcomes_or_too_large_ones_wait() {
        let health = Health::default();
        assert!(health.may_send());
        health.outcome_waits(OUTCOMES_BYTES_MAX);
        assert!(!health.may_send());
        health.outcome_written(OUTCOMES_BYTES_MAX);
        assert!(health.may_send());
        for _ in 0..OUTCOMES_WAITING_MAX {
            health.outcome_waits(0);
        }
        assert!(!health.may_send());
        health.outcome_written(0);
        assert!(health.may_send());
    }
}
