//! What goes into one commit.

use std::sync::Arc;

use postroad_domain::{EventId, Timestamp, attempt::Answer};
use postroad_store::{AcceptResult, Commit, Fanout, NewEvent, Outcome, SessionId, StoreError};
use tokio::sync::oneshot;

use super::publish_gate::Permit;

/// An event on its way to a commit.
pub(crate) struct EventJob {
    pub(crate) event: NewEvent,
    pub(crate) reply: EventReply,
    /// The call that published it: events of one call keep their order.
    pub(crate) call: u64,
}

impl EventJob {
    /// Rows that its commit writes.
    pub(super) fn rows(&self) -> usize {
        1 + self.event.deliveries.len()
    }

    /// Bytes that its commit writes.
    pub(super) fn bytes(&self) -> usize {
        self.event.bytes()
    }
}

/// An outcome on its way to a commit.
pub(crate) struct OutcomeJob {
    pub(crate) outcome: Outcome,
    /// Its lane stands still until it is committed.
    pub(crate) is_awaited: bool,
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
    pub(super) events: Vec<NewEvent>,
    replies: Vec<EventReply>,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) fanouts: Vec<Fanout>,
    /// What the events write.
    pub(super) of_events: Size,
    /// What the outcomes write.
    pub(super) of_outcomes: Size,
    /// What the steps of fan-outs write.
    pub(super) of_fanouts: Size,
    /// The fan-outs that its events open.
    pub(super) opened: usize,
    /// Their targets.
    pub(super) opened_targets: usize,
}

/// How much a part of a commit writes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    pub(super) rows: usize,
    pub(super) bytes: usize,
}

impl Size {
    /// Whether there is room below these bounds.
    pub(super) fn is_below(self, rows_max: usize, bytes_max: usize) -> bool {
        self.rows < rows_max && self.bytes < bytes_max
    }

    fn add(&mut self, rows: usize, bytes: usize) {
        self.rows += rows;
        self.bytes += bytes;
    }
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

    /// All that it writes.
    pub(super) fn size(&self) -> Size {
        let parts = [self.of_events, self.of_outcomes, self.of_fanouts];
        Size {
            rows: parts.iter().map(|part| part.rows).sum(),
            bytes: parts.iter().map(|part| part.bytes).sum(),
        }
    }

    pub(super) fn add_event(&mut self, job: EventJob) {
        self.of_events.add(job.rows(), job.bytes());
        self.opened += usize::from(!job.event.fanout.is_empty());
        self.opened_targets += job.event.fanout.len();
        self.events.push(job.event);
        self.replies.push(job.reply);
    }

    pub(super) fn add_outcome(&mut self, outcome: Outcome) {
        self.of_outcomes.add(1, outcome_bytes(&outcome));
        self.outcomes.push(outcome);
    }

    pub(super) fn add_fanout(&mut self, step: Fanout) {
        self.of_fanouts.add(step.targets.len(), step.event_bytes);
        self.fanouts.push(step);
    }
}

/// What an outcome carries of its size: the response that is logged.
pub(crate) fn outcome_bytes(outcome: &Outcome) -> usize {
    match outcome.attempt.as_ref().map(|attempt| &attempt.answer) {
        Some(Answer::Response(response)) => response.body.len() + response.headers.bytes(),
        _ => 0,
    }
}
