//! Group commit: what waits to become durable goes into one transaction, and everybody waits for that one.
//!
//! Events and outcomes have a queue each with a guaranteed half of every commit, so that neither a flood of events nor
//! a flood of outcomes starves the other. A lone item does not wait for company: a commit starts as soon as the last
//! one is durable. While one is under way the next one gathers.
//!
//! **Invariants**
//! * An event is answered only after its commit.
//! * Deliveries come to the lanes in the order of commits, whoever asked for them and whether or not they still wait
//!   for the answer.
//! * An outcome is never lost while the process lives: while the store cannot write, outcomes wait and no new attempt
//!   starts.
//! * One bad item never fails its neighbours: a batch that the store refuses is halved until the bad one stands alone.

mod batch;
mod commit_clock;
mod distribute;
mod publish_gate;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use batch::{Batch, Intake};
pub(crate) use batch::{EventAnswer, EventJob, EventReply};
pub(crate) use commit_clock::CommitClock;
pub(crate) use distribute::Distributor;
use postroad_domain::Clock;
use postroad_store::{Commit, Committed, Fanout, Outcome, SessionId, Store, StoreError};
pub(crate) use publish_gate::PublishGate;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{health::Health, metrics::Metrics};

/// Pause before the store is asked again whether it can write.
const PROBE_PAUSE: Duration = Duration::from_millis(250);

/// The way into the next commit.
#[derive(Clone)]
pub(crate) struct Committer {
    events: mpsc::UnboundedSender<EventJob>,
    outcomes: mpsc::UnboundedSender<Outcome>,
}

impl Committer {
    /// Hands an event over; the answer comes through its job. Bounded by the permits that jobs hold.
    pub(crate) fn event(&self, job: EventJob) {
        // The loop ends only after every sender is gone, so this cannot fail while somebody can call it.
        let _ = self.events.send(job);
    }

    /// Hands an outcome over. Bounded because no attempt starts while too many wait.
    pub(crate) fn outcome(&self, outcome: Outcome) {
        let _ = self.outcomes.send(outcome);
    }
}

/// What the loop works with.
pub(crate) struct CommitLoop {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) commit_clock: Arc<CommitClock>,
    pub(crate) session: SessionId,
    pub(crate) health: Arc<Health>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) news: mpsc::UnboundedSender<News>,
}

/// What happened to a commit, with everybody who waits for it.
pub(crate) enum News {
    /// It is durable.
    Done {
        /// What was asked.
        commit: Arc<Commit>,
        /// What the store answered.
        committed: Committed,
        /// Who waits, in the order of the events.
        replies: Vec<EventReply>,
    },
    /// The store refused an outcome for itself. Its delivery is queued as it was and will be attempted again.
    Refused(Arc<Commit>),
}

/// The ways into the commits and their loop's end.
pub(crate) struct CommitQueues {
    /// For events and outcomes.
    pub(crate) committer: Committer,
    /// For the rest of large fan-outs.
    pub(crate) fanouts: mpsc::UnboundedSender<Fanout>,
    intake: Intake,
}

impl CommitQueues {
    /// Empty queues. Once `finish` is cancelled the loop takes what is there and ends.
    pub(crate) fn new(finish: CancellationToken) -> Self {
        let (events, events_in) = mpsc::unbounded_channel();
        let (outcomes, outcomes_in) = mpsc::unbounded_channel();
        let (fanouts, fanouts_in) = mpsc::unbounded_channel();
        let intake = Intake {
            events: events_in,
            outcomes: outcomes_in,
            fanouts: fanouts_in,
            open_fanouts: VecDeque::new(),
            finish,
        };
        Self { committer: Committer { events, outcomes }, fanouts, intake }
    }

    /// Starts the loop.
    pub(crate) fn start(self, commit_loop: CommitLoop) -> tokio::task::JoinHandle<()> {
        tokio::spawn(commit_loop.run(self.intake))
    }
}

impl CommitLoop {
    async fn run(self, mut intake: Intake) {
        while let Some(batch) = intake.next().await {
            self.commit(batch).await;
        }
    }

    /// Commits a batch, halving it as long as the store finds fault with it.
    async fn commit(&self, batch: Batch) {
        let mut parts = vec![batch];
        while let Some(part) = parts.pop() {
            let (commit, replies) = part.into_commit(self.commit_clock.next_commit(), self.session);
            let started = self.clock.monotonic();
            match self.store.commit(Arc::clone(&commit)).await {
                Ok(committed) => {
                    self.metrics.committed(&commit, self.clock.monotonic().saturating_sub(started));
                    let _ = self.news.send(News::Done { commit, committed, replies });
                }
                Err(error) => parts.extend(self.after_failure(commit, replies, error).await),
            }
        }
    }

    /// What to try again after a failure, last part first.
    async fn after_failure(
        &self,
        commit: Arc<Commit>,
        replies: Vec<EventReply>,
        error: StoreError,
    ) -> Vec<Batch> {
        let batch = Batch::from_commit(&commit, replies);
        match error {
            StoreError::Full | StoreError::Unavailable(_) => {
                tracing::warn!(%error, "the store cannot write; outcomes wait for it");
                let outcomes = batch.refuse_events(&error);
                self.wait_until_writable().await;
                if outcomes.is_empty() { Vec::new() } else { vec![outcomes] }
            }
            _ if batch.len() > 1 => batch.halves(),
            _ => {
                tracing::error!(%error, "the store refused a single item");
                batch.refuse_events(&error);
                let _ = self.news.send(News::Refused(commit));
                Vec::new()
            }
        }
    }

    async fn wait_until_writable(&self) {
        self.health.set_writable(false);
        while self.store.probe().await.is_err() {
            self.clock.sleep(PROBE_PAUSE).await;
        }
        self.health.set_writable(true);
    }
}
