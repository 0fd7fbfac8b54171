//! Carries replays out: one step after the other, of whichever replay is due, with a rest behind each.
//!
//! **Invariants:** one step at a time, however many replays run, so that they take a part of the writer that does not grow
//! with them; what a step queued is known to its lane at once.

use std::{sync::Arc, time::Duration};

use postroad_domain::{
    ReplayStatus,
    limits::{REPLAY_STEP_ROWS_MAX, REPLAY_STEP_TIME_MAX, REPLAY_WAITING_MAX},
};
use postroad_store::{ReplayStep, ReplayStepped, StoreError};

use super::schedule::Job;
use crate::history::service::HistoryService;

/// After a step that did something everything rests so many times as long as it took: steps take a quarter of the writer at
/// most.
const REST: u32 = 3;
/// The shortest rest: others come first also when a step takes no time that can be measured.
const REST_MIN: Duration = Duration::from_millis(1);
/// Before a replay whose step failed tries again.
const TROUBLE_PAUSE: Duration = Duration::from_secs(1);
/// Replays read when the node starts; there are a few for each tenant at most.
const RUNNING_AT_START_MAX: usize = 100_000;

/// What comes after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// The next one, when the others had their turn.
    GoOn,
    /// Nothing for so long: nothing was done.
    Pause(Duration),
    /// Nothing more.
    End,
}

impl HistoryService {
    /// Goes on with the replays that run, until the engine is stopped.
    pub(crate) async fn keep_replays(self: Arc<Self>) {
        self.take_up_replays().await;
        loop {
            match self.replays.take_due(self.clock.monotonic()) {
                Ok(job) => self.go_on_with(job).await,
                Err(Some(wait)) => tokio::select! {
                    // Whichever it is, the same follows.
                    biased;
                    () = self.clock.sleep(wait) => {}
                    () = self.replays.changed() => {}
                },
                Err(None) => self.replays.changed().await,
            }
        }
    }

    async fn take_up_replays(&self) {
        loop {
            match self.store.running_replays(RUNNING_AT_START_MAX).await {
                Ok(running) => {
                    running.iter().for_each(|replay| self.replays.add(replay));
                    return;
                }
                Err(error) => {
                    tracing::warn!(%error, "the replays that run could not be read");
                    self.clock.sleep(TROUBLE_PAUSE).await;
                }
            }
        }
    }

    async fn go_on_with(&self, mut job: Job) {
        let began = self.clock.monotonic();
        let next = match job.pace.room(began) {
            Err(wait) => Next::Pause(wait),
            Ok(room) => self.step_of(&mut job, room).await,
        };
        let ended = self.clock.monotonic();
        match next {
            Next::End => self.replays.end(&job),
            Next::GoOn => self.replays.put_back(job, ended),
            Next::Pause(pause) => self.replays.put_back(job, ended + pause),
        }
        self.clock.sleep(rest_after(next, ended.saturating_sub(began))).await;
    }

    /// Makes a step that queues at most `room` deliveries.
    async fn step_of(&self, job: &mut Job, room: u32) -> Next {
        match self.replay_step(job, room).await {
            Ok(None) => Next::End,
            Ok(Some(stepped)) => {
                let count = u32::try_from(stepped.queued.len()).unwrap_or(u32::MAX);
                job.pace.took(self.clock.monotonic(), count);
                self.metrics.replayed.inc_by(u64::from(count));
                if stepped.is_held {
                    return Next::Pause(job.held.next());
                }
                job.held.is_over();
                match stepped.replay.status {
                    ReplayStatus::Running => Next::GoOn,
                    ReplayStatus::Done | ReplayStatus::Cancelled | ReplayStatus::Failed(_) => Next::End,
                }
            }
            Err(error) => {
                tracing::warn!(replay = %job.id, %error, "a step of a replay failed; it is tried again");
                Next::Pause(TROUBLE_PAUSE)
            }
        }
    }

    async fn replay_step(&self, job: &Job, room: u32) -> Result<Option<ReplayStepped>, StoreError> {
        let endpoint = self.configs.endpoint(job.lane).await?;
        let at = self.commit_clock.now();
        // One whose subscription is gone queues nothing: the store says so.
        let lifetime = endpoint.map(|endpoint| endpoint.settings.retry.lifetime()).unwrap_or_default();
        let step = ReplayStep {
            tenant_no: job.tenant_no,
            id: job.id,
            at,
            expires_at: at.after(lifetime),
            rows_max: REPLAY_STEP_ROWS_MAX,
            time_max: REPLAY_STEP_TIME_MAX,
            deliveries_max: (room as usize).min(REPLAY_STEP_ROWS_MAX),
            waiting_max: REPLAY_WAITING_MAX,
        };
        let stepped = self.store.replay_step(step).await?;
        if let Some(stepped) = stepped.as_ref().filter(|stepped| !stepped.queued.is_empty()) {
            self.dispatcher.wake_for_all(stepped.lane, &stepped.queued, at);
        }
        Ok(stepped)
    }
}

/// How long all replays rest after a step that took so long. One that did nothing has only waited for its turn at the
/// store, and is no reason for the others to wait.
fn rest_after(next: Next, took: Duration) -> Duration {
    match next {
        Next::Pause(_) => REST_MIN,
        Next::GoOn | Next::End => (took * REST).max(REST_MIN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_did_nothing_keeps_the_other_replays_from_nothing() {
        let took = Duration::from_millis(200);
        for pause in [Duration::ZERO, TROUBLE_PAUSE] {
            assert_eq!(rest_after(Next::Pause(pause), took), REST_MIN);
        }
        for next in [Next::GoOn, Next::End] {
            assert_eq!(rest_after(next, took), Duration::from_millis(600));
            assert_eq!(rest_after(next, Duration::ZERO), REST_MIN);
        }
    }
}
