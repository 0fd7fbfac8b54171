//! The operations of [`Cluster`], each handed to the writer or to a reader.

use async_trait::async_trait;
use postroad_store::{
    ChangeKinds, Changes, ClaimLanes, Cluster, Heartbeat, LaneLease, OpenSession, ReleaseLanes, Session,
    StoreError,
};

use super::{SqliteStore, sessions};
use crate::reading::events;

#[async_trait]
impl Cluster for SqliteStore {
    async fn open_session(&self, _: OpenSession) -> Result<Session, StoreError> {
        Ok(sessions::session(self.sessions.open(), self.readers.read(events::newest).await?))
    }

    async fn heartbeat(&self, beat: Heartbeat) -> Result<Session, StoreError> {
        Ok(sessions::session(beat.session, self.readers.read(events::newest).await?))
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
