//! What stands in front of the commits: how a batch is taken from the queues, and what it waits for.

use std::time::Duration;

use postroad_domain::{
    Clock,
    limits::{COMMIT_BYTES_MAX, COMMIT_ROWS_MAX},
};
use postroad_store::{Fanout, StoreError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    batch::{Batch, EventJob, OutcomeJob, Size},
    event_queue::EventQueue,
    fanout_pace::{FanoutPace, OPENED_MAX, OPENED_PER_ROW},
    fanouts::{OpenFanouts, REFUSED_PAUSE},
    last_commit::LastCommit,
};

/// With so many rows to write a commit takes its time for them, and not for the disk.
const GATHERED_ROWS_MAX: usize = 256;

/// A disk that takes less for a commit is worth no wait.
const SLOW_DISK: Duration = Duration::from_millis(2);
/// Longer waits help nobody, however slow the disk.
const PATIENCE_MAX: Duration = Duration::from_millis(10);
/// The part of a commit's time that the events which are here wait for those who were answered with the last commit.
const HERD_PART: u32 = 8;
/// Fewer callers that were answered at once are no herd: whether they come back together nobody knows.
const HERD_MIN: usize = 3;

/// The queues in front of the commits.
pub(super) struct Intake {
    arriving: mpsc::UnboundedReceiver<EventJob>,
    pub(super) outcomes: mpsc::UnboundedReceiver<OutcomeJob>,
    pub(super) fanouts: mpsc::UnboundedReceiver<Fanout>,
    /// Events that have arrived.
    events: EventQueue,
    open_fanouts: OpenFanouts,
    fanout_pace: FanoutPace,
    /// Set when nothing new is to be expected: what is here is still taken.
    pub(super) finish: CancellationToken,
    /// Set when there is no more time for that: events are refused, outcomes are still taken.
    give_up: CancellationToken,
}

impl Intake {
    pub(super) fn new(
        arriving: mpsc::UnboundedReceiver<EventJob>,
        outcomes: mpsc::UnboundedReceiver<OutcomeJob>,
        fanouts: mpsc::UnboundedReceiver<Fanout>,
        (finish, give_up): (CancellationToken, CancellationToken),
    ) -> Self {
        let (events, open_fanouts) = (EventQueue::default(), OpenFanouts::default());
        let fanout_pace = FanoutPace::default();
        Self { arriving, outcomes, fanouts, events, open_fanouts, fanout_pace, finish, give_up }
    }

    /// Waits for the first item, then takes what else is there, within the bounds of a commit. `None` when it is time to
    /// finish and everything was taken but the rest of large fan-outs, which the store keeps for the next start.
    pub(super) async fn next(&mut self, clock: &dyn Clock, last: LastCommit) -> Option<Batch> {
        self.fanout_pace.note(last, clock.monotonic());
        self.open_fanouts.go_on(clock.monotonic());
        loop {
            let batch = self.wait_for_batch(clock, last).await?;
            // Of what came all may have to wait, for the end of large fan-outs.
            if !batch.is_empty() {
                return Some(batch);
            }
        }
    }

    async fn wait_for_batch(&mut self, clock: &dyn Clock, last: LastCommit) -> Option<Batch> {
        let mut batch = Batch::default();
        loop {
            while let Ok(fanout) = self.fanouts.try_recv() {
                self.open_fanouts.push(fanout);
            }
            if self.give_up.is_cancelled() {
                self.refuse_events(&StoreError::Unavailable("the node is stopping".to_owned()));
            }
            if self.finish.is_cancelled() {
                self.open_fanouts.clear();
            }
            self.events.let_return(&self.open_fanouts);
            let may_go_on = self.open_fanouts.has_steps() && self.fanout_pace.may_go_on(clock.monotonic());
            if self.events.has_turn() || may_go_on {
                break;
            }
            tokio::select! {
                biased;
                Some(job) = self.arriving.recv() => {
                    self.events.push(job);
                    self.gather(&mut batch, false, clock, last).await;
                }
                Some(job) = self.outcomes.recv() => {
                    batch.add_outcome(job.outcome);
                    self.gather(&mut batch, job.is_awaited, clock, last).await;
                }
                () = self.finish.cancelled() => match self.events.is_empty() {
                    true => return None,
                    // They waited for the end of fan-outs, which are given up.
                    false => continue,
                },
                Some(fanout) = self.fanouts.recv() => {
                    self.open_fanouts.push(fanout);
                    continue;
                }
                () = fanouts_are_due(&self.open_fanouts, &self.fanout_pace, clock) => {
                    self.open_fanouts.go_on(clock.monotonic());
                    continue;
                }
            }
            break;
        }
        self.arrive();
        self.compose(&mut batch, clock.monotonic());
        Some(batch)
    }

    /// Fills a commit. Outcomes have a half of its rows and bytes that the others cannot take, events a quarter of its rows. The steps
    /// of large fan-outs have few rows and now and then none ([`FanoutPace`]): whatever comes while the commit is made waits for
    /// them. What one kind leaves is for events and outcomes.
    fn compose(&mut self, batch: &mut Batch, now: Duration) {
        let (rows, bytes) = (COMMIT_ROWS_MAX, COMMIT_BYTES_MAX);
        let of_fanouts = if self.fanout_pace.may_go_on(now) { self.fanout_pace.rows() } else { 0 };
        self.take_outcomes(batch, |batch| batch.of_outcomes.is_below(rows / 2, bytes / 2));
        self.take_events(batch, |batch| batch.of_events.is_below(rows / 4, bytes / 2));
        self.take_fanouts(batch, of_fanouts);
        let is_any_left = |batch: &Batch| batch.size().is_below(rows, bytes);
        self.take_events(batch, is_any_left);
        self.take_outcomes(batch, is_any_left);
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
        self.arrive();
        let returning = if last.events < HERD_MIN { 0 } else { last.events };
        let wanted = (self.events.len() + returning).max(1);
        let patience = |events: &EventQueue| {
            let parts = if events.is_empty() { 1 } else { HERD_PART };
            clock.sleep(last.took.min(PATIENCE_MAX) / parts)
        };
        let mut is_over = patience(&self.events);
        while self.events.len() < wanted && !is_awaited && !self.is_large(batch) {
            tokio::select! {
                biased;
                Some(job) = self.arriving.recv() => {
                    self.events.push(job);
                    if self.events.len() == 1 {
                        is_over = patience(&self.events);
                    }
                }
                Some(job) = self.outcomes.recv() => {
                    is_awaited = job.is_awaited;
                    batch.add_outcome(job.outcome);
                }
                Some(fanout) = self.fanouts.recv() => return self.open_fanouts.push(fanout),
                () = &mut is_over => return,
                () = self.finish.cancelled() => return,
            }
        }
    }

    /// Whether what is here is worth a commit of its own, whatever the disk.
    fn is_large(&self, batch: &Batch) -> bool {
        let Size { rows, bytes } = batch.of_outcomes;
        rows + self.events.rows() >= GATHERED_ROWS_MAX || bytes + self.events.bytes() >= COMMIT_BYTES_MAX / 2
    }

    /// Takes in what has come.
    fn arrive(&mut self) {
        while let Ok(job) = self.arriving.try_recv() {
            self.events.push(job);
        }
        while let Ok(fanout) = self.fanouts.try_recv() {
            self.open_fanouts.push(fanout);
        }
    }

    /// Tells those whose events wait here that they were not written.
    pub(super) fn refuse_events(&mut self, error: &StoreError) {
        self.arrive();
        for job in self.events.drain() {
            let _ = job.reply.sender.send(Err(error.clone()));
        }
    }

    /// Takes back the steps of fan-outs that could not be committed; they are the next ones.
    pub(super) fn take_back_fanouts(&mut self, batch: &mut Batch) {
        for step in batch.fanouts.drain(..).rev() {
            self.open_fanouts.take_back(step);
        }
    }

    /// The store refused these steps for themselves.
    pub(super) fn refuse_fanouts(&mut self, steps: Vec<Fanout>, clock: &dyn Clock) {
        let until = clock.monotonic().saturating_add(REFUSED_PAUSE);
        steps.into_iter().for_each(|step| self.open_fanouts.refuse(step, until));
    }

    /// Fills a batch of outcomes with those that wait.
    pub(super) fn add_outcomes(&mut self, batch: &mut Batch) {
        self.take_outcomes(batch, |batch| {
            batch.outcomes.len() < COMMIT_ROWS_MAX && batch.of_outcomes.bytes < COMMIT_BYTES_MAX
        });
    }

    fn take_outcomes(&mut self, batch: &mut Batch, is_room: impl Fn(&Batch) -> bool) {
        while is_room(batch) {
            let Ok(job) = self.outcomes.try_recv() else { return };
            batch.add_outcome(job.outcome);
        }
    }

    fn take_events(&mut self, batch: &mut Batch, is_room: impl Fn(&Batch) -> bool) {
        let opened_max = self.fanout_pace.rows() * OPENED_PER_ROW;
        while is_room(batch) {
            let is_room_to_open = batch.opened < OPENED_MAX && batch.opened_targets < opened_max;
            let may_open = |no| is_room_to_open && self.open_fanouts.has_room(no, batch.opened);
            let Some(job) = self.events.pop(may_open) else { return };
            batch.add_event(job);
        }
    }

    fn take_fanouts(&mut self, batch: &mut Batch, rows_max: usize) {
        // A tenant's steps are its whole turn: what they leave is another's turn only where it is worth one.
        while batch.of_fanouts.rows <= rows_max / 2 && rows_max > 0 {
            let targets_max = rows_max - batch.of_fanouts.rows;
            let steps = self.open_fanouts.next_steps(targets_max);
            if steps.is_empty() {
                return;
            }
            steps.into_iter().for_each(|step| batch.add_fanout(step));
        }
    }
}

/// Ends when fan-outs may go on that rest, or a step that was refused may be tried again.
async fn fanouts_are_due(fanouts: &OpenFanouts, pace: &FanoutPace, clock: &dyn Clock) {
    let resting = fanouts.has_steps().then(|| pace.rests_until());
    match resting.into_iter().chain(fanouts.next_refused()).min() {
        Some(until) => clock.sleep(until.saturating_sub(clock.monotonic())).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
