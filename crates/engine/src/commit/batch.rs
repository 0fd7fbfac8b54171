//! What goes into one commit.

use std::sync::Arc;

use postroad_domain::{EventId, Timestamp, attempt::Answer, limits::COMMIT_BYTES_MAX};
use postroad_store::{AcceptResult, Commit, Fanout, NewEvent, Outcome, SessionId, StoreError};
use tokio::sync::oneshot;

use super::publish_gate::Permit;

/// With so many rows to write a commit takes its time for them, and not for the disk.
pub(super) const GATHERED_ROWS_MAX: usize = 256;

/// An event on its way to a commit.
pub(crate) struct EventJob {
    pub(crate) event: NewEvent,
    pub(crate) reply: EventReply,
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
    pub(super) rows: usize,
    pub(super) bytes: usize,
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

    pub(super) fn add_event(&mut self, job: EventJob) {
        self.rows += 1 + job.event.deliveries.len();
        self.bytes += job.event.data.len() + job.event.attributes.len();
        self.events.push(job.event);
        self.replies.push(job.reply);
    }

    /// Whether it is worth a commit of its own, whatever the disk.
    pub(super) fn is_large(&self) -> bool {
        self.rows >= GATHERED_ROWS_MAX || self.bytes >= COMMIT_BYTES_MAX / 2
    }

    pub(super) fn add_outcome(&mut self, outcome: Outcome) {
        self.rows += 1;
        self.bytes += outcome_bytes(&outcome);
        self.outcomes.push(outcome);
    }
}

/// What an outcome carries of its size: the response that is logged.
pub(crate) fn outcome_bytes(outcome: &Outcome) -> usize {
    match outcome.attempt.as_ref().map(|attempt| &attempt.answer) {
        Some(Answer::Response(response)) => response.body.len() + response.headers.bytes(),
        _ => 0,
    }
}
