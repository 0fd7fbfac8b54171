//! Tables of figures made by hand.

use super::*;
use crate::{
    disk::{Disk, SyncTime},
    figure::Findings,
    series::{Outcome, Side},
};

fn outcome(side: Side, ratio: f64, lost: f64) -> Outcome {
    let mut findings = Findings::default();
    findings.add("delivered", ratio * 100_000.0, "deliveries/s");
    findings.add("of B", ratio, "");
    findings.add("lost", lost, "deliveries");
    findings.remark("by hand");
    Outcome { side, sync: SyncTime::default(), findings }
}

fn series(runs: Vec<Outcome>) -> Series {
    Series { case: "one-512", meaning: "It is measured.", disk: Disk::Native, runs }
}

/// The cells of the line that begins so.
fn cells<'a>(table: &'a str, name: &str) -> Vec<&'a str> {
    let line = table.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
    line.trim_start().strip_prefix(name).unwrap().split_whitespace().collect()
}

#[test]
fn a_table_has_the_median_its_spread_and_the_target() {
    let runs = [0.2, 0.1, 0.18].map(|ratio| outcome(Side::A, ratio, 0.0));
    let text = table(&series(runs.into()));
    assert!(text.starts_with("one-512 on the native disk, 3 runs\nIt is measured.\n"), "{text}");
    assert_eq!(cells(&text, "delivered"), ["18,000", "10,000–20,000", "deliveries/s"], "{text}");
    assert_eq!(cells(&text, "of B"), ["0.18", "0.10–0.20", "≥", "0.15", "0.22", "met"], "{text}");
    assert_eq!(text.matches("(by hand)").count(), 1, "{text}");
}

#[test]
fn a_comparison_shows_the_ratio_of_the_pairs() {
    let runs = [(Side::A, 0.2), (Side::B, 0.1), (Side::A, 0.1), (Side::B, 0.05)];
    let series = series(runs.map(|(side, ratio)| outcome(side, ratio, 0.0)).into());
    let text = table(&series);
    assert!(text.starts_with("one-512 on the native disk, 2 pairs of runs in turn"), "{text}");
    let expected = ["0.15", "0.10–0.20", "0.08", "0.05–0.10", "2", "2–2"];
    assert_eq!(cells(&text, "of B"), expected, "{text}");
}

#[test]
fn one_lost_event_of_one_run_is_a_loss() {
    let machine = Machine { processor: "x".to_owned(), processors: 2, load: 0.0 };
    let matches = crate::command_line::command().try_get_matches_from(["bench"]).unwrap();
    let asked = Asked::read(&matches).unwrap();
    for (lost, is_loss) in [(0.0, false), (1.0, true)] {
        let measured = [series(vec![
            outcome(Side::A, 0.2, 0.0),
            outcome(Side::A, 0.2, lost),
            outcome(Side::A, 0.2, 0.0),
        ])];
        let report =
            Report::new(&asked, Path::new("postroad"), (machine.clone(), machine.clone()), &measured);
        assert_eq!(report.has_losses(), is_loss);
    }
}

#[test]
fn what_is_missed_stands_below_all_tables() {
    let machine = Machine { processor: "x".to_owned(), processors: 2, load: 4.0 };
    assert!(beginning(&machine).contains("NOISY"));
    let good = [series(vec![outcome(Side::A, 0.2, 0.0)])];
    assert!(end(&machine, &machine, &good).contains("No target is missed."));
    let bad = [series(vec![outcome(Side::A, 0.1, 0.0)])];
    assert!(end(&machine, &machine, &bad).contains("Missed: one-512 of B (native disk)."));
}
