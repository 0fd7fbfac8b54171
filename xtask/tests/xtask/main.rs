//! The tools as people run them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod process_api;
mod process_bench;
