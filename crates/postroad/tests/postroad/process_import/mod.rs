//! `postroad import svix`: from an imitation of the other server into the real one of ours.

#![allow(clippy::unwrap_used, reason = "the helpers of a test fail as the test does")]

mod carried;
#[path = "../common/mod.rs"]
mod common;
mod imitation;
mod refused;
mod stage;
