//! Each limit of the inspector, by what it keeps and what it forgets.

use std::time::Duration;

use bytes::Bytes;
use postroad_domain::{
    Timestamp,
    limits::{
        INSPECTOR_BINS_MAX, INSPECTOR_BODY_BYTES_MAX, INSPECTOR_BYTES_MAX, INSPECTOR_IDLE_MAX,
        INSPECTOR_PAGE_BYTES_MAX, INSPECTOR_REQUESTS_PER_BIN_MAX,
    },
};
use rand::{SeedableRng, rngs::StdRng};

use super::{Answer, BinName, Bins, Recorded, Wanted};

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
        refusal: None,
    }
}

/// The same from outside: from the address with that number.
fn from_outside(address: u8, body_bytes: usize) -> Recorded {
    let remote = Some(([192, 0, 2, address], 1234).into());
    Recorded { remote, ..request(body_bytes) }
}

/// Without bodies, so that they come on one page.
const ALL: Wanted = Wanted { before: None, limit: usize::MAX, body_bytes_max: 0 };

fn numbers(bins: &mut Bins, name: &BinName) -> Vec<u64> {
    bins.page(name, ALL, NOW).requests.iter().map(|(number, _)| *number).collect()
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
    bins.page(&names[0], ALL, NOW);
    bins.record(&names[INSPECTOR_BINS_MAX], request(0), Duration::from_secs(2_000));
    assert_eq!(bins.bins.len(), INSPECTOR_BINS_MAX);
    assert_eq!(numbers(&mut bins, &names[0]), [1]);
    assert!(numbers(&mut bins, &names[1]).is_empty());
}

#[test]
fn whoever_fills_many_bins_pushes_out_their_own() {
    let (mut bins, names) = (Bins::default(), names(2 * INSPECTOR_BINS_MAX + 2));
    let (kept, others) = names.split_at(2);
    // What an own subscription and another address fill is used longest ago of all.
    bins.record(&kept[0], request(0), NOW);
    bins.record(&kept[1], from_outside(1, 0), NOW);
    for (index, name) in others.iter().enumerate() {
        let now = NOW + Duration::from_secs(index as u64);
        match index % 2 {
            0 => bins.record(name, from_outside(2, 0), now),
            _ => bins.set_answer(name, Answer::default(), from_outside(2, 0).remote, now),
        }
    }
    assert_eq!(bins.bins.len(), INSPECTOR_BINS_MAX);
    for name in kept {
        assert_eq!(numbers(&mut bins, name), [1]);
    }
}

#[test]
fn all_from_outside_together_leave_half_of_the_bins_to_the_deliveries_of_this_server() {
    let (mut bins, names) = (Bins::default(), names(2 * INSPECTOR_BINS_MAX));
    let (own, others) = names.split_at(INSPECTOR_BINS_MAX);
    for name in own {
        // They were made from outside, as by somebody who tries them out.
        bins.record(name, from_outside(1, 0), NOW);
        bins.record(name, request(0), NOW);
    }
    for (index, name) in others.iter().enumerate() {
        bins.record(name, from_outside((index % 250) as u8, 0), NOW + Duration::from_secs(1));
    }
    let left = own.iter().filter(|name| bins.bins.contains_key(name)).count();
    assert_eq!((bins.bins.len(), left), (INSPECTOR_BINS_MAX, INSPECTOR_BINS_MAX / 2));
}

#[test]
fn whoever_sends_many_bytes_to_many_bins_pays_with_their_own() {
    let (mut bins, names) = (Bins::default(), names(202));
    let (kept, others) = names.split_at(2);
    bins.record(&kept[0], request(INSPECTOR_BODY_BYTES_MAX), NOW);
    bins.record(&kept[1], from_outside(1, INSPECTOR_BODY_BYTES_MAX), NOW);
    for name in others {
        // Each of these bins holds less than those that are to be kept.
        bins.record(name, from_outside(2, INSPECTOR_BODY_BYTES_MAX / 2), NOW);
        assert!(bins.bytes <= INSPECTOR_BYTES_MAX);
    }
    for name in kept {
        assert_eq!(numbers(&mut bins, name), [1]);
    }
    assert_eq!(bins.bytes, bins.bins.values().map(|bin| bin.bytes).sum::<usize>());
}

#[test]
fn a_page_ends_before_it_is_too_long_and_the_next_one_goes_on() {
    let (mut bins, name) = (Bins::default(), &names(1)[0]);
    for _ in 0..10 {
        bins.record(name, request(INSPECTOR_BODY_BYTES_MAX), NOW);
    }
    let (mut lengths, mut seen, mut before) = (Vec::new(), Vec::new(), None);
    loop {
        let wanted = Wanted { before, limit: 250, body_bytes_max: usize::MAX };
        let page = bins.page(name, wanted, NOW);
        assert!(
            page.requests.iter().map(|(_, request)| request.bytes()).sum::<usize>()
                <= INSPECTOR_PAGE_BYTES_MAX
        );
        lengths.push(page.requests.len());
        seen.extend(page.requests.iter().map(|(number, _)| *number));
        before = seen.last().copied();
        if !page.has_older {
            break;
        }
    }
    assert_eq!(lengths, [3, 3, 3, 1]);
    assert_eq!(seen, (1..=10).rev().collect::<Vec<_>>());
    assert_eq!(numbers(&mut bins, name).len(), 10, "of what is not shown nothing counts");
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
