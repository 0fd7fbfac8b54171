//! What every store must do: the suite that the memory store and the real ones pass.
//!
//! Each check is a function whose name is the sentence it proves. A store's test runs them all, one test each, by
//! [`crate::conformance_suite!`].
//!
//! **Invariants:**
//! * a check sees the store only through the trait, and begins with an empty one;
//! * time and chance come from the [`World`]: a failure is the same each time;
//! * no two ids of a world are of the same millisecond, so that the order of ids, of rows and of commits is one order.
//!
//! On purpose it measures nothing and waits for nothing: a lease ends here because it was asked for with no length.

#![allow(missing_docs, reason = "the name of a check is the sentence that documents it")]
#![allow(clippy::unwrap_used, reason = "a check fails by panicking")]

pub mod accept;
pub mod all_tenants;
pub mod audit;
pub mod audited;
pub mod backlog;
pub mod changes;
pub mod config;
pub mod event_types;
pub mod failing;
pub mod fanout;
pub mod gone;
pub mod groups;
pub mod history;
pub mod idempotency;
pub mod isolation;
pub mod keys;
pub mod lanes;
pub mod lists;
pub mod log;
pub mod model;
pub mod notices;
pub mod outcomes;
pub mod profiles;
pub mod redirecting;
mod replay_steps;
pub mod replays;
pub mod retention;
pub mod retention_of_tenants;
pub mod retry_and_cancel;
pub mod send_now;
pub mod sessions;
pub mod settings;
pub mod stored_bodies;
pub mod subscription_tests;
mod suite;
pub mod verification;
pub mod versions;
pub mod watermarks;
mod world;

use std::sync::Arc;

pub use world::World;

use crate::Store;

/// What a factory of [`crate::conformance_suite!`] answers: a fresh, empty store, alone or with a guard that lives as
/// long as the check, such as a temporary folder.
pub trait Fixture {
    /// The store.
    fn store(&self) -> Arc<dyn Store>;
}

impl<S: Store> Fixture for Arc<S> {
    fn store(&self) -> Arc<dyn Store> {
        Self::clone(self)
    }
}

impl Fixture for Arc<dyn Store> {
    fn store(&self) -> Arc<dyn Store> {
        Self::clone(self)
    }
}

impl<F: Fixture, G> Fixture for (F, G) {
    fn store(&self) -> Arc<dyn Store> {
        self.0.store()
    }
}
