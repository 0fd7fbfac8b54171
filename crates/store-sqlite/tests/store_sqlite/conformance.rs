//! The embedded store passes the suite that every store passes.

use std::sync::Arc;

use postroad_store_sqlite::SqliteStore;
use tempfile::TempDir;

use crate::common::open;

async fn fresh() -> (Arc<SqliteStore>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Arc::new(open(folder.path())), folder)
}

postroad_store::conformance_suite!(fresh());
