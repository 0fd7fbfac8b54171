//! A start with a crowd waiting for an endpoint that is dead.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use super::{Case, neighbours};
use crate::{
    disk::Disk,
    figure::Findings,
    load::Load,
    mark::now_micros,
    run::Run,
    stage::Stage,
    template::EVENT_TYPE,
    work::{self, Filling},
};

/// A million deliveries wait.
pub(super) const CASE: Case = Case {
    name: "full-start",
    meaning: "How soon a server is ready, and how much memory it takes, when a million deliveries wait for a dead endpoint.",
    load: Load::ONE,
    measure: |run| Box::pin(measure(run)),
};

/// How long the memory is given to settle after the start.
const SETTLING_MAX: Duration = Duration::from_secs(5);

async fn measure(run: &Run<'_>) -> Result<Findings> {
    let folder = tempfile::tempdir_in(&run.bench.folder)?;
    let data_dir = folder.path().join("data");
    let dead = neighbours::dead_endpoint()?;
    let events = run.bench.scale.waiting_at_start;
    let mut stage = Stage::start(run.bench, run.binary, Disk::Native, Some(data_dir.clone())).await?;
    stage.tenant(0).await?;
    stage.subscribe(0, &format!("http://{}/0", dead.local_addr()?), &json!({})).await?;
    // Small events: what waits is counted in deliveries, and a million of 1 KiB would exceed the gigabyte that a
    // subscription may have waiting.
    let filling = Filling { tenant: 0, event_type: EVENT_TYPE, events, data_bytes: 128, first_number: 0 };
    work::fill(run.bench, &stage, filling).await?;
    stage.server.terminate().await?;

    let spawned = now_micros();
    let stage = Stage::start(run.bench, run.binary, run.disk, Some(data_dir)).await?;
    stage.server.wait_for_readiness(200).await;
    let ready = now_micros() - spawned;
    let at_ready = stage.server.usage();
    tokio::time::sleep(SETTLING_MAX.min(run.bench.scale.measured)).await;
    let settled = stage.server.usage();

    let mut findings = Findings::default();
    findings.add("waiting", events as f64, "deliveries");
    findings.add_micros("ready", ready);
    findings.add_mebibytes("memory when ready", at_ready.rss_bytes);
    findings.add_mebibytes("memory while they wait", settled.rss_bytes);
    findings.add_mebibytes("highest memory", settled.rss_bytes_peak);
    Ok(findings)
}
