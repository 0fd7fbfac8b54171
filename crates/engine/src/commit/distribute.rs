//! What follows a commit: answers to those who wait, deliveries and outcomes to the listener. It runs beside the next commit and keeps
//! the order of commits.

use std::{sync::Arc, time::Duration};

use postroad_domain::Timestamp;
use postroad_store::{AcceptResult, Commit, Committed, Fanout, NewEvent, Next, Outcome, OutcomeResult};
use tokio::sync::mpsc;

use super::{
    batch::{EventAnswer, EventReply},
    listener::CommitListener,
    news::News,
};
use crate::telemetry::metrics::Metrics;

/// Before a delivery whose outcome the store refused is attempted again.
const REFUSED_PAUSE: Duration = Duration::from_secs(60);

/// A commit with more items gives back hundreds of pieces of memory: nothing waits for that, and everything waits for the next
/// news.
const DROPPED_HERE_MAX: usize = 32;

/// Takes finished commits and tells everybody.
pub(super) struct Distributor<L> {
    listener: L,
    metrics: Arc<Metrics>,
    /// What a commit leaves of a large fan-out.
    fanouts: mpsc::UnboundedSender<Fanout>,
}

impl<L: CommitListener> Distributor<L> {
    pub(super) fn new(listener: L, metrics: Arc<Metrics>, fanouts: mpsc::UnboundedSender<Fanout>) -> Self {
        Self { listener, metrics, fanouts }
    }

    /// Runs until no commit can come any more.
    pub(super) async fn run(self, mut news: mpsc::UnboundedReceiver<News>) {
        while let Some(news) = news.recv().await {
            match news {
                News::Done { commit, committed, replies } => {
                    self.distribute(&commit, committed, replies);
                    if commit.events.len() + commit.outcomes.len() > DROPPED_HERE_MAX {
                        tokio::spawn(async move { drop(commit) });
                    }
                }
                News::Refused(commit) => self.give_back(&commit),
            }
            self.listener.told_all();
        }
    }

    fn distribute(&self, commit: &Commit, committed: Committed, replies: Vec<EventReply>) {
        let mut deliveries = committed.fanned_out;
        let mut answers = Vec::with_capacity(replies.len());
        for (event, result) in commit.events.iter().zip(committed.events) {
            answers.push(EventAnswer::new(&result, event, commit.at));
            if let AcceptResult::Accepted { deliveries: accepted } = result {
                self.metrics.accepted(event.tenant_no);
                deliveries.extend(accepted);
                self.go_on_with_fanout(event);
            }
        }
        // Before the answers: whoever has one may cancel a delivery, and must find it where it is. And first of all, so that
        // the other threads have something to do meanwhile.
        if !deliveries.is_empty() {
            self.listener.queued(deliveries, commit.at);
        }
        for (answer, reply) in answers.into_iter().zip(replies) {
            // Nobody waits when the caller hung up; the event is durable all the same.
            let _ = reply.sender.send(Ok(answer));
        }
        if !committed.failing.is_empty() {
            self.listener.failing(&committed.failing, commit.at);
        }
        if !committed.recovered.is_empty() {
            self.listener.recovered(&committed.recovered, commit.at);
        }
        let outcomes = || commit.outcomes.iter().zip(&committed.outcomes);
        self.listener.settled(outcomes().map(|(outcome, result)| (outcome, next_due(outcome, *result))));
        for (outcome, _) in outcomes().filter(|(_, result)| **result == OutcomeResult::Applied) {
            self.metrics.ended(outcome.lane.tenant_no, outcome.next);
        }
    }

    /// The delivery is queued as it was: it is attempted again, after a pause, since the store may refuse it again.
    fn give_back(&self, commit: &Commit) {
        self.listener.refused(commit.outcomes.iter(), commit.at.after(REFUSED_PAUSE));
    }

    fn go_on_with_fanout(&self, event: &NewEvent) {
        if !event.fanout.is_empty() {
            let _ = self.fanouts.send(Fanout {
                tenant_no: event.tenant_no,
                event_id: event.id,
                event_bytes: event.bytes(),
                targets: event.fanout.clone(),
                next_number: event.deliveries.len() as u16 + 1,
            });
        }
    }
}

/// When a delivery that goes on waiting is due next.
fn next_due(outcome: &Outcome, result: OutcomeResult) -> Option<Timestamp> {
    match (result, outcome.next) {
        (OutcomeResult::Applied, Next::Queued { due, .. }) => Some(due),
        (OutcomeResult::Applied, Next::InPlace { .. }) => Some(outcome.due),
        _ => None,
    }
}
