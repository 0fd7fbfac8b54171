//! Which replay is next: each has the moment of its next step, and the earliest goes first.

use std::{collections::BTreeMap, time::Duration};

use parking_lot::Mutex;
use postroad_domain::{Replay, ReplayId, TenantNo};
use postroad_store::LaneKey;
use tokio::sync::Notify;

use super::pace::ReplayPace;

/// A replay that runs, as far as memory must know it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) tenant_no: TenantNo,
    pub(super) id: ReplayId,
    pub(super) lane: LaneKey,
    pub(super) pace: ReplayPace,
}

/// The replays that run.
#[derive(Debug, Default)]
pub(crate) struct ReplaySchedule {
    /// By the moment of the next step on the monotonic clock, then by arrival.
    jobs: Mutex<Jobs>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Jobs {
    waiting: BTreeMap<(Duration, u64), Job>,
    next_number: u64,
}

impl ReplaySchedule {
    /// Takes a replay in; its first step is due at once.
    pub(crate) fn add(&self, replay: &Replay) {
        let lane = LaneKey { tenant_no: replay.tenant_no, subscription_no: replay.subscription_no };
        let pace = ReplayPace::new(replay.pace);
        self.put_back(Job { tenant_no: replay.tenant_no, id: replay.id, lane, pace }, Duration::ZERO);
        self.changed.notify_one();
    }

    /// The next step of a replay is due then.
    pub(super) fn put_back(&self, job: Job, due: Duration) {
        let mut jobs = self.jobs.lock();
        let number = jobs.next_number;
        jobs.next_number += 1;
        jobs.waiting.insert((due, number), job);
    }

    /// The replay whose step is due; otherwise how long that takes, if any runs.
    pub(super) fn take_due(&self, now: Duration) -> Result<Job, Option<Duration>> {
        let mut jobs = self.jobs.lock();
        match jobs.waiting.first_entry() {
            Some(first) if first.key().0 <= now => Ok(first.remove()),
            Some(first) => Err(Some(first.key().0.saturating_sub(now))),
            None => Err(None),
        }
    }

    /// Ends when a replay was taken in.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }
}
