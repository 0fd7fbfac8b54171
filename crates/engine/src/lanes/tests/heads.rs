//! Heads of ordered lanes whose pause the store remembers.

use super::{fairness::SUCCEEDED, *};

/// A delivery that failed in an earlier process and kept its place.
fn paused(no: i64, n: u32, until: i64) -> QueuedDelivery {
    QueuedDelivery { not_before: Some(at(until)), ..delivery(no, n) }
}

/// A lane of which a restart found that something waits, and whose refill was asked for.
fn asked() -> LaneSet {
    let mut lanes = LaneSet::new(LIMITS);
    lanes.wake(lane(1), at(1));
    lanes.tick(at(10));
    lanes.next_refill().unwrap();
    lanes
}

#[test]
fn a_head_that_pauses_in_the_store_is_waited_for_and_read_again() {
    let mut lanes = asked();
    let waiting = || refilled(vec![paused(1, 1, 100), delivery(1, 2)], None);
    lanes.refilled(lane(1), waiting(), at(10));
    assert_eq!((turns_at(&mut lanes, at(10)), lanes.next_refill()), (vec![], None));
    lanes.offer(delivery(1, 3));
    assert_eq!(lanes.figures().ready, 0, "what is new waits behind it");
    assert_eq!(lanes.tick(at(99)), Some(at(100)));
    lanes.tick(at(100));
    lanes.next_refill().unwrap();
    lanes.refilled(lane(1), waiting(), at(100));
    assert_eq!(turns_at(&mut lanes, at(100)), [(1, 1)]);
}

#[test]
fn a_head_whose_pause_is_over_is_tried_at_once() {
    let mut lanes = asked();
    lanes.refilled(lane(1), refilled(vec![paused(1, 1, 10)], None), at(10));
    assert_eq!(turns_at(&mut lanes, at(10)), [(1, 1)]);
}

#[test]
fn what_stands_before_a_delivery_that_pauses_goes_out_first() {
    let mut lanes = asked();
    let waiting = vec![delivery(1, 1), paused(1, 2, 100), delivery(1, 3)];
    lanes.refilled(lane(1), refilled(waiting, None), at(10));
    set_manner(&mut lanes, 1, LaneManner { ordered: true, ..manner(8) });
    assert_eq!(turns_at(&mut lanes, at(10)), [(1, 1)]);
    lanes.judged(lane(1), Ended { id: delivery(1, 1).id, ..SUCCEEDED }, at(10));
    lanes.exchanged(lane(1), &SEAT);
    lanes.settled(lane(1), delivery(1, 1).id, None);
    lanes.next_refill().unwrap();
    lanes.refilled(lane(1), refilled(vec![paused(1, 2, 100), delivery(1, 3)], None), at(10));
    assert_eq!((turns_at(&mut lanes, at(10)), lanes.tick(at(10))), (vec![], Some(at(100))));
}

#[test]
fn a_lane_that_keeps_no_order_any_more_tries_its_head_at_once() {
    let mut lanes = asked();
    let waiting = || refilled(vec![paused(1, 1, 100), delivery(1, 2)], None);
    lanes.refilled(lane(1), waiting(), at(10));
    set_manner(&mut lanes, 1, LaneManner { ordered: true, ..manner(8) });
    lanes.begin_anew(lane(1), true);
    assert_eq!((turns_at(&mut lanes, at(11)), lanes.next_refill()), (vec![], None), "its order stays");
    lanes.begin_anew(lane(1), false);
    lanes.next_refill().unwrap();
    lanes.refilled(lane(1), waiting(), at(11));
    assert_eq!(turns_at(&mut lanes, at(11)), [(1, 1), (1, 2)]);
}
