//! What stands in front of the commits: how a batch is taken from the queues, and what it waits for.

use std::{collections::VecDeque, time::Duration};

use postroad_domain::{
    Clock,
    limits::{COMMIT_BYTES_MAX, COMMIT_ROWS_MAX, FANOUT_PER_COMMIT_MAX, OPEN_FANOUTS_MAX},
};
use postroad_store::{Fanout, StoreError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::batch::{Batch, EventJob, GATHERED_ROWS_MAX, OutcomeJob};

/// A disk that takes less for a commit is worth no wait.
const SLOW_DISK: Duration = Duration::from_millis(2);
/// Longer waits help nobody, however slow the disk.
const PATIENCE_MAX: Duration = Duration::from_millis(10);
/// The part of a commit's time that the events which are here wait for those who were answered with the last commit.
const HERD_PART: u32 = 8;
/// Fewer callers that were answered at once are no herd: whether they come back together nobody knows.
const HERD_MIN: usize = 3;

/// The commit before: how long it took, how much of that the disk, and how many events it answered.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LastCommit {
    pub(super) took: Duration,
    pub(super) sync_took: Duration,
    pub(super) events: usize,
}

/// The queues in front of the commits.
pub(super) struct Intake {
    pub(super) events: mpsc::UnboundedReceiver<EventJob>,
    pub(super) outcomes: mpsc::UnboundedReceiver<OutcomeJob>,
    pub(super) fanouts: mpsc::UnboundedReceiver<Fanout>,
    /// Steps of large fan-outs take turns here.
    pub(super) open_fanouts: VecDeque<Fanout>,
    /// Set when nothing new is to be expected: what is here is still taken.
    pub(super) finish: CancellationToken,
}

impl Intake {
    /// Waits for the first item, then takes what else is there, within the bounds of a commit. `None` when it is time to
    /// finish and everything was taken but the rest of large fan-outs, which the store keeps for the next start.
    pub(super) async fn next(&mut self, clock: &dyn Clock, last: LastCommit) -> Option<Batch> {
        let mut batch = Batch::default();
        if self.finish.is_cancelled() {
            self.open_fanouts.clear();
        }
        if self.open_fanouts.is_empty() {
            tokio::select! {
                biased;
                Some(job) = self.events.recv() => {
                    batch.add_event(job);
                    self.gather(&mut batch, false, clock, last).await;
                }
                Some(job) = self.outcomes.recv() => {
                    batch.add_outcome(job.outcome);
                    self.gather(&mut batch, job.is_awaited, clock, last).await;
                }
                () = self.finish.cancelled() => return None,
                Some(fanout) = self.fanouts.recv() => self.open_fanouts.push_back(fanout),
            }
        }
        while let Ok(fanout) = self.fanouts.try_recv() {
            self.open_fanouts.push_back(fanout);
        }
        while batch.rows < COMMIT_ROWS_MAX / 2 && self.take_fanout_step(&mut batch) {}
        self.take_outcomes(&mut batch, COMMIT_ROWS_MAX / 2, COMMIT_BYTES_MAX / 2);
        // With too many open fan-outs events wait, and with them their callers: so what is open in memory is bounded.
        if self.open_fanouts.len() < OPEN_FANOUTS_MAX {
            self.take_events(&mut batch);
        }
        // What events left of their half is for outcomes.
        self.take_outcomes(&mut batch, COMMIT_ROWS_MAX, COMMIT_BYTES_MAX);
        Some(batch)
    }

    /// On a slow disk, takes what comes soon after the first item, so that it need not wait for a commit of its own.
    ///
    /// Nobody waits for outcomes: they wait for an event, for as long as a commit takes, but not one whose lane waits for it.
    /// Callers who were answered with the last commit are likely to be back in a moment: the events that are here wait for
    /// theirs, for a small part of that time. Otherwise callers fall into two halves, each of which waits for the commit of the
    /// other. An event that comes alone, after one that came alone, waits for nobody.
    async fn gather(&mut self, batch: &mut Batch, mut is_awaited: bool, clock: &dyn Clock, last: LastCommit) {
        if last.sync_took < SLOW_DISK || self.outcomes.len() >= GATHERED_ROWS_MAX {
            return;
        }
        while !batch.is_large()
            && let Ok(job) = self.events.try_recv()
        {
            batch.add_event(job);
        }
        let returning = if last.events < HERD_MIN { 0 } else { last.events };
        let wanted = (batch.events.len() + returning).max(1);
        let patience = |batch: &Batch| {
            let parts = if batch.events.is_empty() { 1 } else { HERD_PART };
            clock.sleep(last.took.min(PATIENCE_MAX) / parts)
        };
        let mut is_over = patience(batch);
        while batch.events.len() < wanted && !is_awaited && !batch.is_large() {
            tokio::select! {
                biased;
                Some(job) = self.events.recv() => {
                    batch.add_event(job);
                    if batch.events.len() == 1 {
                        is_over = patience(batch);
                    }
                }
                Some(job) = self.outcomes.recv() => {
                    is_awaited = job.is_awaited;
                    batch.add_outcome(job.outcome);
                }
                Some(fanout) = self.fanouts.recv() => return self.open_fanouts.push_back(fanout),
                () = &mut is_over => return,
                () = self.finish.cancelled() => return,
            }
        }
    }

    /// Tells those whose events wait here that they were not written.
    pub(super) fn refuse_events(&mut self, error: &StoreError) {
        while let Ok(job) = self.events.try_recv() {
            let _ = job.reply.sender.send(Err(error.clone()));
        }
    }

    /// Takes back the steps of fan-outs that could not be committed; they are the next ones.
    pub(super) fn take_back_fanouts(&mut self, batch: &mut Batch) {
        for fanout in batch.fanouts.drain(..).rev() {
            self.open_fanouts.push_front(fanout);
        }
    }

    /// Fills a batch of outcomes with those that wait.
    pub(super) fn add_outcomes(&mut self, batch: &mut Batch) {
        batch.rows = batch.outcomes.len();
        self.take_outcomes(batch, COMMIT_ROWS_MAX, COMMIT_BYTES_MAX);
    }

    fn take_outcomes(&mut self, batch: &mut Batch, rows_max: usize, bytes_max: usize) {
        while batch.rows < rows_max && batch.bytes < bytes_max {
            let Ok(job) = self.outcomes.try_recv() else { return };
            batch.add_outcome(job.outcome);
        }
    }

    fn take_events(&mut self, batch: &mut Batch) {
        while batch.rows < COMMIT_ROWS_MAX && batch.bytes < COMMIT_BYTES_MAX {
            let Ok(job) = self.events.try_recv() else { return };
            batch.add_event(job);
        }
    }

    /// The next step of the fan-out whose turn it is; `false` when none is open.
    fn take_fanout_step(&mut self, batch: &mut Batch) -> bool {
        let Some(mut fanout) = self.open_fanouts.pop_front() else { return false };
        let rest = fanout.targets.split_off(fanout.targets.len().min(FANOUT_PER_COMMIT_MAX));
        batch.rows += fanout.targets.len();
        if !rest.is_empty() {
            let next_number = fanout.next_number + fanout.targets.len() as u16;
            self.open_fanouts.push_back(Fanout { targets: rest, next_number, ..fanout });
        }
        batch.fanouts.push(fanout);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use bytes::Bytes;
    use postroad_domain::{EventId, EventType, ProfileNo, SubscriptionNo, TenantNo, Timestamp};
    use postroad_store::{FanoutTarget, LaneKey, NewEvent, Next, Outcome};
    use postroad_testkit::ManualClock;
    use tokio::sync::oneshot;

    use super::*;
    use crate::commit::{batch::EventReply, publish_gate::PublishGate};

    fn fanout(targets: usize) -> Fanout {
        let target = FanoutTarget {
            subscription_no: SubscriptionNo(1),
            subscription_version: 1,
            expires_at: Timestamp::default(),
        };
        Fanout {
            tenant_no: TenantNo(1),
            event_id: EventId::from_bytes([0; 16]),
            targets: vec![target; targets],
            next_number: 1,
        }
    }

    fn job() -> EventJob {
        let event = NewEvent {
            id: EventId::from_bytes([0; 16]),
            tenant_no: TenantNo(1),
            config_version: 1,
            tenant_version: 1,
            trace: None,
            profile: ProfileNo(1),
            event_type: EventType::parse("a").unwrap(),
            occurred_at: None,
            tags: Vec::new(),
            attributes: Bytes::new(),
            data: Bytes::new(),
            idempotency: None,
            deliveries: Vec::new(),
            fanout: Vec::new(),
        };
        let permit = PublishGate::new().admit(TenantNo(1), 1).unwrap();
        EventJob { event, reply: EventReply { sender: oneshot::channel().0, _permit: permit } }
    }

    #[tokio::test]
    async fn with_too_many_open_fan_outs_events_wait_and_a_stop_does_not() {
        let (events, events_in) = mpsc::unbounded_channel();
        let (_outcomes, outcomes_in) = mpsc::unbounded_channel();
        let (_fanouts, fanouts_in) = mpsc::unbounded_channel();
        let finish = CancellationToken::new();
        let open_fanouts = (0..OPEN_FANOUTS_MAX + 1).map(|_| fanout(2 * FANOUT_PER_COMMIT_MAX)).collect();
        let mut intake =
            Intake { events: events_in, outcomes: outcomes_in, fanouts: fanouts_in, open_fanouts, finish };
        events.send(job()).ok().unwrap();
        let batch = intake.next(&ManualClock::default(), LastCommit::default()).await.unwrap();
        assert_eq!((batch.events.len(), batch.fanouts.len()), (0, 5), "five steps of 200 are half a commit");

        // What is open is in the store and goes on at the next start; what somebody waits for is still taken.
        intake.finish.cancel();
        assert_eq!(
            intake.next(&ManualClock::default(), LastCommit::default()).await.unwrap().events.len(),
            1
        );
        assert!(intake.next(&ManualClock::default(), LastCommit::default()).await.is_none());
    }

    fn outcome(is_awaited: bool) -> OutcomeJob {
        let lane = LaneKey { tenant_no: TenantNo(1), subscription_no: SubscriptionNo(1) };
        let outcome = Outcome {
            lane,
            id: EventId::from_bytes([0; 16]).delivery(1),
            handle: 1,
            due: Timestamp::default(),
            expires_at: Timestamp::default(),
            attempt: None,
            next: Next::Succeeded,
        };
        OutcomeJob { outcome, is_awaited }
    }

    /// What comes when: an event, an outcome, an outcome that its lane waits for, a millisecond.
    #[derive(Clone, Copy)]
    enum Comes {
        Event,
        Outcome,
        Awaited,
        Millisecond,
    }

    /// How many of these things must have come until the commit behind `last` begins, and what it holds.
    async fn gathered(last: LastCommit, coming: &[Comes]) -> Option<(usize, usize, usize)> {
        let (events, events_in) = mpsc::unbounded_channel();
        let (outcomes, outcomes_in) = mpsc::unbounded_channel();
        let (_fanouts, fanouts_in) = mpsc::unbounded_channel();
        let finish = CancellationToken::new();
        let mut intake = Intake {
            events: events_in,
            outcomes: outcomes_in,
            fanouts: fanouts_in,
            open_fanouts: VecDeque::new(),
            finish,
        };
        let clock = ManualClock::default();
        let mut next = Box::pin(intake.next(&clock, last));
        for (number, comes) in coming.iter().enumerate() {
            match comes {
                Comes::Event => events.send(job()).ok().unwrap(),
                Comes::Outcome => outcomes.send(outcome(false)).ok().unwrap(),
                Comes::Awaited => outcomes.send(outcome(true)).ok().unwrap(),
                Comes::Millisecond => clock.advance(Duration::from_millis(1)),
            }
            let begun = std::future::poll_fn(|context| Poll::Ready(next.as_mut().poll(context))).await;
            if let Poll::Ready(batch) = begun {
                let batch = batch.unwrap();
                return Some((number + 1, batch.events.len(), batch.outcomes.len()));
            }
        }
        None
    }

    fn last(took_ms: u64, events: usize) -> LastCommit {
        let took = Duration::from_millis(took_ms);
        LastCommit { took, sync_took: took, events }
    }

    #[tokio::test]
    async fn on_a_slow_disk_outcomes_wait_for_an_event_and_no_longer_than_a_commit_takes() {
        use Comes::{Awaited, Event, Millisecond, Outcome};
        assert_eq!(gathered(last(5, 1), &[Outcome, Outcome, Event]).await, Some((3, 1, 2)));
        let in_vain = [Outcome, Millisecond, Millisecond, Outcome, Millisecond, Millisecond, Millisecond];
        assert_eq!(gathered(last(5, 1), &in_vain).await, Some((7, 0, 2)));
        assert_eq!(gathered(last(5, 1), &in_vain[..6]).await, None);
        assert_eq!(gathered(last(5, 1), &[Outcome, Awaited]).await, Some((2, 0, 2)), "its lane stands still");
        assert_eq!(gathered(last(1, 1), &[Outcome]).await, Some((1, 0, 1)), "a fast disk");
    }

    #[tokio::test]
    async fn on_a_fast_disk_nothing_waits_however_long_the_work_of_a_commit_takes() {
        use Comes::{Event, Outcome};
        let last = LastCommit { sync_took: Duration::from_millis(1), ..last(9, 8) };
        assert_eq!(gathered(last, &[Outcome]).await, Some((1, 0, 1)));
        assert_eq!(gathered(last, &[Event]).await, Some((1, 1, 0)));
    }

    #[tokio::test]
    async fn on_a_slow_disk_the_first_caller_to_be_back_waits_a_moment_for_the_others() {
        use Comes::{Event, Millisecond, Outcome};
        assert_eq!(gathered(last(8, 3), &[Event, Event, Event, Event]).await, Some((4, 4, 0)));
        assert_eq!(gathered(last(8, 3), &[Event, Outcome, Millisecond]).await, Some((3, 1, 1)));
        assert_eq!(
            gathered(last(8, 3), &[Outcome, Millisecond, Event, Event, Millisecond]).await,
            Some((5, 2, 1))
        );
        assert_eq!(gathered(last(8, 1), &[Event]).await, Some((1, 1, 0)), "one that comes alone");
        assert_eq!(gathered(last(1, 3), &[Event]).await, Some((1, 1, 0)), "a fast disk");
    }
}
