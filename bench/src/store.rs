//! A large store: filled once for each program and kept until the benchmark ends.

use std::path::PathBuf;

use tempfile::TempDir;

/// A filled store; nobody uses it between the runs.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) binary: PathBuf,
    pub(super) folder: TempDir,
    pub(super) events: u64,
    pub(super) deliveries: u64,
    pub(super) bytes: u64,
    /// The subscription's id.
    pub(super) subscription: String,
    /// When about half of it was accepted, and an event of that time which was delivered.
    pub(super) middle: String,
    pub(super) event: String,
    /// Why it is smaller than asked for.
    pub(super) remark: Option<String>,
}

impl Store {
    pub(super) fn data_dir(&self) -> PathBuf {
        data_dir(&self.folder)
    }
}

/// The data folder within the folder of a store.
pub(super) fn data_dir(folder: &TempDir) -> PathBuf {
    folder.path().join("data")
}
