//! The disk below the server: as it is, or with a pause added to each sync.
//!
//! The cost of a sync differs 40-fold between disks, so every case is measured on both. The pause is made by a small
//! library (`slow.c`) that stands before the C library in the server's process; the probe runs as a process of its own
//! below the same library, so what it says is what the server meets.

mod probe;
mod slow;

use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};

pub(crate) use self::probe::run as run_probe;
pub(super) use self::slow::SyncCount;

/// Which disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Disk {
    /// As the machine has it.
    Native,
    /// 4 ms are added to each sync.
    Slow,
}

/// How long a block takes to become durable, in microseconds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct SyncTime {
    pub(super) p50_micros: u64,
    pub(super) p99_micros: u64,
}

impl Disk {
    /// How the table calls it.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Native => "native disk",
            Self::Slow => "disk with 4 ms more per sync",
        }
    }

    /// What a program must have in its environment to meet this disk; the syncs of the slow one are counted in `count`.
    pub(super) fn environment(self, folder: &Path, count: &SyncCount) -> Result<Vec<(String, String)>> {
        match self {
            Self::Native => Ok(Vec::new()),
            Self::Slow => slow::environment(&slow::library(folder)?, count),
        }
    }

    /// Measures a sync in `folder`.
    pub(super) fn probe(self, program: &Path, folder: &Path) -> Result<SyncTime> {
        let count = SyncCount::new(folder)?;
        let time = probe::start(program, folder, self.environment(folder, &count)?)?;
        anyhow::ensure!(
            self == Self::Native || count.read()? >= probe::SYNCS as u64,
            "the library that slows the disk down was not asked: is the C library of this machine linked statically?"
        );
        Ok(time)
    }
}
