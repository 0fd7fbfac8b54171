//! All runs of one case on one disk, of one program or of two in turn.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use super::{
    cases::Case,
    command_line::Asked,
    disk::{Disk, SyncTime},
    figure::Findings,
    machine::Machine,
    run::Run,
    setup::Bench,
    statistics::interleaved,
    work,
};

/// The runs of one case on one disk.
#[derive(Debug, Serialize)]
pub(super) struct Series {
    pub(super) case: &'static str,
    pub(super) meaning: &'static str,
    pub(super) disk: Disk,
    pub(super) runs: Vec<Outcome>,
}

/// One run.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    pub(super) side: Side,
    /// Measured on the folder just before.
    pub(super) sync: SyncTime,
    /// The work without the server, and with it.
    pub(super) findings: Findings,
}

/// Whose run it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Side {
    /// The program that is measured.
    A,
    /// The one that it is measured against.
    B,
}

/// Runs the case as often as it is asked for.
pub(super) async fn measure(asked: &Asked, bench: &Bench, case: &'static Case, disk: Disk) -> Result<Series> {
    let sides: &[Side] = if asked.setup.against.is_some() { &[Side::A, Side::B] } else { &[Side::A] };
    let turns = interleaved(sides, asked.runs);
    let mut runs = Vec::new();
    for (number, side) in turns.iter().enumerate() {
        eprintln!("{} on the {} ({} of {})", case.name, disk.title(), number + 1, turns.len());
        let binary = match (side, &asked.setup.against) {
            (Side::B, Some(against)) => &std::path::absolute(against)?,
            _ => &bench.tools.postroad,
        };
        let outcome = run(asked, bench, case, disk, (*side, binary)).await;
        runs.push(outcome.with_context(|| format!("{} on the {}", case.name, disk.title()))?);
    }
    Ok(Series { case: case.name, meaning: case.meaning, disk, runs })
}

/// One run: the disk, the bare work, the server.
async fn run(
    asked: &Asked,
    bench: &Bench,
    case: &Case,
    disk: Disk,
    (side, binary): (Side, &Path),
) -> Result<Outcome> {
    let sync = disk.probe(&bench.tools.bench, &bench.folder)?;
    let bare = work::bare(bench, &case.load).await.context("the bare run")?;
    let mut findings = Findings::default();
    findings.add_micros("sync p50", sync.p50_micros);
    findings.add_micros("sync p99", sync.p99_micros);
    findings.add("load before", Machine::look()?.load, "");
    let name = if case.load.pace.is_rate_measured() { "B" } else { "bare" };
    findings.add(name, bare.delivered_per_second(), "deliveries/s");
    if asked.setup.bare_only {
        bare.add_latency(&mut findings);
        bare.add_faults(&mut findings);
        findings.add("unreadable", bare.arrived.unreadable as f64, "requests");
    } else {
        let run = Run { bench, binary, disk, sync, load: &case.load, bare: &bare };
        findings.extend((case.measure)(&run).await?);
    }
    Ok(Outcome { side, sync, findings })
}
