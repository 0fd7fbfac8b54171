//! The four traits of a store.

mod cluster;
mod configuration;
mod history;
mod queue;
