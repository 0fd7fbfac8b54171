//! Nodes that share one store: who is alive, which lanes each of them owns, and what each must hear of.
//!
//! **Built, and not called by the engine yet:** [`Cluster::heartbeat`] and [`Cluster::claim_lanes`]. They stand here for the
//! cluster to come, the memory store carries them out, and the conformance suite holds every store to them. Until then one
//! node owns every lane: it opens a session at its start and gives its lanes back at its end.

mod changes;
mod session;

use async_trait::async_trait;
pub use changes::{Change, ChangeKinds, Changes, Feed};
pub use session::{ClaimLanes, Heartbeat, LaneLease, OpenSession, ReleaseLanes, Session, SessionId};

use crate::error::StoreError;

/// Sessions of nodes, their leases of lanes.
#[async_trait]
pub trait Cluster: Send + Sync + 'static {
    /// Registers a node. On an embedded store there is only one and it owns every lane.
    async fn open_session(&self, open: OpenSession) -> Result<Session, StoreError>;

    /// Extends a session's lease by the store's own clock; [`StoreError::SessionLost`] when it had run out.
    async fn heartbeat(&self, beat: Heartbeat) -> Result<Session, StoreError>;

    /// Takes the lanes that nobody else holds, or whose holder's session ran out; answers those that were taken.
    async fn claim_lanes(&self, claim: ClaimLanes) -> Result<Vec<LaneLease>, StoreError>;

    /// Gives lanes back.
    async fn release_lanes(&self, release: ReleaseLanes) -> Result<(), StoreError>;

    /// A reader of what changes from now on, on this node and on every other: how caches and whoever waits hear of it. A reader
    /// made while a commit is under way may miss that commit's [`Change::Events`]: look at the log once after making it, and
    /// again after a bounded wait.
    fn changes(&self, kinds: ChangeKinds) -> Changes;
}
