//! The memory store's cluster.

use async_trait::async_trait;

use crate::{
    ChangeKinds, Changes, ClaimLanes, Cluster, Heartbeat, LaneLease, OpenSession, ReleaseLanes, Session,
    StoreError, memory::MemoryStore,
};

#[async_trait]
impl Cluster for MemoryStore {
    async fn open_session(&self, open: OpenSession) -> Result<Session, StoreError> {
        Ok(self.state().open_session(&open))
    }

    async fn heartbeat(&self, beat: Heartbeat) -> Result<Session, StoreError> {
        self.state().heartbeat(beat)
    }

    async fn claim_lanes(&self, claim: ClaimLanes) -> Result<Vec<LaneLease>, StoreError> {
        self.state().claim_lanes(&claim)
    }

    async fn release_lanes(&self, release: ReleaseLanes) -> Result<(), StoreError> {
        self.state().release_lanes(&release);
        Ok(())
    }

    fn changes(&self, kinds: ChangeKinds) -> Changes {
        self.shared.feed.changes(kinds)
    }
}
