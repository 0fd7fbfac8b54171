//! The profile language from outside: built-in profiles, signatures, refusals, layouts.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod built_in;
mod facts;
mod language;
mod leadhub;
mod leadhub_v2;
mod leanbe;
mod options;
mod policy;
mod refusals;
mod sleekplan;
mod standard;
