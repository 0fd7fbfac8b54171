//! Seats at a host: whoever waits for one gets it, whatever the others do.

use super::{fairness::to, *};

const HOST_OF_ONE: LaneLimits = LaneLimits { host_exchanges: 1, lane_deliveries: 100, ..LIMITS };

/// A lane of another tenant than [`lane`]'s.
fn stranger(no: i64) -> LaneKey {
    LaneKey { tenant_no: TenantNo(2), subscription_no: SubscriptionNo(no) }
}

fn give(lanes: &mut LaneSet, key: LaneKey, host: &str, count: u32) {
    for n in 1..=count {
        lanes.offer(QueuedDelivery { lane: key, ..delivery(key.subscription_no.0, n) });
    }
    lanes.set_settings(key, LaneSettings { concurrency: 1, ..to(host) }, at(0));
}

/// The lanes of the next `count` exchanges, each of which ends before the next one begins.
fn one_after_the_other(lanes: &mut LaneSet, count: usize) -> Vec<i64> {
    let turn = |lanes: &mut LaneSet| {
        let turn = lanes.next_turn(at(0))?;
        lanes.exchanged(turn.delivery.lane, &turn.seat);
        lanes.settled(turn.delivery.lane, turn.delivery.id, None);
        Some(turn.delivery.lane.subscription_no.0)
    };
    std::iter::from_fn(|| turn(lanes)).take(count).collect()
}

#[test]
fn a_lane_that_is_ready_again_at_once_does_not_take_the_seat_of_one_that_waits() {
    for other in [lane(2), stranger(2)] {
        let mut lanes = LaneSet::new(HOST_OF_ONE);
        give(&mut lanes, lane(1), "a", 50);
        let busy = lanes.next_turn(at(0)).unwrap();
        give(&mut lanes, other, "a", 50);
        assert_eq!(turns(&mut lanes), [], "the host has no seat for the other");
        lanes.exchanged(lane(1), &busy.seat);
        lanes.settled(lane(1), busy.delivery.id, None);
        assert_eq!(one_after_the_other(&mut lanes, 6), [2, 1, 2, 1, 2, 1]);
    }
}

#[test]
fn a_lane_with_a_seat_stands_before_the_many_others_of_its_tenant() {
    let mut lanes = LaneSet::new(LaneLimits { exchanges: 64, ..HOST_OF_ONE });
    give(&mut lanes, stranger(1), "a", 50);
    let busy = lanes.next_turn(at(0)).unwrap();
    give(&mut lanes, lane(1), "a", 1);
    assert_eq!(turns(&mut lanes), []);
    for no in 2..=20 {
        give(&mut lanes, lane(no), "elsewhere", 1);
    }
    lanes.exchanged(stranger(1), &busy.seat);
    let order = turns(&mut lanes);
    assert_eq!(order[0], (1, 1), "{order:?}");
}

#[test]
fn a_seat_whose_lane_was_dropped_or_leads_elsewhere_goes_to_the_next_that_waits() {
    let mut lanes = LaneSet::new(HOST_OF_ONE);
    give(&mut lanes, lane(1), "a", 1);
    let busy = lanes.next_turn(at(0)).unwrap();
    for no in 2..=4 {
        give(&mut lanes, lane(no), "a", 2);
        assert_eq!(turns(&mut lanes), []);
    }
    lanes.exchanged(lane(1), &busy.seat);
    // The second has the seat now, and its URL changes before its turn; the third has it then, and is dropped before its own.
    lanes.set_settings(lane(2), LaneSettings { concurrency: 1, ..to("b") }, at(0));
    lanes.drop_ready(lane(3), at(1_000));
    assert_eq!(turns(&mut lanes), [(4, 1), (2, 1)]);
}

#[test]
fn a_tenant_that_has_its_share_keeps_no_seat_from_the_others() {
    // Of the four for quick ones a tenant alone has two.
    let mut lanes = LaneSet::new(LaneLimits { exchanges: 8, ..HOST_OF_ONE });
    give(&mut lanes, stranger(9), "a", 1);
    let busy = lanes.next_turn(at(0)).unwrap();
    give(&mut lanes, lane(1), "a", 1);
    give(&mut lanes, stranger(8), "a", 1);
    assert_eq!(turns(&mut lanes), [], "both wait for the host");
    for no in 2..=4 {
        give(&mut lanes, lane(no), "elsewhere", 1);
    }
    give(&mut lanes, lane(5), "somewhere", 1);
    assert_eq!(turns(&mut lanes).len(), 2, "its share of what is left");
    lanes.exchanged(stranger(9), &busy.seat);
    let next = lanes.next_turn(at(0)).unwrap();
    assert_eq!(next.seat.host, Some(Host::new("a".into())));
}

/// Two lanes that wait for the host `a`, in the order of their numbers, behind an exchange that is under way.
fn two_that_wait() -> (LaneSet, Turn) {
    let mut lanes = LaneSet::new(HOST_OF_ONE);
    give(&mut lanes, lane(1), "a", 1);
    let busy = lanes.next_turn(at(0)).unwrap();
    for no in 2..=3 {
        give(&mut lanes, lane(no), "a", 2);
        assert_eq!(turns(&mut lanes), [], "{no} waits for a");
    }
    (lanes, busy)
}

fn lead_to_b(lanes: &mut LaneSet, no: i64) {
    lanes.begin_anew(lane(no), LaneSettings { version: 1, concurrency: 1, ..to("b") }, at(0));
}

#[test]
fn a_lane_that_waits_for_a_host_and_leads_elsewhere_now_waits_there_no_more() {
    let (mut lanes, busy) = two_that_wait();
    lead_to_b(&mut lanes, 2);
    assert_eq!(turns(&mut lanes), [(2, 1)]);
    lanes.exchanged(lane(1), &busy.seat);
    assert_eq!(turns(&mut lanes), [(3, 1)], "who waited behind it");
}

#[test]
fn a_lane_that_waits_for_another_host_now_is_given_no_seat_at_the_one_before() {
    let (mut lanes, busy) = two_that_wait();
    give(&mut lanes, lane(4), "b", 1);
    let busy_at_b = lanes.next_turn(at(0)).unwrap();
    lead_to_b(&mut lanes, 2);
    assert_eq!(turns(&mut lanes), [], "b has no seat either");
    lanes.exchanged(lane(1), &busy.seat);
    assert_eq!(turns(&mut lanes), [(3, 1)]);
    lanes.exchanged(lane(4), &busy_at_b.seat);
    assert_eq!(turns(&mut lanes), [(2, 1)]);
}

#[test]
fn a_seat_of_a_lane_that_leads_elsewhere_now_is_the_next_ones_at_once() {
    let (mut lanes, busy) = two_that_wait();
    lanes.exchanged(lane(1), &busy.seat);
    assert!(lanes.lanes.get(&lane(2)).unwrap().seat_at.is_some());
    lead_to_b(&mut lanes, 2);
    assert_eq!(
        (&lanes.lanes.get(&lane(2)).unwrap().seat_at, lanes.lanes.get(&lane(3)).unwrap().seat_at.is_some()),
        (&None, true)
    );
    assert_eq!(turns(&mut lanes).len(), 2, "one at each host");
}

#[test]
fn an_exchange_that_began_before_a_change_does_not_undo_it() {
    let mut lanes = LaneSet::new(HOST_OF_ONE);
    give(&mut lanes, lane(1), "a", 2);
    let before = lanes.next_turn(at(0)).unwrap();
    lead_to_b(&mut lanes, 1);
    lanes.set_settings(lane(1), LaneSettings { concurrency: 1, ..to("a") }, at(0));
    lanes.exchanged(lane(1), &before.seat);
    let next = lanes.next_turn(at(0)).unwrap();
    assert_eq!(next.seat.host, Some(Host::new("b".into())));
}
