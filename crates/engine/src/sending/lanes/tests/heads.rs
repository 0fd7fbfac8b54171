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
    set_settings(&mut lanes, 1, LaneSettings { ordered: true, ..settings(8) });
    assert_eq!(turns_at(&mut lanes, at(10)), [(1, 1)]);
    lanes.judged(lane(1), Ended { id: delivery(1, 1).id, ..SUCCEEDED }, at(10));
    lanes.exchanged(lane(1), &SEAT);
    lanes.settled(lane(1), delivery(1, 1).id, None);
    lanes.next_refill().unwrap();
    lanes.refilled(lane(1), refilled(vec![paused(1, 2, 100), delivery(1, 3)], None), at(10));
    assert_eq!((turns_at(&mut lanes, at(10)), lanes.tick(at(10))), (vec![], Some(at(100))));
}

/// While its turn does not come, it read the store again and again: what is ready was less than half of its share.
#[test]
fn a_delivery_that_pauses_behind_one_that_waits_for_its_turn_is_read_once_and_again_when_that_one_is_gone() {
    let mut lanes = asked();
    let paused_one = || paused(1, 2, 100);
    lanes.refilled(lane(1), refilled(vec![delivery(1, 1), paused_one()], None), at(10));
    lanes.offer(delivery(1, 3));
    let readings = |lanes: &mut LaneSet| {
        let reading = || {
            lanes.next_refill()?;
            lanes.refilled(lane(1), refilled(vec![paused_one(), delivery(1, 3)], None), at(10));
            Some(())
        };
        std::iter::from_fn(reading).take(10).count()
    };
    assert_eq!(readings(&mut lanes), 0, "the first waits for its turn");
    assert_eq!(turns_at(&mut lanes, at(10)), [(1, 1)]);
    assert_eq!(readings(&mut lanes), 0, "it is under way, of a subscription that was not looked up yet");
    set_settings(&mut lanes, 1, LaneSettings { ordered: true, ..settings(8) });
    lanes.exchanged(lane(1), &SEAT);
    assert_eq!(readings(&mut lanes), 0, "its outcome is not committed");
    lanes.settled(lane(1), delivery(1, 1).id, None);
    assert_eq!(readings(&mut lanes), 1, "the one that pauses is the head now");
    assert_eq!(lanes.tick(at(10)), Some(at(100)));
}

#[test]
fn after_a_restart_a_lane_that_keeps_no_order_any_more_tries_its_head_at_once() {
    let mut lanes = asked();
    let waiting = || refilled(vec![paused(1, 1, 100), delivery(1, 2)], None);
    lanes.refilled(lane(1), waiting(), at(10));
    assert_eq!(lanes.next_refill(), None, "nobody has asked yet whether it keeps an order");
    lanes.begin_anew(lane(1), settings(8), at(11));
    lanes.next_refill().unwrap();
    lanes.refilled(lane(1), waiting(), at(11));
    assert_eq!(turns_at(&mut lanes, at(11)), [(1, 1)]);
}

#[test]
fn a_lane_without_memory_that_is_changed_is_known_before_the_store_is_read() {
    let mut lanes = LaneSet::new(LIMITS);
    lanes.begin_anew(lane(1), settings(8), at(10));
    lanes.tick(at(10));
    lanes.next_refill().unwrap();
    lanes.refilled(lane(1), refilled(vec![paused(1, 1, 100)], None), at(10));
    assert_eq!(turns_at(&mut lanes, at(10)), [(1, 1)], "it keeps no order");
}

#[test]
fn a_lane_that_keeps_an_order_from_now_on_takes_it_from_the_store_when_what_is_under_way_is_over() {
    let mut lanes = LaneSet::new(LIMITS);
    for n in 1..=3 {
        lanes.offer(delivery(1, n));
    }
    set_settings(&mut lanes, 1, settings(2));
    assert_eq!(turns(&mut lanes), [(1, 1), (1, 2)]);
    lanes.begin_anew(lane(1), LaneSettings { ordered: true, ..settings(2) }, at(4));
    lanes.offer(delivery(1, 4));
    for n in 1..=2 {
        assert_eq!((lanes.figures().ready, lanes.next_refill()), (0, None), "{n} is not settled");
        lanes.exchanged(lane(1), &SEAT);
        lanes.settled(lane(1), delivery(1, n).id, None);
    }
    lanes.next_refill().unwrap();
    lanes.refilled(lane(1), refilled(vec![delivery(1, 3), delivery(1, 4)], None), at(4));
    assert_eq!(turns_at(&mut lanes, at(4)), [(1, 3)], "one after the other");
}

#[test]
fn a_lane_that_keeps_no_order_any_more_tries_its_head_at_once() {
    let mut lanes = asked();
    let waiting = || refilled(vec![paused(1, 1, 100), delivery(1, 2)], None);
    lanes.refilled(lane(1), waiting(), at(10));
    set_settings(&mut lanes, 1, LaneSettings { ordered: true, ..settings(8) });
    lanes.begin_anew(lane(1), LaneSettings { ordered: true, ..settings(8) }, at(11));
    assert_eq!((turns_at(&mut lanes, at(11)), lanes.next_refill()), (vec![], None), "its order stays");
    lanes.begin_anew(lane(1), settings(8), at(11));
    lanes.next_refill().unwrap();
    lanes.refilled(lane(1), waiting(), at(11));
    assert_eq!(turns_at(&mut lanes, at(11)), [(1, 1), (1, 2)]);
}

/// The lane waited for the next attempt of a head that was not there any more.
#[test]
fn a_head_that_the_store_ended_is_waited_for_no_more() {
    let mut lanes = asked();
    lanes.refilled(lane(1), refilled(vec![paused(1, 1, 1_000), delivery(1, 2)], None), at(10));
    set_settings(&mut lanes, 1, LaneSettings { ordered: true, ..settings(8) });
    assert_eq!((turns_at(&mut lanes, at(10)), lanes.next_refill()), (vec![], None));
    lanes.drop_up_to(lane(1), 1);
    lanes.next_refill().expect("what is left is read at once");
    lanes.refilled(lane(1), refilled(vec![delivery(1, 2)], None), at(10));
    assert_eq!(turns_at(&mut lanes, at(10)), [(1, 2)]);
}

#[test]
fn a_lane_that_waits_for_a_head_before_anybody_knows_whether_it_keeps_an_order_is_looked_up() {
    let mut lanes = asked();
    assert!(lanes.refilled(lane(1), refilled(vec![paused(1, 1, 1_000), delivery(1, 2)], None), at(10)));
    lanes.look_again(lane(1), settings(8), at(11));
    lanes.tick(at(11));
    lanes.next_refill().unwrap();
    assert!(!lanes.refilled(lane(1), refilled(vec![paused(1, 1, 1_000), delivery(1, 2)], None), at(11)));
    assert_eq!(turns_at(&mut lanes, at(11)), [(1, 1)], "it keeps none");
}
