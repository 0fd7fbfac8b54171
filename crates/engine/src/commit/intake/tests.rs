//! What a commit is made of, and what it waits for.

use std::{pin::Pin, task::Poll};

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
        due: Timestamp::default(),
        expires_at: Timestamp::default(),
        group: None,
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
    assert_eq!(batch.of_fanouts.rows, COMMIT_ROWS_MAX / 4);
    assert_eq!(batch.outcomes.len(), COMMIT_ROWS_MAX / 2);
    assert!(batch.size().rows <= COMMIT_ROWS_MAX);
}

#[tokio::test]
async fn what_one_kind_of_work_leaves_of_a_commit_is_for_the_others() {
    let (ends, mut intake) = intake();
    (0..100).for_each(|_| ends.fanouts.send(fanout(1, 1_000)).unwrap());
    ends.outcomes(3 * COMMIT_ROWS_MAX);
    let batch = next(&mut intake).await.unwrap();
    assert_eq!((batch.outcomes.len(), batch.of_fanouts.rows), (COMMIT_ROWS_MAX - STEP, STEP));
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
    assert!(first.len() < 10 && first.contains(&1) && first.contains(&2) && first.contains(&3), "{first:?}");
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
        fanout.targets.iter_mut().zip(subscription..).for_each(|(target, no)| target.subscription_no.0 = no);
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

/// An intake whose fan-outs rest behind a commit that had some, for twice the time of its rows, with an event that waits for
/// room for one more.
async fn resting(clock: &ManualClock) -> (Ends, Intake, LastCommit) {
    let (ends, mut intake) = intake();
    for _ in 0..OPEN_FANOUTS_MAX {
        ends.fanouts.send(fanout(1, 4_000)).unwrap();
    }
    let mut large = job(1, 0);
    large.event.fanout = fanout(1, 1).targets;
    ends.event(large);
    assert_eq!(intake.next(clock, LastCommit::default()).await.unwrap().of_fanouts.rows, STEP);
    let took = Duration::from_millis(3);
    let last = LastCommit { took, fanout_rows: STEP, had_others: true, ..LastCommit::default() };
    (ends, intake, last)
}

async fn is_pending(next: &mut (impl Future + Unpin)) -> bool {
    std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut *next).poll(context).is_pending())).await
}

/// They were looked at again and again: a commit of nothing each time.
#[tokio::test]
async fn while_fan_outs_rest_events_that_wait_for_their_end_make_no_commits() {
    let clock = ManualClock::default();
    let (_ends, mut intake, last) = resting(&clock).await;
    let mut next = Box::pin(intake.next(&clock, last));
    for _ in 0..3 {
        assert!(is_pending(&mut next).await);
        clock.advance(Duration::from_millis(1));
    }
    assert_eq!(next.await.unwrap().of_fanouts.rows, STEP);
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
    assert_eq!(rows, [5 * STEP, 5 * STEP]);
}

#[tokio::test]
async fn a_stop_writes_an_event_that_waits_for_fan_outs_which_rest() {
    let clock = ManualClock::default();
    let (ends, mut intake, last) = resting(&clock).await;
    let mut next = Box::pin(intake.next(&clock, last));
    assert!(is_pending(&mut next).await);
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
        tries: 0,
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
