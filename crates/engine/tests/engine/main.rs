//! What the engine promises, through its public operations.

mod accepting;
mod ending;
mod restarting;
mod secrets;
mod sending;
mod trouble;
mod world;
