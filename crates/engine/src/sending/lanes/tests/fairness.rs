//! Lanes that must wait for more than their own concurrency: hosts, rates, failures, order.

use postroad_domain::{
    RateLimit,
    limits::{BREAKER_FAILURES, BREAKER_PAUSE_MIN},
};

use super::*;

pub(super) const FAILED: Ended = Ended {
    id: DeliveryId::from_uuid(uuid::Uuid::nil()),
    succeeded: false,
    again_at: None,
    version: i64::MAX,
    began: Timestamp::from_micros(0),
    took: Duration::ZERO,
};
pub(super) const SUCCEEDED: Ended = Ended { succeeded: true, ..FAILED };

pub(super) fn to(host: &str) -> LaneSettings {
    LaneSettings { host: Some(Host::new(host.into())), ..settings(100) }
}

/// An exchange of the lane begins, ends as told, and its outcome is committed.
pub(super) fn one(lanes: &mut LaneSet, no: i64, n: u32, ended: Ended, now: Timestamp) {
    let turn = lanes.next_turn(now).unwrap();
    assert_eq!(turn.delivery.handle, i64::from(n));
    lanes.judged(lane(no), Ended { id: turn.delivery.id, ..ended }, now);
    lanes.exchanged(lane(no), &turn.seat);
    lanes.settled(lane(no), delivery(no, n).id, ended.again_at.map(|_| at(i64::from(n))));
}

#[test]
fn lanes_that_lead_to_one_host_share_what_it_may_have_and_take_turns_for_it() {
    let mut lanes = LaneSet::new(LaneLimits { host_exchanges: 4, ..LIMITS });
    for no in 1..=3 {
        for n in 1..=3 {
            lanes.offer(delivery(no, n));
        }
        set_settings(&mut lanes, no, to(if no == 3 { "b" } else { "a" }));
    }
    assert_eq!(turns(&mut lanes), [(1, 1), (2, 1), (3, 1), (3, 2)], "a tenant has a half of each");
    let seat = Seat { host: Some(Host::new("a".into())), ..SEAT };
    lanes.exchanged(lane(1), &seat);
    assert_eq!(turns(&mut lanes), [(1, 2)], "its turn came first");
    lanes.exchanged(lane(2), &seat);
    assert_eq!(turns(&mut lanes), [(2, 2)]);
}

#[test]
fn a_lane_that_waited_for_its_host_and_has_nothing_any_more_passes_its_place_on() {
    let mut lanes = LaneSet::new(LaneLimits { host_exchanges: 1, ..LIMITS });
    for no in 1..=3 {
        lanes.offer(delivery(no, 1));
        set_settings(&mut lanes, no, to("a"));
    }
    assert_eq!(turns(&mut lanes), [(1, 1)]);
    lanes.drop_ready(lane(2), at(1_000));
    lanes.exchanged(lane(1), &Seat { host: Some(Host::new("a".into())), ..SEAT });
    assert_eq!(turns(&mut lanes), [(3, 1)]);
}

#[test]
fn a_rate_limit_holds_also_after_the_lane_was_empty() {
    let mut lanes = LaneSet::new(LIMITS);
    let limit = RateLimit { count: 2, per: Duration::from_micros(100) };
    lanes.offer(delivery(1, 1));
    assert_eq!(turns(&mut lanes), [(1, 1)]);
    set_settings(&mut lanes, 1, LaneSettings { rate_limit: Some(limit), ..settings(100) });
    lanes.exchanged(lane(1), &SEAT);
    lanes.settled(lane(1), delivery(1, 1).id, None);
    for n in 2..=3 {
        lanes.offer(delivery(1, n));
    }
    assert_eq!(turns_at(&mut lanes, at(10)), [(1, 2)]);
    assert_eq!(lanes.tick(at(99)), Some(at(100)));
    assert_eq!(turns_at(&mut lanes, at(99)), []);
    lanes.tick(at(100));
    assert_eq!(turns_at(&mut lanes, at(100)), [(1, 3)]);
    for n in 2..=3 {
        lanes.exchanged(lane(1), &SEAT);
        lanes.settled(lane(1), delivery(1, n).id, None);
    }
    lanes.tick(at(1_000));
    assert_eq!(lanes.figures().lanes, 0, "it is forgotten when its rate no longer counts");
}

#[test]
fn a_failing_lane_sends_a_probe_after_each_pause_and_comes_back_in_steps() {
    let mut lanes = LaneSet::new(LaneLimits { lane_deliveries: 100, exchanges: 200, ..LIMITS });
    for n in 1..=60 {
        lanes.offer(delivery(1, n));
    }
    set_settings(&mut lanes, 1, settings(4));
    for n in 1..=BREAKER_FAILURES {
        one(&mut lanes, 1, n, FAILED, at(0));
    }
    assert_eq!((turns(&mut lanes), lanes.figures().slowed), (vec![], 1));
    let probe_at = at(0).after(BREAKER_PAUSE_MIN);
    assert_eq!(lanes.tick(at(1)), Some(probe_at));
    lanes.tick(probe_at);
    assert_eq!(turns_at(&mut lanes, probe_at), [(1, 11)], "one probe");
    lanes.judged(lane(1), Ended { began: probe_at, ..SUCCEEDED }, probe_at);
    lanes.exchanged(lane(1), &SEAT);
    assert_eq!(turns_at(&mut lanes, probe_at), [(1, 12), (1, 13)], "two at a time");
    assert_eq!(lanes.figures().slowed, 0);
}

#[test]
fn a_change_of_its_subscription_ends_a_lanes_pause() {
    let mut lanes = LaneSet::new(LaneLimits { lane_deliveries: 100, exchanges: 200, ..LIMITS });
    for n in 1..=20 {
        lanes.offer(delivery(1, n));
    }
    wide_open(&mut lanes, 1);
    for n in 1..=BREAKER_FAILURES {
        one(&mut lanes, 1, n, FAILED, at(0));
    }
    assert_eq!(turns(&mut lanes), []);
    lanes.begin_anew(lane(1), settings(100), at(0));
    assert_eq!(turns(&mut lanes).len(), 10);
    assert_eq!(lanes.figures().slowed, 0);
}

#[test]
fn an_ordered_lane_sends_the_next_one_when_the_outcome_before_it_is_committed() {
    let mut lanes = LaneSet::new(LIMITS);
    for n in 1..=3 {
        lanes.offer(delivery(1, n));
    }
    set_settings(&mut lanes, 1, LaneSettings { ordered: true, ..settings(8) });
    assert_eq!(turns(&mut lanes), [(1, 1)]);
    lanes.judged(lane(1), SUCCEEDED, at(0));
    lanes.exchanged(lane(1), &SEAT);
    assert_eq!(turns(&mut lanes), [], "its outcome may still be lost");
    lanes.settled(lane(1), delivery(1, 1).id, None);
    assert_eq!(turns(&mut lanes), [(1, 2)]);
}

#[test]
fn in_an_ordered_lane_nothing_overtakes_a_delivery_that_waits_for_its_next_attempt() {
    let mut lanes = LaneSet::new(LIMITS);
    for n in 1..=3 {
        lanes.offer(delivery(1, n));
    }
    set_settings(&mut lanes, 1, LaneSettings { ordered: true, ..settings(8) });
    one(&mut lanes, 1, 1, Ended { again_at: Some(at(100)), ..FAILED }, at(10));
    lanes.offer(delivery(1, 4));
    lanes.tick(at(99));
    assert_eq!((turns_at(&mut lanes, at(99)), lanes.next_refill()), (vec![], None));
    lanes.tick(at(100));
    assert_eq!(turns_at(&mut lanes, at(100)), [], "the store knows the order");
    assert!(lanes.next_refill().is_some());
    lanes.refilled(lane(1), refilled((1..=4).map(|n| delivery(1, n)).collect(), None), at(100));
    assert_eq!(turns_at(&mut lanes, at(100)), [(1, 1)]);
}

#[test]
fn a_refill_that_was_under_way_when_the_head_went_back_brings_nothing_in_front_of_it() {
    let mut lanes = LaneSet::new(LIMITS);
    for n in 1..=5 {
        lanes.offer(delivery(1, n));
    }
    set_settings(&mut lanes, 1, LaneSettings { ordered: true, ..settings(8) });
    for n in 1..=2 {
        one(&mut lanes, 1, n, SUCCEEDED, at(0));
    }
    let wish = lanes.next_refill().unwrap();
    assert_eq!(wish.held.len(), 2, "3 and 4 are in memory, 5 is not");
    one(&mut lanes, 1, 3, Ended { again_at: Some(at(50)), ..FAILED }, at(10));
    lanes.refilled(lane(1), refilled(vec![delivery(1, 5)], None), at(10));
    lanes.tick(at(50));
    assert_eq!(turns_at(&mut lanes, at(50)), []);
    assert!(lanes.next_refill().is_some());
    lanes.refilled(lane(1), refilled((3..=5).map(|n| delivery(1, n)).collect(), None), at(50));
    assert_eq!(turns_at(&mut lanes, at(50)), [(1, 3)]);
}

#[test]
fn a_cancelled_head_of_an_ordered_lane_releases_the_next() {
    let mut lanes = LaneSet::new(LIMITS);
    for n in 1..=2 {
        lanes.offer(delivery(1, n));
    }
    set_settings(&mut lanes, 1, LaneSettings { ordered: true, ..settings(8) });
    one(&mut lanes, 1, 1, Ended { again_at: Some(at(1_000_000)), ..FAILED }, at(10));
    lanes.tick(at(20));
    assert_eq!((turns_at(&mut lanes, at(20)), lanes.next_refill()), (vec![], None));
    lanes.drop_one(lane(1), delivery(1, 1).id, at(0));
    assert!(lanes.next_refill().is_some());
    lanes.refilled(lane(1), refilled(vec![delivery(1, 2)], None), at(20));
    assert_eq!(turns_at(&mut lanes, at(20)), [(1, 2)]);
}

#[test]
fn while_something_may_wait_in_the_store_a_new_delivery_does_not_overtake_it() {
    let mut lanes = LaneSet::new(LIMITS);
    lanes.wake(lane(1), at(1));
    lanes.offer(delivery(1, 9));
    assert_eq!(lanes.figures().ready, 0, "nobody knows yet whether the order counts");
    assert!(lanes.next_refill().is_some());
    lanes.refilled(lane(1), refilled((1..=4).map(|n| delivery(1, n)).collect(), Some(at(5))), at(9));
    set_settings(&mut lanes, 1, LaneSettings { ordered: true, ..settings(8) });
    assert_eq!(turns_at(&mut lanes, at(9)), [(1, 1)]);
    lanes.offer(delivery(1, 10));
    assert_eq!(lanes.figures().ready, 3, "5 to 9 are in the store");
}

#[test]
fn what_is_given_back_is_read_anew_after_a_pause_and_nothing_overtakes_it() {
    let mut lanes = LaneSet::new(LIMITS);
    for n in 1..=3 {
        lanes.offer(delivery(1, n));
    }
    assert_eq!(turns(&mut lanes), [(1, 1)]);
    lanes.give_back(lane(1), delivery(1, 1).id, at(500), at(0));
    lanes.exchanged(lane(1), &SEAT);
    lanes.tick(at(499));
    assert_eq!((turns_at(&mut lanes, at(499)), lanes.next_refill()), (vec![], None));
    lanes.tick(at(500));
    assert!(lanes.next_refill().is_some());
}

#[test]
fn lanes_whose_receivers_hang_leave_half_of_all_exchanges_to_the_others() {
    let mut lanes = LaneSet::new(LaneLimits { lane_deliveries: 100, ..LIMITS });
    let slow = Ended { took: Duration::from_secs(15), ..FAILED };
    for n in 1..=40 {
        lanes.offer(delivery(1, n));
    }
    lanes.set_settings(lane(1), settings(100), at(0));
    assert_eq!(turns(&mut lanes), [(1, 1)], "nobody knows yet whether it answers");
    lanes.judged(lane(1), slow, at(0));
    lanes.exchanged(lane(1), &SEAT);
    assert_eq!(turns(&mut lanes).len(), 4);
    lanes.judged(lane(1), slow, at(0));
    assert_eq!(turns(&mut lanes).len(), 4, "half of the half for the slow ones");
    assert_eq!(lanes.figures().under_way, 8);
    for n in 1..=20 {
        lanes.offer(delivery(2, n));
    }
    wide_open(&mut lanes, 2);
    assert_eq!(turns(&mut lanes).len(), 8, "the other half is as it was");
}
