//! The profile language from outside: built-in profiles, signatures, refusals, layouts.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod basic_authentication;
mod bodies;
mod built_in;
mod ecmascript_json;
mod endpoints;
mod example_attributes;
mod example_profiles;
mod facts;
mod groups;
mod handshakes;
mod hashes;
mod https;
mod language;
mod leadhub;
mod leadhub_v2;
mod leadsquared;
mod leanbe;
mod masks;
mod methods;
mod node;
mod option_schema;
mod options;
mod policy;
mod refusals;
mod schemes;
mod sleekplan;
mod standard;
mod support;
