//! One run of a case.

use std::path::Path;

use anyhow::Result;

use super::{
    disk::{Disk, SyncTime},
    load::Load,
    setup::Bench,
    stage::Stage,
    traffic::Traffic,
};

/// What a run takes place with.
pub(super) struct Run<'a> {
    pub(super) bench: &'a Bench,
    /// The server's program.
    pub(super) binary: &'a Path,
    pub(super) disk: Disk,
    /// Measured just before on the same folder.
    pub(super) sync: SyncTime,
    pub(super) load: &'a Load,
    /// The same work without the server, just before.
    pub(super) bare: &'a Traffic,
}

impl Run<'_> {
    /// Starts the server on an empty folder.
    pub(super) async fn start(&self) -> Result<Stage> {
        Stage::start(self.bench, self.binary, self.disk, None).await
    }

    /// Measures a sync of its disk once more.
    pub(super) fn probe(&self) -> Result<SyncTime> {
        self.disk.probe(&self.bench.tools.bench, &self.bench.folder)
    }
}
