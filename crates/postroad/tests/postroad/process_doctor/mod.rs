//! `postroad doctor`: a deployment that is well, and one planted fault after the other.

#![allow(clippy::unwrap_used, reason = "the helpers of a test fail as the test does")]

#[path = "../common/mod.rs"]
mod common;
mod faults;
mod healthy;
mod receivers;
mod server;
mod stage;
