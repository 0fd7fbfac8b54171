//! Lists and filters over a store that has grown for a long time.

mod filling;
mod questions;
mod replay;

use anyhow::{Result, ensure};

use self::questions::questions;
pub(super) use self::replay::CASE as REPLAY;
use super::Case;
use crate::{figure::Findings, histogram::Histogram, load::Load, mark::now_micros, run::Run, stage::Stage};

/// Ten million events.
pub(super) const CASE: Case = Case {
    name: "stored-10m",
    meaning: "How long a page of a list or a filter takes when ten million events are stored.",
    load: Load::ONE,
    measure: |run| Box::pin(measure(run)),
};

async fn measure(run: &Run<'_>) -> Result<Findings> {
    let store = filling::of(run).await?;
    let stage = Stage::start(run.bench, run.binary, run.disk, Some(store.data_dir())).await?;
    let mut findings = Findings::default();
    findings.add("stored", store.events as f64, "events");
    findings.add("delivered", store.deliveries as f64, "deliveries");
    findings.add_mebibytes("data", store.bytes);
    findings.remarks.extend(store.remark.clone());
    let (mut first_micros, mut p99_micros) = (0, 0);
    for (name, path) in questions(&store) {
        let mut micros = Histogram::default();
        for number in 0..run.bench.scale.questions {
            let began = now_micros();
            let answer = stage.server.get(&path).await?;
            let took = now_micros().saturating_sub(began);
            ensure!(answer.status == 200, "{path} was refused with {}: {}", answer.status, answer.text());
            if number == 0 {
                // Nothing of it is in the server's memory yet.
                first_micros = first_micros.max(took);
            }
            micros.record(took);
        }
        findings.add_micros(format!("{name} p50"), micros.percentile(50.0));
        findings.add_micros(format!("{name} p99"), micros.percentile(99.0));
        p99_micros = p99_micros.max(micros.percentile(99.0));
    }
    findings.add_micros("slowest first answer", first_micros);
    findings.add_micros("p99 of the slowest question", p99_micros);
    Ok(findings)
}
