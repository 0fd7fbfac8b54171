//! Figures that the writer keeps and everybody may read.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use postroad_store::StoreStats;

/// Bytes of a page.
pub(crate) const PAGE_BYTES: u64 = 4_096;
/// Bytes of a page's place in the log: the page and its header.
pub(crate) const FRAME_BYTES: u64 = PAGE_BYTES + 24;

/// Sizes as of the last commit or checkpoint.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    log_bytes: AtomicU64,
    database_bytes: AtomicU64,
}

impl Gauges {
    /// Notes how many frames of the log are in use after a commit.
    pub(crate) fn set_log_frames(&self, frames: u64) {
        self.log_bytes.store(frames * FRAME_BYTES, Relaxed);
    }

    /// Bytes of the log that are in use.
    pub(crate) fn log_bytes(&self) -> u64 {
        self.log_bytes.load(Relaxed)
    }

    /// Notes the size of the database's file.
    pub(crate) fn set_database_bytes(&self, bytes: u64) {
        self.database_bytes.store(bytes, Relaxed);
    }

    /// What [`postroad_store::Queue::stats`] answers.
    pub(crate) fn stats(&self) -> StoreStats {
        let pending_bytes = self.log_bytes();
        StoreStats { pending_bytes, file_bytes: self.database_bytes.load(Relaxed) + pending_bytes }
    }
}
