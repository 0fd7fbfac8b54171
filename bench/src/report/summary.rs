//! The figures of all runs of a series, one line for each name.

use serde::Serialize;

use crate::{
    series::{Series, Side},
    statistics::Spread,
};

/// One figure over all runs.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) spread: Spread,
    /// The same of the program that it is measured against.
    pub(super) against: Option<Spread>,
    /// Pair by pair, the program's to the other's.
    pub(super) ratio: Option<Spread>,
}

impl Line {
    /// The highest value of any run of either side.
    pub(super) fn worst(&self) -> f64 {
        self.spread.highest.max(self.against.map_or(0.0, |spread| spread.highest))
    }
}

/// The lines of a series, in the order in which the figures first appear.
pub(super) fn lines(series: &Series) -> Vec<Line> {
    let mut names: Vec<(&str, &str)> = Vec::new();
    for figure in series.runs.iter().flat_map(|run| &run.findings.figures) {
        if !names.iter().any(|(name, _)| *name == figure.name) {
            names.push((&figure.name, &figure.unit));
        }
    }
    names.into_iter().map(|(name, unit)| line(series, name, unit)).collect()
}

fn line(series: &Series, name: &str, unit: &str) -> Line {
    let of = |side| -> Vec<Option<f64>> {
        let runs = series.runs.iter().filter(|run| run.side == side);
        runs.map(|run| run.findings.value(name)).collect()
    };
    let spread = |values: &[Option<f64>]| Spread::of(&values.iter().copied().flatten().collect::<Vec<_>>());
    let (own, other) = (of(Side::A), of(Side::B));
    let pairs = own.iter().zip(&other).filter_map(|(own, other)| own.zip(*other));
    Line {
        name: name.to_owned(),
        unit: unit.to_owned(),
        spread: spread(&own),
        against: (!other.is_empty()).then(|| spread(&other)),
        ratio: Spread::of_ratios(pairs),
    }
}
