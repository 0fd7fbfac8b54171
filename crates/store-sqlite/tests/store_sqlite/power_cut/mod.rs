//! Power cuts: what the store answered must be there after any of them.
//!
//! Killing a process leaves the system's memory of its files alone, so it cannot show a missing sync. Here SQLite works
//! on a disk that forgets: a cut at any call that changes it leaves what was synced, and of the rest nothing or any part.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
#[allow(dead_code, reason = "the other tests open a store on the machine's own file system")]
mod common;
mod computer;
mod plain;
mod store;
mod trial;
mod vfs;
