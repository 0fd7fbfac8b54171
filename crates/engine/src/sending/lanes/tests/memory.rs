//! The memory of what waits: its bound, who has how much of it, and what is left to the store.

use super::*;

/// Of another tenant, with so many bytes of data.
fn large(tenant: i64, n: u32, bytes: usize) -> QueuedDelivery {
    let key = LaneKey { tenant_no: TenantNo(tenant), subscription_no: SubscriptionNo(1) };
    let mut delivery = QueuedDelivery { lane: key, ..delivery(1, n) };
    Arc::make_mut(&mut delivery.event).data = Bytes::from(vec![b'1'; bytes]);
    delivery
}

const MIB: usize = 1024 * 1024;

/// A thousand lanes that rest kept one delivery each, however large it was.
#[test]
fn lanes_that_rest_leave_their_deliveries_to_the_store() {
    let mut lanes = LaneSet::new(LIMITS);
    for n in 1..=4 {
        lanes.offer(delivery(1, n));
    }
    wide_open(&mut lanes, 1);
    turns(&mut lanes);
    lanes.offer(delivery(1, 5));
    let second = Timestamp::from_millis(1_000);
    lanes.rest(lane(1), (second, Rest::RetryAfter), at(0));
    assert_eq!((lanes.figures().ready, lanes.figures().ready_bytes), (0, 0));
    lanes.offer(delivery(1, 6));
    assert_eq!(lanes.figures().ready, 0, "nor does it take what is new");
    lanes.tick(second);
    lanes.next_refill().unwrap();
    lanes.refilled(lane(1), refilled(vec![delivery(1, 5), delivery(1, 6)], None), second);
    assert_eq!(turns_at(&mut lanes, second), [(1, 5), (1, 6)], "in their order");
}

#[test]
fn all_lanes_together_hold_no_more_than_the_bound_and_a_new_tenant_finds_room() {
    let mut lanes = LaneSet::new(LaneLimits { all_bytes: 64 * MIB, refills: 1_000, ..LIMITS });
    for tenant in 1..=1_000 {
        let key = large(tenant, 1, 0).lane;
        lanes.wake(key, at(1));
    }
    lanes.tick(at(1));
    while let Some(wish) = lanes.next_refill() {
        let deliveries = vec![large(wish.lane.tenant_no.0, 1, MIB)];
        lanes.refilled(wish.lane, refilled(deliveries, None), at(1));
    }
    let held = lanes.figures().ready_bytes;
    assert!((60 * MIB..=65 * MIB).contains(&held), "{held} bytes");
    // One tenant with many lanes has a half; one that comes then has room.
    let mut lanes = LaneSet::new(LaneLimits { all_bytes: 64 * MIB, ..LIMITS });
    for no in 1..=1_000 {
        let of_lane = large(1, 1, MIB);
        let key = LaneKey { subscription_no: SubscriptionNo(no), ..of_lane.lane };
        lanes.offer(QueuedDelivery { lane: key, ..of_lane });
    }
    let held = lanes.figures().ready;
    assert!((31..=33).contains(&held), "{held} deliveries of a MiB are a half of 64");
    lanes.offer(large(2, 1, MIB));
    assert_eq!(lanes.figures().ready, held + 1);
}

#[test]
fn a_tenant_that_waits_for_memory_is_refilled_when_some_is_free() {
    let mut lanes = LaneSet::new(LaneLimits { all_bytes: 2 * MIB, ..LIMITS });
    lanes.offer(large(1, 1, MIB));
    lanes.offer(large(2, 1, MIB));
    lanes.wake(large(3, 1, 0).lane, at(1));
    lanes.tick(at(1));
    assert_eq!(lanes.next_refill(), None, "all is used");
    let turn = lanes.next_turn(at(1)).unwrap();
    let refilled = lanes.next_refill().unwrap();
    assert_eq!((turn.delivery.lane.tenant_no.0, refilled.lane.tenant_no.0), (1, 3));
}

#[test]
fn data_that_deliveries_share_is_counted_once() {
    let mut lanes = LaneSet::new(LIMITS);
    let of_event = large(1, 1, 100_000);
    for no in 1..=3 {
        let key = LaneKey { subscription_no: SubscriptionNo(no), ..of_event.lane };
        lanes.offer(QueuedDelivery { lane: key, ..of_event.clone() });
    }
    let held = lanes.figures().ready_bytes;
    assert!((100_000..110_000).contains(&held), "{held} bytes");
    assert_eq!(turns(&mut lanes).len(), 3);
    assert_eq!(lanes.figures().ready_bytes, 0);
}

/// It forgot that something was due: what was new overtook it, and the same reading was tried again for ever.
#[test]
fn a_reading_that_failed_leaves_what_was_known_and_asks_for_half_of_it() {
    let mut lanes = LaneSet::new(LIMITS);
    lanes.wake(lane(1), at(1));
    lanes.tick(at(1));
    let mut limits = Vec::new();
    for round in 0..3 {
        limits.push(lanes.next_refill().unwrap().limit);
        lanes.refill_failed(lane(1), at(100 * (round + 1)));
        assert_eq!(lanes.next_refill(), None, "it rests");
        lanes.offer(delivery(1, 50));
        assert_eq!(lanes.figures().ready, 0, "what is new waits behind what is known to wait");
        assert_eq!(lanes.tick(at(100 * (round + 1) - 1)), Some(at(100 * (round + 1))));
        lanes.tick(at(100 * (round + 1)));
    }
    assert_eq!(limits, [4, 2, 1]);
    lanes.next_refill().unwrap();
    lanes.refilled(lane(1), refilled(vec![delivery(1, 1)], Some(at(50))), at(300));
    assert_eq!(turns_at(&mut lanes, at(300)), [(1, 1)]);
    assert_eq!(lanes.next_refill().unwrap().limit, 4, "one that succeeded is followed by a whole one");
}

#[test]
fn what_the_store_ended_as_too_much_is_not_sent_from_memory() {
    let mut lanes = LaneSet::new(LIMITS);
    for n in 1..=3 {
        lanes.offer(delivery(1, n));
    }
    lanes.drop_up_to(lane(1), 2);
    wide_open(&mut lanes, 1);
    assert_eq!(turns(&mut lanes), [(1, 3)]);
    assert_eq!(
        lanes.next_refill().unwrap().held,
        [delivery(1, 3).id],
        "it looks whether any of them waits still"
    );
}

/// A slowed lane read a thousand deliveries for each probe.
#[test]
fn a_slowed_lane_reads_no_more_than_it_can_send() {
    let mut lanes = LaneSet::new(LaneLimits { lane_deliveries: 1_000, ..LIMITS });
    for n in 1..=30 {
        lanes.offer(delivery(1, n));
    }
    wide_open(&mut lanes, 1);
    let (mut now, mut failed) = (0, 0);
    while failed < 13 {
        lanes.tick(at(now));
        if let Some(wish) = lanes.next_refill() {
            assert!(wish.limit <= 4, "{} for one probe", wish.limit);
            let first = failed + 1;
            lanes.refilled(lane(1), refilled(vec![delivery(1, first as u32)], Some(at(1))), at(now));
        }
        for turn in std::iter::from_fn(|| lanes.next_turn(at(now))).collect::<Vec<_>>() {
            let ended = Ended {
                id: turn.delivery.id,
                succeeded: false,
                again_at: None,
                version: i64::MAX,
                began: at(now),
                took: Duration::ZERO,
            };
            lanes.judged(lane(1), ended, at(now));
            lanes.exchanged(lane(1), &turn.seat);
            lanes.settled(lane(1), turn.delivery.id, None);
            failed += 1;
        }
        now += 100_000;
    }
}

/// Somebody who finds a delivery in a list may cancel it before its commit is told.
#[test]
fn a_delivery_that_was_cancelled_before_its_commit_is_told_is_not_taken_in() {
    let mut lanes = LaneSet::new(LIMITS);
    lanes.drop_one(lane(1), delivery(1, 1).id, at(1));
    lanes.offer(delivery(1, 1));
    lanes.offer(delivery(1, 2));
    assert_eq!(turns(&mut lanes), [(1, 2)]);
}
