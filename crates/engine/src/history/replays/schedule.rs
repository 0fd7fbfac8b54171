//! Which replay is next: each has the moment of its next step, and the earliest goes first.
//!
//! **Invariant:** a replay is in here once, from its beginning to its end, whoever names it: twice would be twice its pace.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use parking_lot::Mutex;
use postroad_domain::{Replay, ReplayId, TenantNo};
use postroad_store::LaneKey;
use tokio::sync::Notify;

use super::pace::{HeldPause, ReplayPace};

/// A replay that runs, as far as memory must know it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) tenant_no: TenantNo,
    pub(super) id: ReplayId,
    pub(super) lane: LaneKey,
    pub(super) pace: ReplayPace,
    pub(super) held: HeldPause,
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
    /// Waiting, or taken out for a step.
    running: HashSet<ReplayId>,
    waiting: BTreeMap<(Duration, u64), Job>,
    next_number: u64,
}

impl ReplaySchedule {
    /// Takes a replay in, unless it is in here; its first step is due at once.
    pub(crate) fn add(&self, replay: &Replay) {
        if !self.jobs.lock().running.insert(replay.id) {
            return;
        }
        let Replay { tenant_no, subscription_no, id, pace, .. } = *replay;
        let lane = LaneKey { tenant_no, subscription_no };
        let (pace, held) = (ReplayPace::new(pace), HeldPause::default());
        self.put_back(Job { tenant_no, id, lane, pace, held }, Duration::ZERO);
        self.changed.notify_one();
    }

    /// The next step of a replay is due then.
    pub(super) fn put_back(&self, job: Job, due: Duration) {
        let mut jobs = self.jobs.lock();
        let number = jobs.next_number;
        jobs.next_number += 1;
        jobs.waiting.insert((due, number), job);
    }

    /// The replay, which was taken out for a step, has ended.
    pub(super) fn end(&self, job: &Job) {
        self.jobs.lock().running.remove(&job.id);
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

#[cfg(test)]
mod tests {
    use postroad_domain::{
        RateLimit, ReplaySelection, ReplayStatus, SubscriptionId, SubscriptionNo, Timestamp,
        replay::{ReplayCount, ReplayProgress},
    };
    use uuid::Uuid;

    use super::*;

    fn replay() -> Replay {
        Replay {
            id: ReplayId::from_uuid(Uuid::nil()),
            tenant_no: TenantNo(1),
            subscription: SubscriptionId::from_uuid(Uuid::nil()),
            subscription_no: SubscriptionNo(1),
            selection: ReplaySelection::Failed,
            since: Timestamp::default(),
            until: None,
            pace: RateLimit { count: 1, per: Duration::from_secs(1) },
            count: ReplayCount { deliveries: 1, is_exact: true },
            status: ReplayStatus::Running,
            progress: ReplayProgress::default(),
            created_at: Timestamp::default(),
            finished_at: None,
        }
    }

    /// One that began while a starting node read which ones run was in twice, and had twice its pace.
    #[test]
    fn a_replay_that_is_named_twice_runs_once_until_it_has_ended() {
        let schedule = ReplaySchedule::default();
        schedule.add(&replay());
        schedule.add(&replay());
        let job = schedule.take_due(Duration::ZERO).unwrap();
        schedule.add(&replay());
        assert_eq!(schedule.take_due(Duration::ZERO).unwrap_err(), None, "its step is being made");
        schedule.put_back(job, Duration::from_secs(1));
        schedule.add(&replay());
        assert_eq!(schedule.take_due(Duration::ZERO).unwrap_err(), Some(Duration::from_secs(1)));
        let job = schedule.take_due(Duration::from_secs(1)).unwrap();
        schedule.end(&job);
        assert!(schedule.jobs.lock().running.is_empty());
    }
}
