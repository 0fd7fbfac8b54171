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
mod tests {
    use std::task::Poll;

    use bytes::Bytes;
    use postroad_domain::{EventId, EventType, ProfileNo, SubscriptionNo, TenantNo, Timestamp};
    use postroad_store::{FanoutTarget, LaneKey, NewDelivery, NewEvent, Next, Outcome};
    use postroad_testkit::ManualClock;
    use tokio::sync::oneshot;

    use postroad_domain::limits::OPEN_FANOUTS_MAX;

    use super::*;
    use crate::commit::{batch::EventReply, publish_gate::PublishGate};

    /// Rows of fan-outs in a commit on a disk that takes no time.
    const STEP: usize = 24;

    fn target() -> FanoutTarget {
        FanoutTarget {
            subscription_no: SubscriptionNo(1),
            subscription_version: 1,
            expires_at: Timestamp::default(),
        }
    }

    fn fanout(tenant: i64, targets: usize) -> Fanout {
        let target = target();
        Fanout {
            tenant_no: TenantNo(tenant),
            event_id: EventId::from_bytes([0; 16]),
            event_bytes: 0,
            targets: vec![target; targets],
            next_number: 1,
        }
    }

    /// An event of a tenant with so many deliveries.
    fn job(tenant: i64, deliveries: u16) -> EventJob {
        let id = EventId::from_bytes([0; 16]);
        let event = NewEvent {
            id,
            tenant_no: TenantNo(tenant),
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
            deliveries: (1..=deliveries)
                .map(|number| NewDelivery { id: id.delivery(number), target: target() })
                .collect(),
            fanout: Vec::new(),
        };
        let permit = PublishGate::new().admit(TenantNo(1), (1, 1)).unwrap();
        EventJob { event, reply: EventReply { sender: oneshot::channel().0, _permit: permit }, call: 0 }
    }

    /// The ends of the queues in front of an intake.
    struct Ends {
        events: mpsc::UnboundedSender<EventJob>,
        outcomes: mpsc::UnboundedSender<OutcomeJob>,
        fanouts: mpsc::UnboundedSender<Fanout>,
        finish: CancellationToken,
        give_up: CancellationToken,
    }

    impl Ends {
        fn event(&self, job: EventJob) {
            self.events.send(job).ok().unwrap();
        }

        fn outcomes(&self, count: usize) {
            (0..count).for_each(|_| self.outcomes.send(outcome(false)).ok().unwrap());
        }
    }

    fn intake() -> (Ends, Intake) {
        let (events, events_in) = mpsc::unbounded_channel();
        let (outcomes, outcomes_in) = mpsc::unbounded_channel();
        let (fanouts, fanouts_in) = mpsc::unbounded_channel();
        let (finish, give_up) = (CancellationToken::new(), CancellationToken::new());
        let intake = Intake::new(events_in, outcomes_in, fanouts_in, (finish.clone(), give_up.clone()));
        (Ends { events, outcomes, fanouts, finish, give_up }, intake)
    }

    async fn next(intake: &mut Intake) -> Option<Batch> {
        intake.next(&ManualClock::default(), LastCommit::default()).await
    }

    #[tokio::test]
    async fn open_fan_outs_take_a_quarter_of_a_commit_and_outcomes_their_half_of_it() {
        let (ends, mut intake) = intake();
        (0..10).for_each(|_| ends.fanouts.send(fanout(1, 1_000)).unwrap());
        ends.outcomes(COMMIT_ROWS_MAX);
        (0..COMMIT_ROWS_MAX).for_each(|_| ends.event(job(2, 0)));
        let slow = LastCommit { sync_took: Duration::from_millis(100), ..LastCommit::default() };
        let batch = intake.next(&ManualClock::default(), slow).await.unwrap();
        assert!(batch.of_fanouts.rows > COMMIT_ROWS_MAX / 5);
        assert_eq!(batch.outcomes.len(), COMMIT_ROWS_MAX / 2);
        assert!(batch.size().rows <= COMMIT_ROWS_MAX);
    }

    #[tokio::test]
    async fn what_one_kind_of_work_leaves_of_a_commit_is_for_the_others() {
        let (ends, mut intake) = intake();
        (0..100).for_each(|_| ends.fanouts.send(fanout(1, 1_000)).unwrap());
        ends.outcomes(3 * COMMIT_ROWS_MAX);
        let batch = next(&mut intake).await.unwrap();
        assert_eq!(batch.outcomes.len() + batch.of_fanouts.rows, COMMIT_ROWS_MAX);
        assert!(batch.of_fanouts.rows > 0 && batch.of_fanouts.rows <= STEP);
    }

    #[tokio::test]
    async fn of_events_that_bring_a_large_fan_out_a_commit_takes_few() {
        let (ends, mut intake) = intake();
        for tenant in [1, 2] {
            for _ in 0..50 {
                let mut large = job(tenant, 0);
                large.event.fanout = fanout(tenant, 1_000).targets;
                ends.event(large);
            }
        }
        ends.event(job(3, 1));
        let tenants = |batch: Batch| batch.events.iter().map(|event| event.tenant_no.0).collect::<Vec<_>>();
        let first = tenants(next(&mut intake).await.unwrap());
        assert!(
            first.len() < 10 && first.contains(&1) && first.contains(&2) && first.contains(&3),
            "{first:?}"
        );
        let mut taken = first.len();
        while taken < 101 {
            let more = tenants(next(&mut intake).await.unwrap());
            assert!(!more.is_empty() && more.len() < 10, "{more:?}");
            taken += more.len();
        }
    }

    #[tokio::test]
    async fn an_event_of_one_tenant_does_not_wait_for_the_batches_of_another() {
        let (ends, mut intake) = intake();
        (0..1_000).for_each(|_| ends.event(job(1, 200)));
        ends.event(job(2, 1));
        let batch = next(&mut intake).await.unwrap();
        assert!(batch.events.iter().any(|event| event.tenant_no == TenantNo(2)), "it is in the next commit");
        assert!(batch.size().rows < COMMIT_ROWS_MAX + 201);
    }

    #[tokio::test]
    async fn with_too_many_open_fan_outs_only_events_that_bring_one_wait_and_those_behind_them_of_the_same_call()
     {
        let (ends, mut intake) = intake();
        for _ in 0..OPEN_FANOUTS_MAX {
            ends.fanouts.send(fanout(1, 5_000)).unwrap();
        }
        let large = |tenant, call| {
            let mut job = EventJob { call, ..job(tenant, 0) };
            job.event.fanout = fanout(tenant, 1).targets;
            job
        };
        ends.event(large(1, 7));
        ends.event(EventJob { call: 7, ..job(1, 0) });
        ends.event(EventJob { call: 8, ..job(1, 1) });
        ends.event(job(2, 2));
        let batch = next(&mut intake).await.unwrap();
        let written: Vec<_> = batch.events.iter().map(|event| event.deliveries.len()).collect();
        assert_eq!(written, [1, 2], "the other call of the tenant, and the other tenant");
        intake.open_fanouts.clear();
        let written: Vec<_> =
            next(&mut intake).await.unwrap().events.iter().map(|event| event.fanout.len()).collect();
        assert_eq!(written, [1, 0], "in their order, as soon as there is room");
    }

    #[tokio::test]
    async fn an_event_that_comes_when_its_tenant_waits_for_room_for_a_fan_out_does_not_wait_too() {
        let (ends, mut intake) = intake();
        for _ in 0..OPEN_FANOUTS_MAX {
            ends.fanouts.send(fanout(2, 5_000)).unwrap();
        }
        let mut large = EventJob { call: 7, ..job(1, 0) };
        large.event.fanout = fanout(1, 1).targets;
        ends.event(large);
        assert_eq!(next(&mut intake).await.unwrap().events.len(), 0);
        ends.event(EventJob { call: 8, ..job(1, 1) });
        ends.event(EventJob { call: 7, ..job(1, 2) });
        let written: Vec<_> =
            next(&mut intake).await.unwrap().events.iter().map(|event| event.deliveries.len()).collect();
        assert_eq!(written, [1], "the other one came by the same call");
    }

    #[tokio::test]
    async fn the_steps_of_a_fan_out_come_one_behind_the_other_also_when_one_is_refused() {
        let (ends, mut intake) = intake();
        ends.fanouts.send(fanout(1, 2 * STEP + STEP / 2)).unwrap();
        let clock = ManualClock::default();
        let first = intake.next(&clock, LastCommit::default()).await.unwrap();
        let step = |batch: &Batch| {
            batch.fanouts.iter().map(|step| (step.next_number, step.targets.len())).collect::<Vec<_>>()
        };
        assert_eq!(step(&first), [(1, STEP)], "the next one waits for this one's commit");
        intake.refuse_fanouts(first.fanouts, &clock);
        ends.event(job(1, 0));
        assert_eq!(step(&intake.next(&clock, LastCommit::default()).await.unwrap()), [], "all of it waits");
        clock.advance(REFUSED_PAUSE);
        let mut steps = Vec::new();
        for _ in 0..3 {
            steps.extend(step(&intake.next(&clock, LastCommit::default()).await.unwrap()));
        }
        let second = STEP as u16 + 1;
        assert_eq!(steps, [(1, STEP), (second, STEP), (2 * STEP as u16 + 1, STEP / 2)]);
    }

    #[tokio::test]
    async fn fan_outs_to_the_same_subscriptions_go_on_abreast_and_the_oldest_end_first() {
        let (ends, mut intake) = intake();
        let of = |number: u8, subscription: i64, targets| {
            let mut fanout = fanout(1, targets);
            fanout.event_id = EventId::from_bytes([number; 16]);
            fanout
                .targets
                .iter_mut()
                .zip(subscription..)
                .for_each(|(target, no)| target.subscription_no.0 = no);
            fanout
        };
        for fanout in [of(1, 1, 12), of(2, 1, 12), of(3, 900, 12), of(4, 1, 12)] {
            ends.fanouts.send(fanout).unwrap();
        }
        let mut steps = Vec::new();
        for _ in 0..2 {
            let batch = next(&mut intake).await.unwrap();
            let step = |step: &Fanout| (step.event_id.as_bytes()[0], step.next_number, step.targets.len());
            steps.push(batch.fanouts.iter().map(step).collect::<Vec<_>>());
        }
        let first = vec![(1, 1, 8), (2, 1, 8), (4, 1, 8)];
        let second = vec![(1, 9, 4), (2, 9, 4), (4, 9, 4), (3, 1, 12)];
        assert_eq!(steps, [first, second]);
    }

    /// They were looked at again and again: a commit of nothing each time.
    #[tokio::test]
    async fn while_fan_outs_rest_events_that_wait_for_their_end_make_no_commits() {
        let (ends, mut intake) = intake();
        for _ in 0..OPEN_FANOUTS_MAX {
            ends.fanouts.send(fanout(1, 4_000)).unwrap();
        }
        let mut large = job(1, 0);
        large.event.fanout = fanout(1, 1).targets;
        ends.event(large);
        let clock = ManualClock::default();
        assert!(intake.next(&clock, LastCommit::default()).await.unwrap().of_fanouts.rows > 0);
        let took = Duration::from_millis(3);
        let last = LastCommit { took, fanout_rows: STEP, had_others: true, ..LastCommit::default() };
        let mut next = Box::pin(intake.next(&clock, last));
        for _ in 0..3 {
            assert!(
                std::future::poll_fn(|context| Poll::Ready(next.as_mut().poll(context))).await.is_pending()
            );
            clock.advance(Duration::from_millis(1));
        }
        assert!(next.await.unwrap().of_fanouts.rows > 0);
    }

    /// A tenant with many took the rows, and another one what was left of them: two of thirty-two, each time.
    #[tokio::test]
    async fn a_tenant_with_one_fan_out_has_every_second_turn_beside_one_with_many() {
        let (ends, mut intake) = intake();
        (0..50).for_each(|_| ends.fanouts.send(fanout(1, 4_000)).unwrap());
        ends.fanouts.send(fanout(2, 4_000)).unwrap();
        let mut rows = [0, 0];
        for _ in 0..10 {
            for step in next(&mut intake).await.unwrap().fanouts {
                rows[step.tenant_no.0 as usize - 1] += step.targets.len();
            }
        }
        assert!(rows[0] > 0 && rows[0].abs_diff(rows[1]) <= STEP, "{rows:?}");
    }

    #[tokio::test]
    async fn a_stop_writes_an_event_that_waits_for_fan_outs_which_rest() {
        let (ends, mut intake) = intake();
        for _ in 0..OPEN_FANOUTS_MAX {
            ends.fanouts.send(fanout(1, 4_000)).unwrap();
        }
        let mut large = job(1, 0);
        large.event.fanout = fanout(1, 1).targets;
        ends.event(large);
        let clock = ManualClock::default();
        intake.next(&clock, LastCommit::default()).await.unwrap();
        let took = Duration::from_millis(3);
        let last = LastCommit { took, fanout_rows: STEP, had_others: true, ..LastCommit::default() };
        let mut next = Box::pin(intake.next(&clock, last));
        assert!(std::future::poll_fn(|context| Poll::Ready(next.as_mut().poll(context))).await.is_pending());
        ends.finish.cancel();
        let batch = next.await.unwrap();
        assert_eq!((batch.events.len(), batch.fanouts.len()), (1, 0));
    }

    #[tokio::test]
    async fn a_tenant_that_opens_very_many_fan_outs_leaves_room_for_those_of_others() {
        let (ends, mut intake) = intake();
        for _ in 0..OPEN_FANOUTS_MAX * 3 / 4 {
            ends.fanouts.send(fanout(1, 5_000)).unwrap();
        }
        for tenant in [1, 2] {
            let mut job = job(tenant, 0);
            job.event.fanout = fanout(tenant, 1).targets;
            ends.event(job);
        }
        let batch = next(&mut intake).await.unwrap();
        let of: Vec<_> = batch.events.iter().map(|event| event.tenant_no).collect();
        assert_eq!(of, [TenantNo(2)]);
    }

    #[tokio::test]
    async fn a_stop_takes_what_somebody_waits_for_and_leaves_fan_outs_to_the_next_start() {
        let (ends, mut intake) = intake();
        ends.fanouts.send(fanout(1, 1_000)).unwrap();
        ends.event(job(1, 0));
        ends.finish.cancel();
        let batch = next(&mut intake).await.unwrap();
        assert_eq!((batch.events.len(), batch.fanouts.len()), (1, 0));
        assert!(next(&mut intake).await.is_none());
    }

    #[tokio::test]
    async fn when_the_grace_of_a_stop_is_over_events_are_refused_and_outcomes_are_written() {
        let (ends, mut intake) = intake();
        let (sender, answer) = oneshot::channel();
        let mut waiting = job(1, 0);
        waiting.reply.sender = sender;
        ends.event(waiting);
        ends.outcomes(1);
        ends.finish.cancel();
        ends.give_up.cancel();
        let batch = next(&mut intake).await.unwrap();
        assert_eq!((batch.events.len(), batch.outcomes.len()), (0, 1));
        assert!(matches!(answer.await.unwrap(), Err(StoreError::Unavailable(_))));
        assert!(next(&mut intake).await.is_none());
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
            body: None,
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
        let (ends, mut intake) = intake();
        let clock = ManualClock::default();
        let mut next = Box::pin(intake.next(&clock, last));
        for (number, comes) in coming.iter().enumerate() {
            match comes {
                Comes::Event => ends.event(job(1, 0)),
                Comes::Outcome => ends.outcomes(1),
                Comes::Awaited => ends.outcomes.send(outcome(true)).ok().unwrap(),
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
        LastCommit { took, sync_took: took, events, ..LastCommit::default() }
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
