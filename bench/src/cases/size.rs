//! What an event costs besides time.

use anyhow::Result;

use super::Case;
use crate::{figure::Findings, load::Load, measure, pace::Pace, run::Run, work};

/// Bytes, processor time and memory.
pub(super) const CASE: Case = Case {
    name: "size",
    meaning: "What an event of 1 KiB to one subscription costs in disk, processor and memory, and how large the program is.",
    load: Load::ONE.at(Pace::InLoop(512)),
    measure: |run| Box::pin(measure(run)),
};

async fn measure(run: &Run<'_>) -> Result<Findings> {
    let (through, bytes) = work::through(run, run.load).await?;
    let (sent, arrived) = (&through.traffic.sent, &through.traffic.arrived);
    let (events, deliveries) = (sent.accepted_in_window.max(1) as f64, arrived.arrived.max(1) as f64);
    let kibibytes = |bytes: u64, count: f64| bytes as f64 / 1_024.0 / count;
    let mut findings = Findings::default();
    findings.add("disk per delivered event", kibibytes(bytes, sent.accepted.max(1) as f64), "KiB");
    findings.add("written per event", kibibytes(through.written_bytes, events), "KiB");
    findings.add("written per delivery", kibibytes(through.written_bytes, deliveries), "KiB");
    findings.add("processor per event", through.cpu.as_secs_f64() * 1e6 / events, "µs");
    findings.add_mebibytes("memory idle", through.rss_bytes_idle);
    findings.add_mebibytes("highest memory under load", through.rss_bytes_peak);
    findings.add_mebibytes("program stripped", measure::stripped_bytes(run.binary, &run.bench.folder)?);
    through.traffic.add_faults(&mut findings);
    Ok(findings)
}
