//! What the tests of this store share.

use std::{future::pending, path::Path, sync::Arc, time::Duration};

use postroad_domain::{Clock, Timestamp, time::Sleep};
use postroad_store_sqlite::{Options, SqliteStore};

/// A clock that stands still: nothing here depends on time passing.
#[derive(Debug)]
pub(crate) struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000)
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) -> Sleep {
        Box::pin(pending())
    }
}

/// Options for a small store that lists in small batches.
pub(crate) fn options(folder: &Path) -> Options {
    Options {
        ballast_bytes: 64 * 1024,
        listing_batch_entries: 5,
        ..Options::new(folder, Arc::new(StoppedClock))
    }
}

/// A store in a folder.
pub(crate) fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(options(folder)).unwrap()
}
