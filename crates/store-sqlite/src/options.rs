//! How the store is opened.

use std::{fmt, path::PathBuf, sync::Arc};

use postroad_domain::Clock;

use crate::limits::{BALLAST_BYTES, LISTING_BATCH_ENTRIES};

/// Where the store lies and what it may use.
#[derive(Clone)]
pub struct Options {
    /// The folder of the database, its lock and its ballast. It is created when it is not there.
    pub data_dir: PathBuf,
    /// The name of a registered SQLite file system that every connection uses; `None` for the machine's own. Tests
    /// pass one that loses power.
    pub vfs: Option<String>,
    /// Bytes of the file that is given up when the disk is full, so that outcomes can still be recorded; 0 for none.
    pub ballast_bytes: u64,
    /// Pages the database may have; `None` for as many as fit. Tests fill a small one.
    pub pages_max: Option<u32>,
    /// Entries of listings that are written in one batch. Tests make small batches, so that there are many.
    pub listing_batch_entries: usize,
    /// Measures how long a read lasts.
    pub clock: Arc<dyn Clock>,
}

impl Options {
    /// The usual options for a data folder.
    pub fn new(data_dir: impl Into<PathBuf>, clock: Arc<dyn Clock>) -> Self {
        Self {
            data_dir: data_dir.into(),
            vfs: None,
            ballast_bytes: BALLAST_BYTES,
            pages_max: None,
            listing_batch_entries: LISTING_BATCH_ENTRIES,
            clock,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Options")
            .field("data_dir", &self.data_dir)
            .field("vfs", &self.vfs)
            .field("ballast_bytes", &self.ballast_bytes)
            .field("pages_max", &self.pages_max)
            .field("listing_batch_entries", &self.listing_batch_entries)
            .finish_non_exhaustive()
    }
}
