//! Settings that are replaced while turns are out.

use postroad_domain::{EndpointUrl, RateLimit, SubscriptionSpec};

use super::*;
use crate::configuration::lane_settings::hash_of;

fn version(version: i64, url: &str) -> LaneSettings {
    let spec = SubscriptionSpec::to(EndpointUrl::parse(url).unwrap());
    LaneSettings { version, spec: hash_of(&spec, None), ..settings(8) }
}

#[test]
fn turns_given_by_replaced_settings_are_given_back_and_come_in_the_order_asked_for_since() {
    let mut lanes = LaneSet::new(LIMITS);
    (1..=2).for_each(|n| lanes.offer(delivery(1, n)));
    set_settings(&mut lanes, 1, version(1, "https://a.example/"));
    let given: Vec<Turn> = std::iter::from_fn(|| lanes.next_turn(at(0))).collect();
    assert_eq!(given.len(), 2);
    let ordered = LaneSettings { ordered: true, ..version(2, "https://b.example/") };
    for turn in &given {
        assert_eq!(turn.settings_version, Some(1));
        assert!(!lanes.still_holds(lane(1), (turn.settings_version, 1), ordered.clone(), at(1)));
        lanes.give_back(lane(1), turn.delivery.id, at(1), at(1));
        lanes.exchanged(lane(1), &turn.seat);
    }
    lanes.tick(at(1));
    lanes.next_refill().unwrap();
    lanes.refilled(lane(1), refilled((1..=2).map(|n| delivery(1, n)).collect(), None), at(2));
    let turn = lanes.next_turn(at(2)).unwrap();
    assert_eq!(turn.delivery.handle, 1);
    assert!(lanes.still_holds(lane(1), (turn.settings_version, 1), ordered, at(2)));
    assert_eq!(turns(&mut lanes), [], "2 waits for the outcome of 1");
}

/// A pause and an activation that came before the lane had looked were one change for it, and what the pause had called off was sent.
#[test]
fn a_pause_and_an_activation_that_are_seen_at_once_leave_nothing_of_before_in_memory() {
    let mut lanes = LaneSet::new(LIMITS);
    (1..=3).for_each(|n| lanes.offer(delivery(1, n)));
    let ordered = |version| LaneSettings { ordered: true, ..self::version(version, "https://a.example/") };
    set_settings(&mut lanes, 1, ordered(1));
    let turn = lanes.next_turn(at(1)).unwrap();
    let ended = Ended {
        id: turn.delivery.id,
        succeeded: false,
        again_at: Some(at(1_000_000)),
        version: i64::MAX,
        began: at(1),
        took: Duration::ZERO,
    };
    lanes.judged(lane(1), ended, at(2));
    lanes.exchanged(lane(1), &turn.seat);
    lanes.settled(lane(1), turn.delivery.id, Some(at(1)));
    lanes.look_again(lane(1), ordered(3), at(3));
    assert_eq!(turns_at(&mut lanes, at(3)), []);
    lanes.tick(at(3));
    lanes.next_refill().expect("all of it is read anew, and no head is waited for that may be called off");
    lanes.refilled(lane(1), refilled(vec![delivery(1, 9)], None), at(4));
    assert_eq!(turns_at(&mut lanes, at(4)), [(1, 9)]);
}

/// A manual retry waited for the whole span of the rate limit: the look at its lane counted as an exchange.
#[test]
fn only_exchanges_that_were_made_count_for_a_rate_limit() {
    let limit = RateLimit { count: 1, per: Duration::from_secs(3_600) };
    let limited = LaneSettings { rate_limit: Some(limit), ..version(1, "https://a.example/") };
    let mut lanes = LaneSet::new(LIMITS);
    lanes.look_again(lane(1), limited.clone(), at(1));
    lanes.tick(at(1));
    lanes.next_refill().unwrap();
    lanes.refilled(lane(1), refilled(vec![delivery(1, 1)], None), at(1));
    let turn = lanes.next_turn(at(2)).expect("nothing was sent yet");
    lanes.not_begun(lane(1), turn.at);
    lanes.give_back(lane(1), turn.delivery.id, at(3), at(2));
    lanes.exchanged(lane(1), &turn.seat);
    lanes.tick(at(3));
    lanes.next_refill().unwrap();
    lanes.refilled(lane(1), refilled(vec![delivery(1, 1), delivery(1, 2)], None), at(3));
    let turn = lanes.next_turn(at(3)).expect("what was given back was not sent");
    let ended = Ended {
        id: turn.delivery.id,
        succeeded: true,
        again_at: None,
        version: i64::MAX,
        began: at(3),
        took: Duration::ZERO,
    };
    lanes.judged(lane(1), ended, at(3));
    lanes.exchanged(lane(1), &turn.seat);
    assert_eq!(turns_at(&mut lanes, at(3)), []);
    assert_eq!(lanes.standing(lane(1), at(4)).rest.map(|(_, why)| why), Some(Rest::RateLimit));
}

/// The rest that the old receiver asked for was given to the new one.
#[test]
fn an_answer_of_a_receiver_that_was_replaced_meanwhile_holds_nothing_back() {
    let mut lanes = LaneSet::new(LIMITS);
    (1..=3).for_each(|n| lanes.offer(delivery(1, n)));
    set_settings(&mut lanes, 1, version(1, "https://a.example/"));
    let turn = lanes.next_turn(at(0)).unwrap();
    lanes.look_again(lane(1), version(2, "https://b.example/"), at(1));
    assert!(!lanes.rest_asked(lane(1), 1, at(1_000_000), at(2)));
    let slow = Duration::from_secs(10);
    let ended = Ended {
        id: turn.delivery.id,
        succeeded: false,
        again_at: None,
        version: 1,
        began: at(0),
        took: slow,
    };
    (0..20).for_each(|_| lanes.judged(lane(1), ended, at(2)));
    lanes.exchanged(lane(1), &turn.seat);
    assert_eq!(lanes.standing(lane(1), at(3)).rest, None);
    assert_eq!(turns_at(&mut lanes, at(3)), [(1, 2), (1, 3)], "nor does it count as slow or failing");
    assert!(lanes.rest_asked(lane(1), 2, at(1_000_000), at(4)));
}

/// It was sent after the pause that had called it off, since the lane had never been looked up.
#[test]
fn a_turn_of_a_lane_that_nobody_knows_holds_only_for_what_the_version_of_now_created() {
    let mut lanes = LaneSet::new(LIMITS);
    lanes.offer(delivery(1, 1));
    let turn = lanes.next_turn(at(1)).unwrap();
    let given_by = (turn.settings_version, turn.delivery.subscription_version);
    assert_eq!(given_by, (None, 1));
    assert!(!lanes.still_holds(lane(1), given_by, version(3, "https://a.example/"), at(2)));
    lanes.give_back(lane(1), turn.delivery.id, at(2), at(2));
    lanes.exchanged(lane(1), &turn.seat);
    lanes.tick(at(2));
    lanes.next_refill().expect("the store says whether it waits still");
}

#[test]
fn new_secrets_end_no_rest_and_let_turns_hold() {
    let mut lanes = LaneSet::new(LIMITS);
    (1..=2).for_each(|n| lanes.offer(delivery(1, n)));
    lanes.set_settings(lane(1), version(1, "https://a.example/"), at(0));
    let turn = lanes.next_turn(at(0)).unwrap();
    lanes.rest(lane(1), (at(100), Rest::RetryAfter), at(0));
    let rotated = version(2, "https://a.example/");
    assert!(lanes.still_holds(lane(1), (turn.settings_version, 1), rotated.clone(), at(1)));
    lanes.look_again(lane(1), rotated, at(2));
    assert_eq!(
        lanes.standing(lane(1), at(2)).rest.map(|(until, _)| until),
        Some(at(100)),
        "a retry is no change"
    );
}

#[test]
fn a_version_ends_a_rest_once_whoever_tells_of_it_first() {
    let mut lanes = LaneSet::new(LIMITS);
    (1..=2).for_each(|n| lanes.offer(delivery(1, n)));
    lanes.set_settings(lane(1), version(1, "https://a.example/"), at(0));
    let turn = lanes.next_turn(at(0)).unwrap();
    lanes.rest(lane(1), (at(100), Rest::RetryAfter), at(0));
    let changed = version(2, "https://b.example/");
    assert!(!lanes.still_holds(lane(1), (turn.settings_version, 1), changed.clone(), at(1)));
    assert_eq!(lanes.standing(lane(1), at(1)).rest.map(|(until, _)| until), None);
    lanes.rest(lane(1), (at(200), Rest::RetryAfter), at(0));
    lanes.look_again(lane(1), changed, at(2));
    assert_eq!(
        lanes.standing(lane(1), at(2)).rest.map(|(until, _)| until),
        Some(at(200)),
        "the new receiver asked for it"
    );
}
