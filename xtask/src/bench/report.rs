//! From figures to a table that people read and a file that machines do.

use std::fmt::Write;

use serde::Serialize;

use super::{
    cases::{Case, Pace},
    generator::GeneratorReport,
    measure::Disk,
    tally::TallyReport,
};

/// All runs of one case.
#[derive(Debug, Serialize)]
pub(super) struct CaseReport {
    pub(super) case: Case,
    pub(super) runs: Vec<Outcome>,
}

/// One run.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    /// Measured before the run on the folder that the server then used.
    pub(super) disk: Disk,
    /// The same work without the server.
    pub(super) bare: Figures,
    /// `None` when only the bare work was asked for.
    pub(super) server: Option<ServerFigures>,
}

/// What both ends say about one run.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    pub(super) accepted_per_second: f64,
    pub(super) delivered_per_second: f64,
    /// From sending an event to its arrival.
    pub(super) latency_p50_ms: f64,
    pub(super) latency_p99_ms: f64,
    /// From sending a request to its answer.
    pub(super) answer_p50_ms: f64,
    pub(super) answer_p99_ms: f64,
    pub(super) accepted: u64,
    pub(super) refused: u64,
    pub(super) lost: u64,
    pub(super) duplicated: u64,
    pub(super) unreadable: u64,
}

/// What a run through the server adds.
#[derive(Debug, Serialize)]
pub(super) struct ServerFigures {
    #[serde(flatten)]
    pub(super) figures: Figures,
    pub(super) rss_bytes_peak: u64,
    pub(super) cpu_seconds: f64,
    pub(super) cpu_micros_per_delivery: f64,
    pub(super) bytes_per_event: f64,
}

impl CaseReport {
    pub(super) const fn new(case: Case) -> Self {
        Self { case, runs: Vec::new() }
    }
}

impl Figures {
    pub(super) fn new(case: &Case, sent: GeneratorReport, arrived: TallyReport) -> Self {
        let expected = sent.accepted * case.subscriptions;
        Self {
            accepted_per_second: per_second(sent.accepted_in_window, sent.window_micros),
            delivered_per_second: per_second(arrived.arrived, arrived.window_micros),
            latency_p50_ms: arrived.latency_p50_micros as f64 / 1_000.0,
            latency_p99_ms: arrived.latency_p99_micros as f64 / 1_000.0,
            answer_p50_ms: sent.answer_p50_micros as f64 / 1_000.0,
            answer_p99_ms: sent.answer_p99_micros as f64 / 1_000.0,
            accepted: sent.accepted,
            refused: sent.refused,
            lost: expected.saturating_sub(arrived.distinct),
            duplicated: arrived.duplicates,
            unreadable: arrived.unreadable,
        }
    }
}

/// The table: for each case the bare line and the server's, medians of all runs.
pub(super) fn table(reports: &[CaseReport]) -> String {
    let mut rows = vec![HEADINGS.map(str::to_owned).to_vec()];
    for report in reports {
        rows.push(bare_row(report));
        rows.extend(server_row(report));
    }
    let mut text = aligned(&rows);
    let _ = write!(
        text,
        "\nmedians; spread: lowest to highest delivered/s of {} runs. B: the same signed bodies sent straight to the \
         receiver.\nGenerator and receiver run on the same processors as the server; its CPU is its own alone.",
        reports.first().map_or(0, |report| report.runs.len())
    );
    text
}

const HEADINGS: [&str; 15] = [
    "case",
    "",
    "accepted/s",
    "delivered/s",
    "spread",
    "to B",
    "p50 ms",
    "p99 ms",
    "refused",
    "lost",
    "twice",
    "RSS MiB",
    "CPU s",
    "µs/delivery",
    "bytes/event",
];

fn bare_row(report: &CaseReport) -> Vec<String> {
    let bare: Vec<_> = report.runs.iter().map(|run| &run.bare).collect();
    let fsync =
        |value: fn(&Disk) -> u64| median(report.runs.iter().map(|run| value(&run.disk) as f64)) / 1_000.0;
    let (p50, p99) = (fsync(|disk| disk.fsync_p50_micros), fsync(|disk| disk.fsync_p99_micros));
    let mut row = vec![report.case.title(), "bare".to_owned()];
    row.extend(common_cells(&bare, "1.00".to_owned()));
    row.push(format!("(fsync p50 {p50:.2} ms, p99 {p99:.2} ms)"));
    row
}

fn server_row(report: &CaseReport) -> Option<Vec<String>> {
    let servers: Vec<_> = report.runs.iter().filter_map(|run| run.server.as_ref()).collect();
    if servers.is_empty() {
        return None;
    }
    let figures: Vec<_> = servers.iter().map(|server| &server.figures).collect();
    let of = |value: fn(&ServerFigures) -> f64| median(servers.iter().map(|server| value(server)));
    let mut row = vec![String::new(), "postroad".to_owned()];
    row.extend(common_cells(&figures, ratio(report)));
    row.push(format!("{:.0}", of(|server| server.rss_bytes_peak as f64) / 1_048_576.0));
    row.push(format!("{:.2}", of(|server| server.cpu_seconds)));
    row.push(format!("{:.0}", of(|server| server.cpu_micros_per_delivery)));
    row.push(format!("{:.0}", of(|server| server.bytes_per_event)));
    Some(row)
}

/// Delivered through the server to delivered without; at a fixed rate both are that rate and the ratio says nothing.
fn ratio(report: &CaseReport) -> String {
    if matches!(report.case.pace, Pace::PerSecond(_)) {
        return "-".to_owned();
    }
    let ratios = report.runs.iter().filter_map(|run| {
        let server = run.server.as_ref()?;
        Some(server.figures.delivered_per_second / run.bare.delivered_per_second.max(1.0))
    });
    format!("{:.2}", median(ratios))
}

fn common_cells(runs: &[&Figures], ratio: String) -> Vec<String> {
    let of = |value: fn(&Figures) -> f64| median(runs.iter().map(|run| value(run)));
    let sum = |value: fn(&Figures) -> u64| runs.iter().map(|run| value(run)).sum::<u64>().to_string();
    let delivered = || runs.iter().map(|run| run.delivered_per_second);
    let (low, high) = (delivered().fold(f64::MAX, f64::min), delivered().fold(0.0, f64::max));
    vec![
        format!("{:.0}", of(|run| run.accepted_per_second)),
        format!("{:.0}", of(|run| run.delivered_per_second)),
        format!("{low:.0}-{high:.0}"),
        ratio,
        format!("{:.2}", of(|run| run.latency_p50_ms)),
        format!("{:.2}", of(|run| run.latency_p99_ms)),
        sum(|run| run.refused),
        sum(|run| run.lost),
        sum(|run| run.duplicated),
    ]
}

/// Columns as wide as their widest cell; the last cell of a short row may be as long as it likes.
fn aligned(rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let whole_rows = rows.iter().filter(|row| row.len() > column + 1 || row.len() == HEADINGS.len());
        whole_rows.filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..HEADINGS.len()).map(width).collect();
    let mut text = String::new();
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            let _ =
                if column < 2 { write!(text, "{cell:<width$}  ") } else { write!(text, "{cell:>width$}  ") };
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

fn per_second(count: u64, micros: u64) -> f64 {
    if micros == 0 { 0.0 } else { count as f64 * 1e6 / micros as f64 }
}

/// The middle one, the mean of the middle two; 0 for none.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        count if count % 2 == 1 => values[count / 2],
        count => f64::midpoint(values[count / 2 - 1], values[count / 2]),
    }
}

#[cfg(test)]
mod tests;
