//! The lanes' promises, told event by event: no clock, no task, no store.

mod fairness;
mod heads;
mod memory;
mod replaced;
mod seats;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use postroad_domain::{Event, EventId, EventType, SubscriptionNo, TenantNo};

use super::{
    types::{Seat, Turn},
    *,
};
use crate::configuration::lane_settings::Host;

const LIMITS: LaneLimits = LaneLimits {
    lane_deliveries: 4,
    lane_bytes: 1 << 20,
    all_bytes: 1 << 22,
    // A quarter is for one tenant whose receivers answer soon.
    exchanges: 32,
    exchange_bytes: 1 << 22,
    host_exchanges: 16,
    refills: 2,
};

const SEAT: Seat = Seat { host: None, is_slow: false, bytes: 0 };

fn lane(no: i64) -> LaneKey {
    LaneKey { tenant_no: TenantNo(1), subscription_no: SubscriptionNo(no) }
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

/// The delivery number `n` of a lane, due at `n` microseconds.
fn delivery(no: i64, n: u32) -> QueuedDelivery {
    let event_id = EventId::from_bytes((u128::from(n) << 12).to_be_bytes());
    QueuedDelivery {
        lane: lane(no),
        id: event_id.delivery(no as u16),
        handle: i64::from(n),
        subscription_version: 1,
        due: at(i64::from(n)),
        not_before: None,
        expires_at: at(i64::MAX),
        tries: 0,
        attempts: 0,
        event: Arc::new(Event {
            id: event_id,
            event_type: EventType::parse("a").unwrap(),
            accepted_at: at(0),
            occurred_at: None,
            tags: Vec::new(),
            attributes: Bytes::new(),
            data: Bytes::from_static(b"{}"),
            deliveries: 1,
            profile: None,
            tenant_version: 1,
            trace: None,
            test: false,
        }),
        group: None,
        body: None,
    }
}

/// Takes turns until none is left and answers which deliveries they were.
fn turns(lanes: &mut LaneSet) -> Vec<(i64, i64)> {
    turns_at(lanes, at(0))
}

fn turns_at(lanes: &mut LaneSet, now: Timestamp) -> Vec<(i64, i64)> {
    std::iter::from_fn(|| lanes.next_turn(now))
        .map(|turn| (turn.delivery.lane.subscription_no.0, turn.delivery.handle))
        .collect()
}

fn settings(concurrency: u32) -> LaneSettings {
    LaneSettings { concurrency, ..LaneSettings::default() }
}

/// The settings of a lane whose receiver is known to answer.
fn set_settings(lanes: &mut LaneSet, no: i64, settings: LaneSettings) {
    lanes.set_settings(lane(no), settings, at(0));
    lanes
        .lanes
        .get_mut(&lane(no))
        .into_iter()
        .for_each(|lane| (0..4).for_each(|_| lane.took(Duration::ZERO)));
    lanes.settle(lane(no));
}

fn wide_open(lanes: &mut LaneSet, no: i64) {
    set_settings(lanes, no, settings(100));
}

fn refilled(deliveries: Vec<QueuedDelivery>, next_due: Option<Timestamp>) -> Refilled {
    Refilled { deliveries, next_due }
}

#[test]
fn ready_lanes_take_turns_one_delivery_each() {
    let mut lanes = LaneSet::new(LIMITS);
    for n in 1..=3 {
        lanes.offer(delivery(1, n));
    }
    lanes.offer(delivery(2, 1));
    lanes.offer(delivery(3, 1));
    for no in 1..=3 {
        wide_open(&mut lanes, no);
    }
    assert_eq!(turns(&mut lanes), [(1, 1), (2, 1), (3, 1), (1, 2), (1, 3)]);
}

#[test]
fn a_lane_has_no_more_exchanges_under_way_than_its_concurrency() {
    let mut lanes = LaneSet::new(LIMITS);
    for n in 1..=4 {
        lanes.offer(delivery(1, n));
    }
    assert_eq!(turns(&mut lanes), [(1, 1)], "one until the subscription is known");
    set_settings(&mut lanes, 1, settings(2));
    assert_eq!(turns(&mut lanes), [(1, 2)]);
    lanes.exchanged(lane(1), &SEAT);
    assert_eq!(turns(&mut lanes), [(1, 3)]);
}

#[test]
fn all_lanes_together_have_no_more_exchanges_under_way_than_allowed() {
    let mut lanes = LaneSet::new(LaneLimits { exchanges: 8, ..LIMITS });
    for no in 1..=3 {
        lanes.offer(delivery(no, 1));
    }
    assert_eq!(turns(&mut lanes), [(1, 1), (2, 1)]);
    lanes.exchanged(lane(1), &SEAT);
    assert_eq!(turns(&mut lanes), [(3, 1)]);
}

#[test]
fn beyond_its_share_a_lane_is_spilled_and_comes_back_in_order_through_the_store() {
    let mut lanes = LaneSet::new(LIMITS);
    for n in 1..=6 {
        lanes.offer(delivery(1, n));
    }
    wide_open(&mut lanes, 1);
    assert_eq!(lanes.figures().ready, 4, "5 and 6 are in the store only");
    assert_eq!(lanes.next_refill(), None, "its share is full");
    assert_eq!(turns(&mut lanes), [(1, 1), (1, 2), (1, 3), (1, 4)]);

    lanes.offer(delivery(1, 7));
    assert_eq!(lanes.figures().ready, 0, "7 must not overtake 5 and 6");
    let wish = lanes.next_refill().unwrap();
    assert_eq!(wish.held.len(), 4, "what is under way is held");
    lanes.refilled(lane(1), refilled((5..=7).map(|n| delivery(1, n)).collect(), None), at(7));
    lanes.offer(delivery(1, 8));
    assert_eq!(turns(&mut lanes), [(1, 5), (1, 6), (1, 7), (1, 8)], "direct again");
}

#[test]
fn what_was_committed_while_the_store_was_reading_is_not_overtaken() {
    let mut lanes = LaneSet::new(LIMITS);
    for n in 1..=5 {
        lanes.offer(delivery(1, n));
    }
    wide_open(&mut lanes, 1);
    turns(&mut lanes);
    lanes.next_refill().unwrap();
    lanes.offer(delivery(1, 6));
    lanes.refilled(lane(1), refilled(vec![delivery(1, 5)], None), at(5));
    lanes.offer(delivery(1, 7));
    assert_eq!(turns(&mut lanes), [(1, 5)], "6 is in the store only, so 7 is too");
    lanes.next_refill().expect("the lane knows that 6 waits");
}

#[test]
fn nothing_is_taken_in_twice_whichever_way_it_comes() {
    let mut lanes = LaneSet::new(LIMITS);
    lanes.wake(lane(1), at(1));
    lanes.tick(at(1));
    lanes.next_refill().unwrap();
    // The reading sees a delivery before the news of its commit arrives.
    lanes.refilled(lane(1), refilled(vec![delivery(1, 1)], None), at(1));
    lanes.offer(delivery(1, 1));
    wide_open(&mut lanes, 1);
    assert_eq!(turns(&mut lanes), [(1, 1)]);

    // It is settled while a second reading still shows it.
    lanes.wake(lane(1), at(2));
    lanes.tick(at(2));
    lanes.next_refill().unwrap();
    lanes.exchanged(lane(1), &SEAT);
    lanes.settled(lane(1), delivery(1, 1).id, None);
    lanes.refilled(lane(1), refilled(vec![delivery(1, 1)], None), at(2));
    assert_eq!(turns(&mut lanes), []);
}

#[test]
fn a_delivery_that_waits_for_its_due_time_comes_when_its_timer_rings() {
    let mut lanes = LaneSet::new(LIMITS);
    lanes.offer(delivery(1, 1));
    turns(&mut lanes);
    lanes.exchanged(lane(1), &SEAT);
    lanes.settled(lane(1), delivery(1, 1).id, Some(at(500)));
    assert!(lanes.take_first_timer_changed());
    assert_eq!(lanes.tick(at(499)), Some(at(500)));
    assert_eq!(lanes.next_refill(), None);
    assert_eq!(lanes.tick(at(500)), None);
    assert_eq!(lanes.next_refill().unwrap().held, []);
}

#[test]
fn a_lane_with_retries_far_ahead_stays_direct_for_what_is_new() {
    let mut lanes = LaneSet::new(LIMITS);
    lanes.offer(delivery(1, 1));
    turns(&mut lanes);
    lanes.exchanged(lane(1), &SEAT);
    lanes.settled(lane(1), delivery(1, 1).id, Some(at(1_000_000)));
    lanes.offer(delivery(1, 2));
    assert_eq!(turns(&mut lanes), [(1, 2)]);
}

#[test]
fn an_empty_lane_takes_no_memory() {
    let mut lanes = LaneSet::new(LIMITS);
    lanes.offer(delivery(1, 1));
    turns(&mut lanes);
    lanes.exchanged(lane(1), &SEAT);
    assert_eq!(lanes.figures().lanes, 1, "its outcome is not committed");
    lanes.settled(lane(1), delivery(1, 1).id, None);
    assert_eq!(lanes.figures(), LaneFigures::default());

    lanes.wake(lane(2), at(1));
    lanes.tick(at(1));
    lanes.next_refill().unwrap();
    lanes.refilled(lane(2), Refilled::default(), at(1));
    assert_eq!(lanes.figures(), LaneFigures::default());
}

#[test]
fn a_resting_lane_sends_nothing_and_goes_on_by_itself() {
    let mut lanes = LaneSet::new(LIMITS);
    lanes.offer(delivery(1, 1));
    lanes.offer(delivery(1, 2));
    turns(&mut lanes);
    lanes.rest(lane(1), (at(100), Rest::RetryAfter), at(0));
    lanes.exchanged(lane(1), &SEAT);
    assert_eq!(turns(&mut lanes), []);
    assert_eq!(lanes.tick(at(99)), Some(at(100)));
    assert_eq!(turns(&mut lanes), []);
    lanes.tick(at(100));
    assert_eq!(turns(&mut lanes), [(1, 2)]);
}

#[test]
fn what_is_dropped_is_forgotten_and_what_is_under_way_goes_on() {
    let mut lanes = LaneSet::new(LIMITS);
    for n in 1..=3 {
        lanes.offer(delivery(1, n));
    }
    turns(&mut lanes);
    lanes.drop_one(lane(1), delivery(1, 2).id, at(0));
    assert_eq!(lanes.figures().ready, 1);
    lanes.drop_ready(lane(1), at(9));
    assert_eq!(lanes.figures(), LaneFigures { lanes: 1, under_way: 1, ..LaneFigures::default() });
    assert!(lanes.is_delivering(lane(1), delivery(1, 1).id));
    assert!(!lanes.is_delivering(lane(1), delivery(1, 3).id));
}

#[test]
fn a_refill_that_failed_is_asked_again_after_its_pause() {
    let mut lanes = LaneSet::new(LIMITS);
    lanes.wake(lane(1), at(1));
    lanes.tick(at(1));
    lanes.next_refill().unwrap();
    lanes.refill_failed(lane(1), at(1).after(Duration::from_secs(1)));
    assert_eq!(lanes.next_refill(), None);
    lanes.tick(at(1_000_001));
    lanes.next_refill().unwrap();
}

#[test]
fn refills_have_a_bound_and_those_that_wait_get_theirs_in_turn() {
    let mut lanes = LaneSet::new(LIMITS);
    for no in 1..=3 {
        lanes.wake(lane(no), at(1));
    }
    lanes.tick(at(1));
    let order: Vec<_> = std::iter::from_fn(|| lanes.next_refill()).map(|wish| wish.lane).collect();
    assert_eq!(order, [lane(1), lane(2)]);
    lanes.refilled(lane(1), Refilled::default(), at(1));
    assert_eq!(lanes.next_refill().unwrap().lane, lane(3));
}

#[test]
fn a_lane_whose_memory_was_dropped_asks_the_store_once_more() {
    let mut lanes = LaneSet::new(LIMITS);
    lanes.offer(delivery(1, 1));
    lanes.drop_ready(lane(1), at(9));
    lanes.tick(at(9));
    // Somebody activated the subscription again in between: what was dropped comes back.
    lanes.next_refill().unwrap();
    lanes.refilled(lane(1), refilled(vec![delivery(1, 1)], None), at(9));
    assert_eq!(turns(&mut lanes), [(1, 1)]);
}

#[test]
fn a_delivery_sent_again_while_its_last_attempt_is_held_is_not_forgotten() {
    let mut lanes = LaneSet::new(LIMITS);
    lanes.offer(delivery(1, 1));
    turns(&mut lanes);
    lanes.wake_for(lane(1), delivery(1, 1).id, at(5));
    lanes.tick(at(5));
    // The reading skips it, since it is held.
    assert_eq!(lanes.next_refill().unwrap().held, [delivery(1, 1).id]);
    lanes.refilled(lane(1), Refilled::default(), at(5));
    lanes.exchanged(lane(1), &SEAT);
    lanes.settled(lane(1), delivery(1, 1).id, None);
    lanes.tick(at(6));
    lanes.next_refill().expect("it waits in the store");
}

#[test]
fn what_is_cancelled_while_the_store_was_reading_does_not_come_back() {
    let mut lanes = LaneSet::new(LIMITS);
    lanes.wake(lane(1), at(1));
    lanes.tick(at(1));
    lanes.next_refill().unwrap();
    lanes.drop_one(lane(1), delivery(1, 1).id, at(0));
    lanes.refilled(lane(1), refilled(vec![delivery(1, 1)], None), at(1));
    assert_eq!(turns(&mut lanes), []);
}

#[test]
fn a_timer_that_is_replaced_leaves_nothing_behind() {
    let mut lanes = LaneSet::new(LIMITS);
    lanes.wake(lane(1), at(86_400));
    for n in 1..100 {
        lanes.wake(lane(1), at(86_400 - n));
    }
    assert_eq!(lanes.timers.len(), 1);
}
