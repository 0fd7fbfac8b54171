//! Sessions of a store with one node: they never run out, and every claim succeeds without a row being written.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use postroad_domain::Timestamp;
use postroad_store::{ClaimLanes, LaneLease, Session, SessionId};

/// The sessions of this process.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    opened: AtomicI64,
}

impl Sessions {
    /// A number of its own for a session.
    pub(crate) fn open(&self) -> SessionId {
        SessionId(self.opened.fetch_add(1, Relaxed) + 1)
    }
}

/// A session as it stands, which is always the same.
pub(crate) fn session(id: SessionId, newest: Timestamp) -> Session {
    Session { id, owns_everything: true, living: vec![id], newest }
}

/// Every lane, owned since ever.
pub(crate) fn claim(claim: ClaimLanes) -> Vec<LaneLease> {
    claim.lanes.into_iter().map(|lane| LaneLease { lane, epoch: 1 }).collect()
}
