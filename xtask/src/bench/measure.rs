//! What is measured around the server: the disk below it and the space it takes.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::{histogram::Histogram, mark::now_micros};

const FSYNCS: usize = 300;
const BLOCK: [u8; 4_096] = [7; 4_096];

/// How long the disk takes to make a block durable, in microseconds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Disk {
    pub(super) fsync_p50_micros: u64,
    pub(super) fsync_p99_micros: u64,
}

/// Appends blocks to a file in `folder`, each followed by an fdatasync. The cost of an fsync differs 40-fold between
/// disks and from hour to hour, so no figure of a durable queue means anything without it.
pub(super) fn disk(folder: &Path) -> Result<Disk> {
    let path = folder.join("fsync.probe");
    let mut file = File::create(&path).with_context(|| path.display().to_string())?;
    let mut micros = Histogram::default();
    for _ in 0..FSYNCS {
        file.write_all(&BLOCK)?;
        let began = now_micros();
        file.sync_data()?;
        micros.record(now_micros().saturating_sub(began));
    }
    fs::remove_file(&path)?;
    Ok(Disk { fsync_p50_micros: micros.percentile(50.0), fsync_p99_micros: micros.percentile(99.0) })
}

/// The bytes of all files below `folder`, by their lengths.
pub(super) fn folder_bytes(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { folder_bytes(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_as_large_as_all_its_files() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inner")).unwrap();
        fs::write(folder.path().join("a"), [0; 10]).unwrap();
        fs::write(folder.path().join("inner/b"), [0; 5]).unwrap();
        assert_eq!(folder_bytes(folder.path()).unwrap(), 15);
    }

    #[test]
    fn the_probe_of_the_disk_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let disk = disk(folder.path()).unwrap();
        assert!(disk.fsync_p99_micros >= disk.fsync_p50_micros);
        assert_eq!(folder_bytes(folder.path()).unwrap(), 0);
    }
}
