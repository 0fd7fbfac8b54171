//! A store in memory, for tests: the same promises as the real ones, kept by the same conformance suite.
//!
//! **Invariants:**
//! * a clone is another handle on the same database: two engines on two clones are two nodes;
//! * one lock around the whole state: an operation is seen as a whole or not at all;
//! * an injected fault strikes before the first write, so that a failed commit wrote nothing.
//!
//! On purpose it is neither durable nor fast: most operations look at every row.

mod all_tenants;
mod audit;
mod commit;
mod config;
mod deliveries;
mod event_types;
mod faults;
mod groups;
mod history;
mod keys;
mod lanes;
mod lists;
mod log;
mod notices;
mod outcomes;
mod profiles;
mod prune;
mod replays;
mod rows;
mod seams;
mod sessions;
mod state;
mod subscription_test;
mod sweep;

use std::{
    mem,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use faults::Faults;
pub use faults::HeldCommits;
use parking_lot::{Mutex, MutexGuard};
use state::State;

use crate::{ChangeKinds, Feed, StoreError};

/// A store in memory. Cheap to clone; clones share everything, also the injected faults.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    faults: Faults,
    feed: Feed,
}

impl MemoryStore {
    /// An empty store for one node, which owns every lane: what the embedded store is.
    pub fn embedded() -> Self {
        Self::new(State::embedded())
    }

    /// An empty store for many nodes: lanes are leased, and leases run out by the moments that callers pass.
    pub fn clustered() -> Self {
        Self::new(State::clustered())
    }

    fn new(state: State) -> Self {
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                faults: Faults::default(),
                feed: Feed::default(),
            }),
        }
    }

    /// Every commit, every record of a test and every probe fails with `error` until this is called with `None`.
    pub fn fail_commits(&self, error: Option<StoreError>) {
        self.shared.faults.fail_commits(error);
    }

    /// Tenants are put and deleted and subscriptions deleted as asked, and the answer is `error` all the same, until this is
    /// called with `None`.
    pub fn lose_answers(&self, error: Option<StoreError>) {
        self.shared.faults.lose_answers(error);
    }

    /// Every commit that holds an event of this type fails as [`StoreError::Internal`]: the one bad item that must
    /// not fail its neighbours.
    pub fn fail_events_of_type(&self, event_type: &str) {
        self.shared.faults.fail_events_of_type(event_type);
    }

    /// Commits that begin from now on wait until the guard is dropped.
    pub fn hold_commits(&self) -> HeldCommits {
        self.shared.faults.hold_commits()
    }

    /// How many commits succeeded.
    pub fn commits(&self) -> usize {
        self.shared.faults.commits()
    }

    fn state(&self) -> Locked<'_> {
        let Shared { state, feed, .. } = &*self.shared;
        let mut state = state.lock();
        state.wants_events = feed.wants(ChangeKinds::EVENTS);
        Locked { state, feed }
    }
}

/// The state, in the hands of one operation. What that changed is announced before the next one begins.
struct Locked<'a> {
    state: MutexGuard<'a, State>,
    feed: &'a Feed,
}

impl Deref for Locked<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.feed.announce(&mem::take(&mut self.state.announced));
    }
}
