//! Settings that are replaced while turns are out.

use std::sync::Arc;

use postroad_domain::{EndpointUrl, SubscriptionSpec};

use super::*;

fn version(version: i64, url: &str) -> LaneSettings {
    let spec = SubscriptionSpec::to(EndpointUrl::parse(url).unwrap());
    LaneSettings { version, spec: Some(Arc::new(spec)), ..settings(8) }
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
        assert!(!lanes.still_holds(lane(1), turn.settings_version, ordered.clone(), at(1)));
        lanes.give_back(lane(1), turn.delivery.id, at(1));
        lanes.exchanged(lane(1), &turn.seat);
    }
    lanes.tick(at(1));
    lanes.next_refill().unwrap();
    lanes.refilled(lane(1), refilled((1..=2).map(|n| delivery(1, n)).collect(), None), at(2));
    let turn = lanes.next_turn(at(2)).unwrap();
    assert_eq!(turn.delivery.handle, 1);
    assert!(lanes.still_holds(lane(1), turn.settings_version, ordered, at(2)));
    assert_eq!(turns(&mut lanes), [], "2 waits for the outcome of 1");
}

#[test]
fn new_secrets_end_no_rest_and_let_turns_hold() {
    let mut lanes = LaneSet::new(LIMITS);
    (1..=2).for_each(|n| lanes.offer(delivery(1, n)));
    lanes.set_settings(lane(1), version(1, "https://a.example/"), at(0));
    let turn = lanes.next_turn(at(0)).unwrap();
    lanes.rest(lane(1), at(100));
    let rotated = version(2, "https://a.example/");
    assert!(lanes.still_holds(lane(1), turn.settings_version, rotated.clone(), at(1)));
    lanes.look_again(lane(1), rotated, at(2));
    assert_eq!(lanes.standing(lane(1), at(2)).rests_until, Some(at(100)), "a retry is no change");
}

#[test]
fn a_version_ends_a_rest_once_whoever_tells_of_it_first() {
    let mut lanes = LaneSet::new(LIMITS);
    (1..=2).for_each(|n| lanes.offer(delivery(1, n)));
    lanes.set_settings(lane(1), version(1, "https://a.example/"), at(0));
    let turn = lanes.next_turn(at(0)).unwrap();
    lanes.rest(lane(1), at(100));
    let changed = version(2, "https://b.example/");
    assert!(!lanes.still_holds(lane(1), turn.settings_version, changed.clone(), at(1)));
    assert_eq!(lanes.standing(lane(1), at(1)).rests_until, None);
    lanes.rest(lane(1), at(200));
    lanes.look_again(lane(1), changed, at(2));
    assert_eq!(lanes.standing(lane(1), at(2)).rests_until, Some(at(200)), "the new receiver asked for it");
}
