//! Stories of the whole engine, and what they must not break.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod determinism;
mod seeds;
