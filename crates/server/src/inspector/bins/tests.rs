//! Each limit of the inspector, by what it keeps and what it forgets.

use std::time::Duration;

use bytes::Bytes;
use postroad_domain::{
    Timestamp,
    limits::{
        INSPECTOR_BINS_MAX, INSPECTOR_BODY_BYTES_MAX, INSPECTOR_BYTES_MAX, INSPECTOR_IDLE_MAX,
        INSPECTOR_REQUESTS_PER_BIN_MAX,
    },
};
use rand::{SeedableRng, rngs::StdRng};

use super::{BinName, Bins, Recorded};

const NOW: Duration = Duration::from_secs(1_000_000);

fn names(count: usize) -> Vec<BinName> {
    let mut rng = StdRng::seed_from_u64(7);
    (0..count).map(|_| BinName::unguessable(&mut rng)).collect()
}

fn request(body_bytes: usize) -> Recorded {
    Recorded {
        at: Timestamp::default(),
        method: "POST".to_owned(),
        path: "/inspect/x".to_owned(),
        query: None,
        headers: Vec::new(),
        body: Bytes::from(vec![b'x'; body_bytes]),
        body_bytes,
        is_incomplete: false,
        remote: None,
        answered: 200,
    }
}

fn numbers(bins: &mut Bins, name: &BinName) -> Vec<u64> {
    bins.page(name, None, usize::MAX, NOW).requests.iter().map(|(number, _)| *number).collect()
}

#[test]
fn a_full_bin_forgets_its_oldest_request() {
    let (mut bins, name) = (Bins::default(), &names(1)[0]);
    for _ in 0..=INSPECTOR_REQUESTS_PER_BIN_MAX {
        bins.record(name, request(0), NOW);
    }
    let kept = numbers(&mut bins, name);
    assert_eq!(kept.len(), INSPECTOR_REQUESTS_PER_BIN_MAX);
    assert_eq!((kept.first(), kept.last()), (Some(&(INSPECTOR_REQUESTS_PER_BIN_MAX as u64 + 1)), Some(&2)));
}

#[test]
fn one_bin_too_many_takes_the_place_of_the_one_that_was_used_longest_ago() {
    let (mut bins, names) = (Bins::default(), names(INSPECTOR_BINS_MAX + 1));
    for (index, name) in names[..INSPECTOR_BINS_MAX].iter().enumerate() {
        bins.record(name, request(0), Duration::from_secs(index as u64));
    }
    // Somebody looks at the first: now the second is the one that was used longest ago.
    bins.page(&names[0], None, 1, NOW);
    bins.record(&names[INSPECTOR_BINS_MAX], request(0), Duration::from_secs(2_000));
    assert_eq!(bins.bins.len(), INSPECTOR_BINS_MAX);
    assert_eq!(numbers(&mut bins, &names[0]), [1]);
    assert!(numbers(&mut bins, &names[1]).is_empty());
}

#[test]
fn a_bin_that_nobody_uses_goes_when_its_time_is_over() {
    let (mut bins, names) = (Bins::default(), names(3));
    bins.record(&names[0], request(10), NOW);
    bins.record(&names[1], request(10), NOW + Duration::from_secs(1));
    bins.record(&names[2], request(10), NOW + INSPECTOR_IDLE_MAX);
    assert!(numbers(&mut bins, &names[0]).is_empty());
    assert_eq!(numbers(&mut bins, &names[1]), [1]);
    assert_eq!(bins.bytes, 2 * request(10).bytes());
}

#[test]
fn the_fullest_bin_pays_for_what_is_too_much_and_a_small_one_keeps_everything() {
    let (mut bins, names) = (Bins::default(), names(2));
    bins.record(&names[0], request(1_000), NOW);
    for _ in 0..2 * INSPECTOR_BYTES_MAX / INSPECTOR_BODY_BYTES_MAX {
        bins.record(&names[1], request(INSPECTOR_BODY_BYTES_MAX), NOW);
        assert!(bins.bytes <= INSPECTOR_BYTES_MAX);
    }
    assert_eq!(numbers(&mut bins, &names[0]), [1]);
    assert_eq!(numbers(&mut bins, &names[1]).first(), Some(&128));
    assert_eq!(bins.bytes, bins.bins.values().map(|bin| bin.bytes).sum::<usize>());
}

#[test]
fn what_was_cleared_takes_no_room_and_numbers_go_on() {
    let (mut bins, name) = (Bins::default(), &names(1)[0]);
    bins.record(name, request(10), NOW);
    bins.clear(name, NOW);
    assert_eq!(bins.bytes, 0);
    bins.record(name, request(10), NOW);
    assert_eq!(numbers(&mut bins, name), [2]);
}
