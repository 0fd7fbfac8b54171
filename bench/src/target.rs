//! What the figures are to reach: one table, printed beside them.

use serde::Serialize;

/// What one figure of one case is to reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Target {
    case: &'static str,
    figure: &'static str,
    better: Better,
    /// Worse than this is a fault.
    pub(super) target: f64,
    /// What is aimed at.
    pub(super) aim: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Better {
    More,
    Less,
}

/// How a figure stands to its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    AimMet,
    Met,
    Missed,
}

const TARGETS: [Target; 29] = [
    at_least("one-512", "of B", 0.15, 0.22),
    at_least("ten", "of B", 0.35, 0.5),
    at_least("batch", "of B", 0.22, 0.35),
    at_most("pace-200", "p50 beyond one sync", 1.0, 0.5),
    at_most("pace-200", "p99 beyond one sync", 6.0, 3.0),
    at_most("neighbours-dead", "p99 to alone", 1.5, 1.1),
    at_most("neighbours-slow", "p99 to alone", 1.5, 1.1),
    at_most("neighbours-failing", "p99 to alone", 1.5, 1.1),
    at_most("neighbours-trickling", "p99 to alone", 1.5, 1.1),
    at_most("beside-fanouts", "p99 to alone", 1.5, 1.1),
    at_least("beside-fanouts", "ordered to alone", 0.5, 0.8),
    at_least("beside-groups", "to alone", 0.9, 1.0),
    at_least("promised", "attempts", 160.0, 160.0),
    at_most("promised", "late highest", 250.0, 50.0),
    at_most("promised", "early highest", 1.0, 0.0),
    at_most("crash", "first redelivery", 1_000.0, 300.0),
    at_most("crash", "lost", 0.0, 0.0),
    at_most("full-start", "ready", 3_000.0, 500.0),
    at_most("full-start", "memory while they wait", 200.0, 100.0),
    at_most("stored-10m", "p99 of the slowest question", 50.0, 10.0),
    at_most("overload", "lost", 0.0, 0.0),
    at_most("size", "memory idle", 40.0, 20.0),
    at_most("size", "program stripped", 40.0, 25.0),
    at_most("size", "disk per delivered event", 2.2, 1.5),
    at_least("retention", "accepted to otherwise", 0.8, 0.95),
    at_most("one-512", "lost", 0.0, 0.0),
    at_most("ten", "lost", 0.0, 0.0),
    at_most("batch", "lost", 0.0, 0.0),
    at_most("tenants", "lost", 0.0, 0.0),
];

const fn at_least(case: &'static str, figure: &'static str, target: f64, aim: f64) -> Target {
    Target { case, figure, better: Better::More, target, aim }
}

const fn at_most(case: &'static str, figure: &'static str, target: f64, aim: f64) -> Target {
    Target { case, figure, better: Better::Less, target, aim }
}

impl Target {
    /// The target of this figure, if it has one.
    pub(super) fn of(case: &str, figure: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.case == case && target.figure == figure)
    }

    /// How a value stands to it.
    pub(super) fn verdict(&self, value: f64) -> Verdict {
        let reaches = |bound| match self.better {
            Better::More => value >= bound,
            Better::Less => value <= bound,
        };
        match (reaches(self.aim), reaches(self.target)) {
            (true, _) => Verdict::AimMet,
            (false, true) => Verdict::Met,
            (false, false) => Verdict::Missed,
        }
    }

    /// `≥` or `≤`.
    pub(super) const fn sign(&self) -> &'static str {
        match self.better {
            Better::More => "≥",
            Better::Less => "≤",
        }
    }
}

impl Verdict {
    /// How the table says it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::AimMet => "met, aim too",
            Self::Met => "met",
            Self::Missed => "MISSED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::CASES;

    #[test]
    fn a_figure_is_at_its_aim_at_its_target_or_short_of_both() {
        let more = Target::of("one-512", "of B").unwrap();
        assert_eq!(
            [0.3, 0.2, 0.1].map(|value| more.verdict(value)),
            [Verdict::AimMet, Verdict::Met, Verdict::Missed]
        );
        let less = Target::of("full-start", "ready").unwrap();
        assert_eq!(
            [400.0, 2_999.0, 3_001.0].map(|value| less.verdict(value)),
            [Verdict::AimMet, Verdict::Met, Verdict::Missed]
        );
        assert_eq!(Target::of("one-64", "of B"), None);
    }

    #[test]
    fn every_target_belongs_to_a_case_and_is_within_its_aim() {
        for target in &TARGETS {
            assert!(CASES.iter().any(|case| case.name == target.case), "{target:?}");
            assert_ne!(target.verdict(target.aim), Verdict::Missed, "{target:?}");
        }
    }
}
