//! The whole program, from outside.
//!
//! Tests that start the real server are in modules whose names begin with `process_`: `.config/nextest.toml` runs these one
//! at a time.

#![allow(clippy::unwrap_used, reason = "the helpers of a test fail as the test does")]

mod common;
mod config;
mod process_backup;
mod process_client;
mod process_clients;
mod process_crash;
mod process_crash_groups;
mod process_dev;
mod process_docs;
mod process_doctor;
mod process_example_profiles;
mod process_full_disk;
mod process_import;
mod process_inspector;
mod process_leadhub;
mod process_leadsquared;
mod process_leanbe;
mod process_mail;
mod process_metrics;
mod process_openapi;
mod process_profile_command;
mod process_refusals;
mod process_replay;
mod process_replay_command;
mod process_retention;
mod process_secrets_at_rest;
mod process_send;
mod process_serve;
mod process_sleekplan;
mod process_standard_webhooks;
mod process_stop;
mod process_tls;
mod process_traces;
mod process_waiting;
mod profiles;
mod stage;
mod support;
