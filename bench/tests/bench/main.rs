//! The benchmark as people run it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod process_bench;
