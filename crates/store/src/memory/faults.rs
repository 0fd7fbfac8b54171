//! Faults that tests inject into commits, and the gate that holds them.

use std::collections::BTreeSet;

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::{Commit, StoreError};

/// What a commit has to get past before it writes.
#[derive(Debug, Default)]
pub(super) struct Faults {
    settings: Mutex<Settings>,
    gate: watch::Sender<Gate>,
}

#[derive(Debug, Default)]
struct Settings {
    error: Option<StoreError>,
    lost: Option<StoreError>,
    poisonous_types: BTreeSet<String>,
    commits: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Gate {
    /// Guards that live; the gate is open when there is none.
    guards: usize,
    /// Commits that stand before the closed gate.
    waiting: usize,
}

impl Faults {
    /// Waits for the gate, then fails where a test wants it.
    pub(super) async fn pass(&self, commit: &Commit) -> Result<(), StoreError> {
        self.wait_for_gate().await;
        self.injected_error()?;
        let settings = self.settings.lock();
        let poison =
            commit.events.iter().find(|event| settings.poisonous_types.contains(event.event_type.as_str()));
        poison.map_or(Ok(()), |event| {
            Err(StoreError::Internal(format!("an event of the type {} cannot be written", event.event_type)))
        })
    }

    pub(super) fn injected_error(&self) -> Result<(), StoreError> {
        self.settings.lock().error.clone().map_or(Ok(()), Err)
    }

    pub(super) fn fail_commits(&self, error: Option<StoreError>) {
        self.settings.lock().error = error;
    }

    pub(super) fn lose_answers(&self, error: Option<StoreError>) {
        self.settings.lock().lost = error;
    }

    /// The answer to a change that was made, or the error in its place.
    pub(super) fn answer<T>(&self, made: T) -> Result<T, StoreError> {
        self.settings.lock().lost.clone().map_or(Ok(made), Err)
    }

    pub(super) fn fail_events_of_type(&self, event_type: &str) {
        self.settings.lock().poisonous_types.insert(event_type.to_owned());
    }

    pub(super) fn count_commit(&self) {
        self.settings.lock().commits += 1;
    }

    pub(super) fn commits(&self) -> usize {
        self.settings.lock().commits
    }

    pub(super) fn hold_commits(&self) -> HeldCommits {
        self.gate.send_modify(|gate| gate.guards += 1);
        HeldCommits { gate: self.gate.clone() }
    }

    async fn wait_for_gate(&self) {
        let mut gate = self.gate.subscribe();
        if gate.borrow().guards == 0 {
            return;
        }
        let _place = Place::take(&self.gate);
        // An error means that the sender is gone, which `self` holds.
        let _ = gate.wait_for(|gate| gate.guards == 0).await;
    }
}

/// A commit before the closed gate; leaves it also when its caller gives up.
struct Place<'a>(&'a watch::Sender<Gate>);

impl<'a> Place<'a> {
    fn take(gate: &'a watch::Sender<Gate>) -> Self {
        gate.send_modify(|gate| gate.waiting += 1);
        Self(gate)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|gate| gate.waiting -= 1);
    }
}

/// Holds commits back for as long as it lives.
#[derive(Debug)]
pub struct HeldCommits {
    gate: watch::Sender<Gate>,
}

impl HeldCommits {
    /// Ends when at least `count` commits wait for this guard: the signal to go on in a test.
    pub async fn wait_for(&self, count: usize) {
        let mut gate = self.gate.subscribe();
        // An error means that the sender is gone, which `self` holds.
        let _ = gate.wait_for(|gate| gate.waiting >= count).await;
    }
}

impl Drop for HeldCommits {
    fn drop(&mut self) {
        self.gate.send_modify(|gate| gate.guards -= 1);
    }
}
