//! From figures to tables that people read and a file that machines do.

mod cells;
mod summary;

use std::{fmt::Write, path::Path};

use serde::Serialize;

use self::{
    cells::{aligned, number},
    summary::{Line, lines},
};
use super::{
    command_line::Asked,
    machine::Machine,
    series::Series,
    target::{Target, Verdict},
};

/// What the file holds.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    /// Whether the sizes are those of the cases or tiny ones.
    quick: bool,
    server: &'a Path,
    against: Option<&'a Path>,
    before: Machine,
    after: Machine,
    cases: Vec<CaseReport<'a>>,
}

#[derive(Debug, Serialize)]
struct CaseReport<'a> {
    #[serde(flatten)]
    series: &'a Series,
    figures: Vec<Line>,
}

impl<'a> Report<'a> {
    pub(super) fn new(
        asked: &'a Asked,
        server: &'a Path,
        (before, after): (Machine, Machine),
        measured: &'a [Series],
    ) -> Self {
        let cases = measured.iter().map(|series| CaseReport { series, figures: lines(series) }).collect();
        Self {
            quick: asked.scale.is_quick,
            server,
            against: asked.setup.against.as_deref(),
            before,
            after,
            cases,
        }
    }

    /// Whether any run of any case lost an event.
    pub(super) fn has_losses(&self) -> bool {
        let mut lines = self.cases.iter().flat_map(|case| &case.figures);
        lines.any(|line| line.name == "lost" && line.worst() > 0.0)
    }
}

/// What stands above all tables.
pub(super) fn beginning(machine: &Machine) -> String {
    let mut text = format!("before: {machine}\n");
    if machine.is_busy() {
        text.push_str("NOISY: others use this machine; only ratios of runs in turn mean anything.\n");
    }
    text
}

/// The table of one case on one disk.
pub(super) fn table(series: &Series) -> String {
    let lines = lines(series);
    let is_compared = lines.iter().any(|line| line.against.is_some());
    let mut rows = vec![headings(is_compared)];
    rows.extend(lines.iter().map(|line| row(series.case, line, is_compared)));
    let runs = series.runs.len();
    let counted = match (is_compared, runs) {
        (true, _) => format!("{} pairs of runs in turn", runs / 2),
        (false, 1) => "1 run".to_owned(),
        (false, _) => format!("{runs} runs"),
    };
    let mut text = format!(
        "{} on the {}, {counted}\n{}\n{}",
        series.case,
        series.disk.title(),
        series.meaning,
        aligned(&rows)
    );
    let mut remarks: Vec<_> = series.runs.iter().flat_map(|run| &run.findings.remarks).collect();
    remarks.dedup();
    for remark in remarks {
        let _ = writeln!(text, "  ({remark})");
    }
    text
}

/// What stands below all tables.
pub(super) fn end(before: &Machine, after: &Machine, measured: &[Series]) -> String {
    let mut text = format!("before: {before}\nafter:  {after}\n");
    let missed: Vec<_> = measured.iter().flat_map(missed).collect();
    match missed.as_slice() {
        [] => text.push_str("No target is missed.\n"),
        some => {
            let _ = writeln!(text, "Missed: {}.", some.join("; "));
        }
    }
    text.push_str(
        "B: the same signed bodies sent straight to the receiver, in the same run. Generator and receiver run on the \
         same processors as the server; processor time is the server's alone.",
    );
    text
}

fn missed(series: &Series) -> impl Iterator<Item = String> {
    lines(series).into_iter().filter_map(move |line| {
        let target = Target::of(series.case, &line.name)?;
        let is_missed = target.verdict(line.spread.median) == Verdict::Missed;
        is_missed.then(|| format!("{} {} ({})", series.case, line.name, series.disk.title()))
    })
}

fn headings(is_compared: bool) -> Vec<String> {
    let columns: &[&str] = if is_compared {
        &["", "median", "lowest–highest", "against", "lowest–highest", "ratio", "lowest–highest", "unit"]
    } else {
        &["", "median", "lowest–highest", "unit", "target", "aim", "verdict"]
    };
    columns.iter().map(|column| (*column).to_owned()).collect()
}

fn row(case: &str, line: &Line, is_compared: bool) -> Vec<String> {
    let range = |low, high| format!("{}–{}", number(low), number(high));
    let mut row = vec![line.name.clone(), number(line.spread.median)];
    row.push(range(line.spread.lowest, line.spread.highest));
    if is_compared {
        let cells =
            |spread: super::statistics::Spread| [number(spread.median), range(spread.lowest, spread.highest)];
        row.extend(line.against.map_or_else(Default::default, cells));
        row.extend(line.ratio.map_or_else(Default::default, cells));
        row.push(line.unit.clone());
        return row;
    }
    row.push(line.unit.clone());
    if let Some(target) = Target::of(case, &line.name) {
        row.push(format!("{} {}", target.sign(), number(target.target)));
        row.push(number(target.aim));
        row.push(target.verdict(line.spread.median).word().to_owned());
    }
    row
}

#[cfg(test)]
mod tests;
