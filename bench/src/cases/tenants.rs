//! Many tenants that take turns.

use super::{Case, throughput};
use crate::{figure::Findings, load::Load, pace::Pace, run::Run, work};

use anyhow::Result;

/// Many tenants; how many, the scale of the run says.
pub(super) const CASE: Case = Case {
    name: "tenants",
    meaning: "How fast events of 1 KiB go through when 1,000 tenants with one subscription each take turns.",
    load: Load::ONE.at(Pace::InLoop(512)),
    measure: |run| Box::pin(measure(run)),
};

async fn measure(run: &Run<'_>) -> Result<Findings> {
    let load = Load { tenants: run.bench.scale.tenants, ..*run.load };
    let (through, _) = work::through(run, &load).await?;
    let mut findings = throughput::findings(run, &through);
    findings.add("tenants", load.tenants as f64, "");
    Ok(findings)
}
