//! The probe of a disk: blocks written and synced one by one, in a process of its own.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use super::SyncTime;
use crate::{control, histogram::Histogram, mark::now_micros};

/// Syncs of one probe.
pub(super) const SYNCS: usize = 200;
const BLOCK: [u8; 4_096] = [7; 4_096];

/// Runs the probe on `folder` in a process of this environment.
pub(super) fn start(program: &Path, folder: &Path, environment: Vec<(String, String)>) -> Result<SyncTime> {
    let mut command = Command::new(program);
    command.arg("probe").arg(folder).envs(environment).stderr(Stdio::inherit());
    let output = command.output().with_context(|| format!("cannot start {}", program.display()))?;
    ensure!(output.status.success(), "the probe of the disk ended with {}", output.status);
    serde_json::from_slice(&output.stdout).context("the answer of the probe")
}

/// The process: probes `folder` and prints the result.
///
/// # Errors
///
/// When the folder cannot be written to.
pub(crate) fn run(folder: &Path) -> Result<()> {
    control::answer(&probe(folder)?)
}

/// Appends blocks to a file, each followed by an fdatasync, as SQLite appends to its write-ahead log.
fn probe(folder: &Path) -> Result<SyncTime> {
    let path = folder.join(format!("sync-{}.probe", std::process::id()));
    let mut file = File::create(&path).with_context(|| path.display().to_string())?;
    let mut micros = Histogram::default();
    for _ in 0..SYNCS {
        file.write_all(&BLOCK)?;
        let began = now_micros();
        file.sync_data()?;
        micros.record(now_micros().saturating_sub(began));
    }
    fs::remove_file(&path)?;
    Ok(SyncTime { p50_micros: micros.percentile(50.0), p99_micros: micros.percentile(99.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let time = probe(folder.path()).unwrap();
        assert!(time.p99_micros >= time.p50_micros);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
