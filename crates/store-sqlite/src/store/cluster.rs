//! The operations of [`Cluster`], each handed to the writer or to a reader.

use async_trait::async_trait;
use postroad_store::{
    ChangeKinds, Changes, ClaimLanes, Cluster, Heartbeat, LaneLease, OpenSession, ReleaseLanes, Session,
    StoreError,
};

use super::{SqliteStore, sessions};

#[async_trait]
impl Cluster for SqliteStore {
    async fn open_session(&self, _: OpenSession) -> Result<Session, StoreError> {
        Ok(self.sessions.open())
    }

    async fn heartbeat(&self, beat: Heartbeat) -> Result<Session, StoreError> {
        Ok(sessions::session(beat.session))
    }

    async fn claim_lanes(&self, claim: ClaimLanes) -> Result<Vec<LaneLease>, StoreError> {
        Ok(sessions::claim(claim))
    }

    async fn release_lanes(&self, _: ReleaseLanes) -> Result<(), StoreError> {
        Ok(())
    }

    fn changes(&self, kinds: ChangeKinds) -> Changes {
        self.feed.changes(kinds)
    }
}
