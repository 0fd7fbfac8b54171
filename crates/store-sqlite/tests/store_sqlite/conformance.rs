//! The embedded store passes the suite that every store passes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use postroad_store_sqlite::SqliteStore;
use tempfile::TempDir;

async fn fresh() -> (Arc<SqliteStore>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Arc::new(common::open(folder.path())), folder)
}

postroad_store::conformance_suite!(fresh());
