//! What goes into one commit, and how it is taken from the two queues.

use std::{collections::VecDeque, sync::Arc};

use postroad_domain::{
    EventId, Timestamp,
    attempt::Answer,
    limits::{COMMIT_BYTES_MAX, COMMIT_ROWS_MAX, FANOUT_PER_COMMIT_MAX, OPEN_FANOUTS_MAX},
};
use postroad_store::{AcceptResult, Commit, Fanout, NewEvent, Outcome, SessionId, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::Permit;

/// An event on its way to a commit.
pub(crate) struct EventJob {
    pub(crate) event: NewEvent,
    pub(crate) reply: EventReply,
}

/// Who waits for an event's commit, and the memory it is counted with until then.
pub(crate) struct EventReply {
    pub(crate) sender: oneshot::Sender<Result<EventAnswer, StoreError>>,
    pub(crate) _permit: Permit,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventAnswer {
    Accepted { at: Timestamp, deliveries: u32 },
    Duplicate { event_id: EventId, at: Timestamp, deliveries: u32 },
    Conflict,
    Stale,
    NoTenant,
}

impl EventAnswer {
    pub(crate) fn new(result: &AcceptResult, event: &NewEvent, at: Timestamp) -> Self {
        match *result {
            AcceptResult::Accepted { .. } => {
                Self::Accepted { at, deliveries: (event.deliveries.len() + event.fanout.len()) as u32 }
            }
            AcceptResult::Duplicate { event_id, accepted_at, deliveries } => {
                Self::Duplicate { event_id, at: accepted_at, deliveries }
            }
            AcceptResult::Conflict => Self::Conflict,
            AcceptResult::Stale => Self::Stale,
            AcceptResult::NoTenant => Self::NoTenant,
        }
    }
}

/// The items of one commit and those who wait for them.
#[derive(Default)]
pub(super) struct Batch {
    events: Vec<NewEvent>,
    replies: Vec<EventReply>,
    outcomes: Vec<Outcome>,
    fanouts: Vec<Fanout>,
    rows: usize,
    bytes: usize,
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        self.events.len() + self.outcomes.len() + self.fanouts.len()
    }

    pub(super) fn into_commit(self, at: Timestamp, session: SessionId) -> (Arc<Commit>, Vec<EventReply>) {
        let Self { events, replies, outcomes, fanouts, .. } = self;
        (Arc::new(Commit { at, session, events, outcomes, fanouts }), replies)
    }

    pub(super) fn from_commit(commit: &Commit, replies: Vec<EventReply>) -> Self {
        Self {
            events: commit.events.clone(),
            replies,
            outcomes: commit.outcomes.clone(),
            fanouts: commit.fanouts.clone(),
            ..Self::default()
        }
    }

    /// Two batches that together are this one, the second half first, since the caller takes from the end.
    pub(super) fn halves(mut self) -> Vec<Self> {
        let mut kept = self.len() / 2;
        let mut keep = |available: usize| {
            let taken = kept.min(available);
            kept -= taken;
            taken
        };
        let (events, outcomes, fanouts) =
            (keep(self.events.len()), keep(self.outcomes.len()), keep(self.fanouts.len()));
        let second = Self {
            events: self.events.split_off(events),
            replies: self.replies.split_off(events),
            outcomes: self.outcomes.split_off(outcomes),
            fanouts: self.fanouts.split_off(fanouts),
            ..Self::default()
        };
        vec![second, self]
    }

    /// Tells those who wait for events; keeps what must not be lost.
    pub(super) fn refuse_events(self, error: &StoreError) -> Self {
        for reply in self.replies {
            let _ = reply.sender.send(Err(error.clone()));
        }
        Self { outcomes: self.outcomes, fanouts: self.fanouts, ..Self::default() }
    }

    /// Adds what is left of another batch after its events were refused.
    pub(super) fn append(&mut self, other: Self) {
        self.outcomes.extend(other.outcomes);
        self.fanouts.extend(other.fanouts);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn add_event(&mut self, job: EventJob) {
        self.rows += 1 + job.event.deliveries.len();
        self.bytes += job.event.data.len() + job.event.attributes.len();
        self.events.push(job.event);
        self.replies.push(job.reply);
    }

    fn add_outcome(&mut self, outcome: Outcome) {
        self.rows += 1;
        self.bytes += outcome_bytes(&outcome);
        self.outcomes.push(outcome);
    }
}

/// What an outcome carries of its size: the response that is logged.
pub(crate) fn outcome_bytes(outcome: &Outcome) -> usize {
    match outcome.attempt.as_ref().map(|attempt| &attempt.answer) {
        Some(Answer::Response(response)) => {
            let headers = response.headers.iter().map(|(name, value)| name.len() + value.len());
            response.body.len() + headers.sum::<usize>()
        }
        _ => 0,
    }
}

/// The queues in front of the commits.
pub(super) struct Intake {
    pub(super) events: mpsc::UnboundedReceiver<EventJob>,
    pub(super) outcomes: mpsc::UnboundedReceiver<Outcome>,
    pub(super) fanouts: mpsc::UnboundedReceiver<Fanout>,
    /// Steps of large fan-outs take turns here.
    pub(super) open_fanouts: VecDeque<Fanout>,
    /// Set when nothing new is to be expected: what is here is still taken.
    pub(super) finish: CancellationToken,
}

impl Intake {
    /// Waits for the first item, then takes what else is there, within the bounds of a commit. `None` when it is time to
    /// finish and everything was taken but the rest of large fan-outs, which the store keeps for the next start.
    pub(super) async fn next(&mut self) -> Option<Batch> {
        let mut batch = Batch::default();
        if self.finish.is_cancelled() {
            self.open_fanouts.clear();
        }
        if self.open_fanouts.is_empty() {
            tokio::select! {
                biased;
                Some(outcome) = self.outcomes.recv() => batch.add_outcome(outcome),
                Some(job) = self.events.recv() => batch.add_event(job),
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
            let Ok(outcome) = self.outcomes.try_recv() else { return };
            batch.add_outcome(outcome);
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
    use bytes::Bytes;
    use postroad_domain::{EventType, ProfileNo, SubscriptionNo, TenantNo};
    use postroad_store::FanoutTarget;

    use super::*;
    use crate::commit::PublishGate;

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
        let batch = intake.next().await.unwrap();
        assert_eq!((batch.events.len(), batch.fanouts.len()), (0, 5), "five steps of 200 are half a commit");

        // What is open is in the store and goes on at the next start; what somebody waits for is still taken.
        intake.finish.cancel();
        assert_eq!(intake.next().await.unwrap().events.len(), 1);
        assert!(intake.next().await.is_none());
    }
}
