//! The five traits of a store, each operation one call of the state behind the lock.

mod cluster;
mod configuration;
mod history;
mod notices;
mod queue;
