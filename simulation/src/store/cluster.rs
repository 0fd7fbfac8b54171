//! The cluster, handed on.

use async_trait::async_trait;
use postroad_store::{
    ChangeKinds, Changes, ClaimLanes, Cluster, Heartbeat, LaneLease, OpenSession, ReleaseLanes, Session,
    StoreError,
};

use super::SimulatedStore;

#[async_trait]
impl Cluster for SimulatedStore {
    async fn open_session(&self, open: OpenSession) -> Result<Session, StoreError> {
        self.now(self.inner.open_session(open)).await
    }

    async fn heartbeat(&self, beat: Heartbeat) -> Result<Session, StoreError> {
        self.now(self.inner.heartbeat(beat)).await
    }

    async fn claim_lanes(&self, claim: ClaimLanes) -> Result<Vec<LaneLease>, StoreError> {
        self.now(self.inner.claim_lanes(claim)).await
    }

    async fn release_lanes(&self, release: ReleaseLanes) -> Result<(), StoreError> {
        self.now(self.inner.release_lanes(release)).await
    }

    fn changes(&self, kinds: ChangeKinds) -> Changes {
        self.inner.changes(kinds)
    }
}
