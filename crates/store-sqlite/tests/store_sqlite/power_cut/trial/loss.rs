//! How a store breaks its promise.

use postroad_store::StoreError;
use postroad_store_sqlite::OpenError;
use thiserror::Error;

use super::step::Write;

/// A promise that was broken.
#[derive(Debug, Error)]
pub(crate) enum Loss {
    /// The store could not be opened on what survived.
    #[error("it does not open: {0}")]
    NotOpened(#[from] OpenError),
    /// An operation failed while there was power.
    #[error("an operation failed: {0}")]
    Failed(#[from] StoreError),
    /// SQLite failed while there was power.
    #[error("SQLite failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The store said something else than the one in memory.
    #[error("{write} answered\n{found}\nand not\n{expected}")]
    Answer { write: Box<Write>, found: String, expected: String },
    /// The store holds something else than the one in memory, which did what was acknowledged and no more.
    #[error("{difference}")]
    Different { difference: String },
    /// An operation met the cut, and the store holds something else than both without and with it.
    #[error("without the open operation: {without}\nwith it: {with}\nthe open operation: {open}")]
    Half { open: Box<Write>, without: String, with: String },
    /// An event is in two deliveries of a subscription.
    #[error("{}", .0.join("\n"))]
    Twice(Vec<String>),
    /// SQLite's own check of the file.
    #[error("the file is broken: {0}")]
    Broken(String),
}
