//! Nodes and the lanes they own.
//!
//! A node sends only what lies in a lane it holds a lease of, and starts no attempt when its last confirmed heartbeat
//! is older than the lease less a second. The lease is told by the store's own clock. An embedded store has one node,
//! which owns everything: its sessions never run out and its claims always succeed, without a row being written.

use std::time::Duration;

use postroad_domain::Timestamp;

use crate::LaneKey;

/// A node's registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub i64);

/// Registers a node.
#[derive(Clone, Debug)]
pub struct OpenSession {
    /// A name for logs: host and process.
    pub name: String,
    /// How long the session lives without a heartbeat.
    pub lease: Duration,
    /// Now, for stores that take the caller's clock.
    pub at: Timestamp,
}

/// Extends a session.
#[derive(Clone, Copy, Debug)]
pub struct Heartbeat {
    /// Which.
    pub session: SessionId,
    /// How long it lives from now without another.
    pub lease: Duration,
    /// Now, for stores that take the caller's clock.
    pub at: Timestamp,
}

/// A session as the store sees it.
#[derive(Clone, Debug)]
pub struct Session {
    /// Which.
    pub id: SessionId,
    /// This node owns every lane there is and needs no claims: an embedded store.
    pub owns_everything: bool,
    /// Every session that lives, this one too: over them lanes are spread.
    pub living: Vec<SessionId>,
    /// When the newest event was accepted; the beginning of time where there is none. The clock of commits goes on from there.
    pub newest: Timestamp,
}

/// Takes lanes.
#[derive(Clone, Debug)]
pub struct ClaimLanes {
    /// For whom.
    pub session: SessionId,
    /// Which.
    pub lanes: Vec<LaneKey>,
    /// Now, for stores that take the caller's clock.
    pub at: Timestamp,
}

/// A lane that is owned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneLease {
    /// Which.
    pub lane: LaneKey,
    /// Grows with each change of the owner.
    pub epoch: i64,
}

/// Gives lanes back.
#[derive(Clone, Debug)]
pub struct ReleaseLanes {
    /// Who.
    pub session: SessionId,
    /// Which; empty for all.
    pub lanes: Vec<LaneKey>,
}
