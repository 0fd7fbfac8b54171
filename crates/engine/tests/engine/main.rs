//! What the engine promises, through its public operations.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod accepting;
mod bursts;
mod changes;
mod drafts;
mod ending;
mod explaining;
mod failing;
mod handshaking;
mod named_endpoints;
mod notifying;
mod pacing;
mod profiles;
mod promises;
mod replaying;
mod restarting;
mod retention;
mod sealing;
mod secrets;
mod sending;
mod shares;
mod trouble;
mod trying;
mod waiting;
mod world;
