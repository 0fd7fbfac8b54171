//! Group commit: what waits to become durable goes into one transaction, and everybody waits for that one.
//!
//! Events, outcomes and the steps of large fan-outs have a queue each with a guaranteed part of the commits, so that no flood of one
//! kind starves another; of events and of steps tenants take turns ([`event_queue`], [`fanouts`]). While a commit is under way the
//! next one gathers; it starts as soon as the last one is durable, and on a slow disk a moment later, where others are likely to
//! come ([`intake`]).
//!
//! **Invariants**
//! * An event is answered only after its commit.
//! * Deliveries come to the listener, and so to the lanes, in the order of commits, whoever asked for them and whether or not they still wait
//!   for the answer.
//! * An outcome is never lost while the process lives: while the store cannot write, outcomes are tried again and no new
//!   attempt starts. Nobody waits for an event in that time: it is refused.
//! * A tenant delays nobody else's events by more than a part of a commit, however many rows its own bring.
//! * One bad item never fails its neighbours: a batch that the store refuses is halved until the bad one stands alone.

pub(crate) mod batch;
pub(crate) mod commit_clock;
pub(crate) mod distribute;
mod event_queue;
mod fanout_pace;
mod fanouts;
mod intake;
mod last_commit;
pub(crate) mod listener;
mod news;
pub(crate) mod publish_gate;

use std::{sync::Arc, time::Duration};

use postroad_domain::Clock;
use postroad_store::{Commit, Fanout, SessionId, Store, StoreError};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use self::{
    batch::{Batch, EventJob, EventReply, OutcomeJob},
    commit_clock::CommitClock,
    distribute::Distributor,
    intake::Intake,
    last_commit::LastCommit,
    listener::CommitListener,
    news::News,
};
use crate::telemetry::{health::Health, metrics::Metrics};

/// Pause before the store is asked again whether it can write.
const PROBE_PAUSE: Duration = Duration::from_millis(250);

/// The way into the next commit.
#[derive(Clone)]
pub(crate) struct Committer {
    events: mpsc::UnboundedSender<EventJob>,
    outcomes: mpsc::UnboundedSender<OutcomeJob>,
}

impl Committer {
    /// Hands an event over; the answer comes through its job. Bounded by the permits that jobs hold.
    pub(crate) fn event(&self, job: EventJob) {
        // The loop ends only after every sender is gone, so this cannot fail while somebody can call it.
        let _ = self.events.send(job);
    }

    /// Hands an outcome over. Bounded because no attempt starts while too many wait.
    pub(crate) fn outcome(&self, job: OutcomeJob) {
        let _ = self.outcomes.send(job);
    }
}

/// What the commits are made with.
pub(crate) struct CommitParts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) commit_clock: Arc<CommitClock>,
    pub(crate) session: SessionId,
    pub(crate) health: Arc<Health>,
    pub(crate) metrics: Arc<Metrics>,
}

/// What the loop works with.
struct CommitLoop {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    commit_clock: Arc<CommitClock>,
    session: SessionId,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    news: mpsc::UnboundedSender<News>,
}

/// The ways into the commits, and their end at the loop.
pub(crate) struct CommitQueues {
    /// For events and outcomes.
    pub(crate) committer: Committer,
    /// For the rest of large fan-outs.
    pub(crate) fanouts: mpsc::UnboundedSender<Fanout>,
    intake: Intake,
}

impl CommitQueues {
    /// Empty queues. Once `finish` is cancelled the loop takes what is there and ends; once `give_up` is, it refuses the events
    /// among that.
    pub(crate) fn new(finish: CancellationToken, give_up: CancellationToken) -> Self {
        let (events, events_in) = mpsc::unbounded_channel();
        let (outcomes, outcomes_in) = mpsc::unbounded_channel();
        let (fanouts, fanouts_in) = mpsc::unbounded_channel();
        let intake = Intake::new(events_in, outcomes_in, fanouts_in, (finish, give_up));
        Self { committer: Committer { events, outcomes }, fanouts, intake }
    }

    /// Starts the loop, and what tells its commits to those who wait and to `listener`. Both end behind the last commit.
    pub(crate) fn start(self, parts: CommitParts, listener: impl CommitListener) -> Vec<JoinHandle<()>> {
        let CommitParts { store, clock, commit_clock, session, health, metrics } = parts;
        let (news, news_in) = mpsc::unbounded_channel();
        let distributor = Distributor::new(listener, Arc::clone(&metrics), self.fanouts);
        let commit_loop = CommitLoop { store, clock, commit_clock, session, health, metrics, news };
        vec![tokio::spawn(commit_loop.run(self.intake)), tokio::spawn(distributor.run(news_in))]
    }
}

impl CommitLoop {
    async fn run(self, mut intake: Intake) {
        let mut last = LastCommit::default();
        while let Some(batch) = intake.next(&*self.clock, last).await {
            let (events, began) = (batch.events.len(), self.clock.monotonic());
            let (fanout_rows, had_others) = (batch.of_fanouts.rows, batch.len() > batch.fanouts.len());
            let Ended { unwritten, refused, sync_took } = self.commit(batch).await;
            intake.refuse_fanouts(refused, &*self.clock);
            if let Some(unwritten) = unwritten {
                self.outlast(unwritten, &mut intake).await;
            }
            let took = self.clock.monotonic().saturating_sub(began);
            last = LastCommit { took, sync_took, events, fanout_rows, had_others };
        }
    }

    /// Commits a batch, halving it as long as the store finds fault with it.
    async fn commit(&self, batch: Batch) -> Ended {
        let mut parts = vec![batch];
        let (mut unwritten, mut refused, mut sync_took) = (None, Vec::new(), Duration::ZERO);
        while let Some(part) = parts.pop() {
            let (commit, replies) = part.into_commit(self.commit_clock.next_commit(), self.session);
            let started = self.clock.monotonic();
            let committed = self.store.commit(Arc::clone(&commit)).await;
            self.commit_clock.answered();
            match committed {
                Ok(committed) => {
                    sync_took = committed.sync_took;
                    self.metrics.committed(&commit, self.clock.monotonic().saturating_sub(started));
                    let _ = self.news.send(News::Done { commit, committed, replies });
                }
                Err(error @ (StoreError::Full | StoreError::Unavailable(_))) => {
                    // Before the first refusal, so that whoever was refused finds the node not ready.
                    self.health.set_writable(false);
                    let left = Batch::from_commit(&commit, replies).refuse_events(&error);
                    let so_far = Unwritten { left: Batch::default(), error };
                    unwritten.get_or_insert(so_far).left.append(left);
                }
                Err(error) => parts.extend(self.after_fault(commit, replies, &error, &mut refused)),
            }
        }
        Ended { unwritten, refused, sync_took }
    }

    /// What to try again after the store found fault with a commit, last part first.
    fn after_fault(
        &self,
        commit: Arc<Commit>,
        replies: Vec<EventReply>,
        error: &StoreError,
        refused: &mut Vec<Fanout>,
    ) -> Vec<Batch> {
        let batch = Batch::from_commit(&commit, replies);
        if batch.len() > 1 {
            return batch.halves();
        }
        tracing::error!(%error, "the store refused a single item");
        refused.extend(batch.refuse_events(error).fanouts);
        let _ = self.news.send(News::Refused(commit));
        Vec::new()
    }

    /// Waits until the store can write again. Meanwhile nobody waits for an event in vain, and outcomes are tried again
    /// and again, those too that only come now: a store that is full has kept room for them. A node that stops does not
    /// wait: it gives the deliveries of its last outcomes back to the queue, where they still are.
    async fn outlast(&self, unwritten: Unwritten, intake: &mut Intake) {
        let Unwritten { mut left, error } = unwritten;
        tracing::warn!(%error, "the store cannot write; outcomes wait for it");
        loop {
            intake.refuse_events(&error);
            intake.take_back_fanouts(&mut left);
            intake.add_outcomes(&mut left);
            if left.is_empty() {
                if self.store.probe().await.is_ok() {
                    break;
                }
            } else {
                let Ended { unwritten, refused, .. } = self.commit(std::mem::take(&mut left)).await;
                intake.refuse_fanouts(refused, &*self.clock);
                match unwritten {
                    Some(still) => left = still.left,
                    None => continue,
                }
            }
            tokio::select! {
                // A node that stops does not wait for one more try.
                biased;
                () = intake.finish.cancelled() => {
                    tracing::warn!("stopping without a store that can write: what was sent last is sent again");
                    return;
                }
                () = self.clock.sleep(PROBE_PAUSE) => {}
            }
        }
        self.health.set_writable(true);
        tracing::info!("the store can write again");
    }
}

/// How the commit of a batch ended.
struct Ended {
    /// What is left when the store cannot write at all.
    unwritten: Option<Unwritten>,
    /// Steps of fan-outs that the store refused for themselves.
    refused: Vec<Fanout>,
    /// How long the disk took for the last part that was written.
    sync_took: Duration,
}

/// What is left of a batch when the store cannot write: nothing that anybody waits for.
struct Unwritten {
    left: Batch,
    /// Why it cannot.
    error: StoreError,
}
