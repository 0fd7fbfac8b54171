//! The client crate against the real server: each part of the API once.

#![allow(clippy::unwrap_used, reason = "the helpers of a test fail as the test does")]

mod keys;
mod operator;
mod tour;
