//! `postroad backup` beside a tenant's work. A server that does not have the command yet is not measured.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use super::{Case, comparison};
use crate::{
    behaviour::Behaviour,
    figure::Findings,
    load::Load,
    mark::now_micros,
    measure,
    pace::Pace,
    run::Run,
    stage::Ends,
    template::EVENT_TYPE,
    work::{self, Filling},
};

/// One backup after the other.
pub(super) const CASE: Case = Case {
    name: "backup",
    meaning: "How much longer events are on their way while one backup after the other is made.",
    load: Load::ONE.at(Pace::PerSecond(200)),
    measure: |run| Box::pin(measure(run)),
};

async fn measure(run: &Run<'_>) -> Result<Findings> {
    let mut findings = Findings::default();
    if !has_backup(run.binary).await? {
        findings.remark("not measured: this server has no `postroad backup` yet");
        return Ok(findings);
    }
    let (alone, _) = work::through(run, run.load).await?;
    let mut ends = Ends::start(run.bench, run.load.subscriptions, Behaviour::Well).await?;
    let stage = run.start().await?;
    stage.furnish(run.load, ends.address).await?;
    let events = run.bench.scale.waiting;
    // Stored for a tenant that nobody subscribes to: a backup of nothing takes no time.
    stage.tenant(1).await?;
    let filling = Filling { tenant: 1, event_type: EVENT_TYPE, events, data_bytes: 1_024, first_number: 0 };
    work::fill(run.bench, &stage, filling).await?;
    let data_dir = stage.server.data_dir();
    let folder = tempfile::tempdir_in(&run.bench.folder)?;
    let backups = async |measured| back_up(run.binary, &data_dir, folder.path(), measured).await;
    let (beside, backups) = work::beside(run, run.load, &stage, &mut ends, backups).await?;
    findings.add("backups", f64::from(backups.count), "");
    findings.add("one backup", backups.time.as_secs_f64() / f64::from(backups.count.max(1)), "s");
    findings.add_mebibytes("size of a backup", backups.bytes);
    comparison::add(&alone.traffic, &beside.traffic, &mut findings);
    Ok(findings)
}

async fn has_backup(binary: &Path) -> Result<bool> {
    let mut command = Command::new(binary);
    command.args(["backup", "--help"]).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(command.status().await.with_context(|| binary.display().to_string())?.success())
}

struct Backups {
    count: u32,
    time: Duration,
    /// Of one of them.
    bytes: u64,
}

/// Makes backups until the time is over; the last one is finished.
async fn back_up(binary: &Path, data_dir: &Path, folder: &Path, time: Duration) -> Result<Backups> {
    let began = now_micros();
    let elapsed = || Duration::from_micros(now_micros() - began);
    let (mut count, mut bytes) = (0, 0);
    while count == 0 || elapsed() < time {
        let place = folder.join(format!("backup-{count}"));
        let mut command = Command::new(binary);
        command.arg("backup").arg(&place).arg("--data-dir").arg(data_dir);
        let output = command.output().await.context("postroad backup")?;
        ensure!(output.status.success(), "postroad backup: {}", String::from_utf8_lossy(&output.stderr));
        count += 1;
        bytes = measure::folder_bytes(folder)?;
        std::fs::remove_file(&place).with_context(|| place.display().to_string())?;
    }
    Ok(Backups { count, time: elapsed(), bytes })
}
