//! The store on SQLite: the suite of all stores, and what is its own.

#![allow(clippy::unwrap_used, reason = "the helpers of a test fail as the test does")]

mod common;
mod conformance;
mod erasing;
mod full_disk;
mod groups;
mod life;
mod listing;
mod log;
mod migration;
mod numbering;
mod open;
mod plans;
mod power_cut;
mod pruning;
mod reading;
mod reopening;
