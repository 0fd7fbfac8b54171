//! The binary's inside: configuration, wiring and commands. A library only so that its tests can reach it.
//!
//! Nothing here decides what happens to an event: the parts that do are put together by [`node`] and started. The only
//! place that asks the machine for time and chance is [`ambient`].

pub mod ambient;
pub mod cli;
pub mod commands;
pub mod config;
pub mod hand_over;
pub mod listening;
pub mod logging;
pub mod machine;
pub mod node;
pub mod output;
pub mod profiles;
pub mod secret_key;
pub mod signals;
#[cfg(feature = "opentelemetry")]
pub mod telemetry;
pub mod traces;
