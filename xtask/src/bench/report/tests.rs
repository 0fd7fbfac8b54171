//! Figures by hand.

use super::*;
use crate::bench::cases;

fn report(bare: u64, through: u64) -> CaseReport {
    let case = cases::select(&["ten".to_owned()]).unwrap()[0];
    let second = 1_000_000;
    let figures = |arrived| {
        let sent = GeneratorReport { accepted: 100, window_micros: second, ..GeneratorReport::default() };
        let tally = TallyReport { distinct: 998, arrived, window_micros: second, ..TallyReport::default() };
        Figures::new(&case, sent, tally)
    };
    let server = ServerFigures {
        figures: figures(through),
        rss_bytes_peak: 64 << 20,
        cpu_seconds: 1.5,
        cpu_micros_per_delivery: 75.0,
        bytes_per_event: 1_500.0,
    };
    CaseReport {
        case,
        runs: vec![Outcome { disk: Disk::default(), bare: figures(bare), server: Some(server) }],
    }
}

#[test]
fn what_was_accepted_and_never_arrived_is_lost_for_each_subscription() {
    assert_eq!(report(1, 1).runs[0].bare.lost, 2);
}

#[test]
fn the_table_sets_the_server_beside_the_bare_work() {
    let text = table(&[report(20_000, 15_000)]);
    let server = text.lines().find(|line| line.contains("postroad")).unwrap();
    let cells: Vec<_> = server.split_whitespace().collect();
    assert_eq!(cells[2..5], ["15000", "15000-15000", "0.75"], "{text}");
    assert!(text.lines().nth(1).unwrap().starts_with("ten, 64 in the loop  bare"), "{text}");
}

#[test]
fn the_median_is_the_middle() {
    assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
    assert_eq!(median([4.0, 1.0].into_iter()), 2.5);
    assert_eq!(median(std::iter::empty()), 0.0);
}
