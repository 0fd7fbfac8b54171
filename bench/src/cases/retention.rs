//! Accepting while retention deletes a million events, beside accepting without it, in turns on the same store.
//!
//! The store is filled once; each turn is a start of the server, with the retention that keeps everything or the one to
//! which everything is too old. So both sides of a pair have the same files and the same moment of the machine.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::Case;
use crate::{
    behaviour::Behaviour,
    disk::Disk,
    figure::Findings,
    load::Load,
    pace::Pace,
    run::Run,
    stage::{Ends, Stage},
    statistics::Spread,
    template::{EVENT_TYPE, tenant_id},
    work::{self, Filling},
};

/// Accepting while old events are deleted.
pub(super) const CASE: Case = Case {
    name: "retention",
    meaning: "How much is accepted while retention deletes a million events, to how much is accepted otherwise.",
    load: Load::ONE.at(Pace::InLoop(512)),
    measure: |run| Box::pin(measure(run)),
};

/// Whose the old events are: nobody subscribes to them.
const OLD_TENANT: u64 = 1;
const OLD_DATA_BYTES: usize = 128;
/// Everything is too old for this one a second later, and it is the shortest that the server takes.
const DELETES: &str = "1s";
const KEEPS: &str = "forever";

async fn measure(run: &Run<'_>) -> Result<Findings> {
    let folder = tempfile::tempdir_in(&run.bench.folder)?;
    let data_dir = folder.path().join("data");
    let subscription = fill(run, &data_dir).await?;
    let (mut pairs, mut deleted) = (Vec::new(), 0);
    for _ in 0..run.bench.scale.pairs {
        let without = turn(run, &data_dir, &subscription, KEEPS).await?;
        let with = turn(run, &data_dir, &subscription, DELETES).await?;
        pairs.push((with.accepted, without.accepted));
        deleted += with.deleted;
    }
    let ratio = Spread::of_ratios(pairs.iter().copied()).context("nothing was accepted")?;
    let median = |values: Vec<f64>| Spread::of(&values).median;
    let mut findings = Findings::default();
    findings.add("old events", run.bench.scale.old as f64, "events");
    findings.add("deleted in these turns", deleted as f64, "events");
    findings.add("accepted while it deletes", median(pairs.iter().map(|pair| pair.0).collect()), "events/s");
    findings.add("accepted otherwise", median(pairs.iter().map(|pair| pair.1).collect()), "events/s");
    findings.add("accepted to otherwise", ratio.median, "");
    findings.add("lowest of the pairs", ratio.lowest, "");
    findings.add("highest of the pairs", ratio.highest, "");
    Ok(findings)
}

/// Fills the store with what becomes old. Answers the subscription of the tenant whose events are measured.
async fn fill(run: &Run<'_>, data_dir: &Path) -> Result<String> {
    let mut stage = start(run, Disk::Native, data_dir, KEEPS).await?;
    for tenant in [0, OLD_TENANT] {
        stage.tenant(tenant).await?;
    }
    let settings = json!({"concurrency": run.load.concurrency});
    let subscription = stage.subscribe(0, "http://127.0.0.1:9/0", &settings).await?;
    let filling = Filling {
        tenant: OLD_TENANT,
        event_type: EVENT_TYPE,
        events: run.bench.scale.old,
        data_bytes: OLD_DATA_BYTES,
        first_number: 0,
    };
    work::fill(run.bench, &stage, filling).await?;
    stage.server.terminate().await?;
    Ok(subscription["id"].as_str().context("a subscription has an id")?.to_owned())
}

async fn start(run: &Run<'_>, disk: Disk, data_dir: &Path, retention: &str) -> Result<Stage> {
    let arguments = ["--retention", retention].map(str::to_owned).to_vec();
    Stage::start_with(run.bench, run.binary, disk, Some(PathBuf::from(data_dir)), arguments).await
}

/// What one side of a pair came to.
struct Turn {
    /// Events a second.
    accepted: f64,
    deleted: u64,
}

async fn turn(run: &Run<'_>, data_dir: &Path, subscription: &str, retention: &str) -> Result<Turn> {
    let mut ends = Ends::start(run.bench, run.load.subscriptions, Behaviour::Well).await?;
    let mut stage = start(run, run.disk, data_dir, retention).await?;
    let path = format!("/v1/tenants/{}/subscriptions/{subscription}", tenant_id(0));
    let url = format!("http://{}/0", ends.address);
    let led = stage.server.patch_json(&path, &json!({"delivery": {"url": url}})).await?;
    ensure!(led.status == 200, "the subscription was refused with {}: {}", led.status, led.text());
    let (through, deleted) = work::beside(run, run.load, &stage, &mut ends, async |measured| {
        tokio::time::sleep(measured).await;
        deleted(&stage).await
    })
    .await?;
    stage.server.terminate().await?;
    Ok(Turn { accepted: through.traffic.accepted_per_second(), deleted })
}

/// Events that the server has deleted since it was started.
async fn deleted(stage: &Stage) -> Result<u64> {
    let metrics = stage.server.get("/metrics").await?.text();
    let line = metrics.lines().find_map(|line| line.strip_prefix("postroad_events_pruned_total "));
    Ok(line.context("the server does not tell what it deletes")?.trim().parse()?)
}
