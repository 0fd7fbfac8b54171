//! Sessions and leases of lanes. The clock is the caller's.

use postroad_domain::Timestamp;

use super::state::State;
use crate::{
    ClaimLanes, Heartbeat, LaneKey, LaneLease, OpenSession, ReleaseLanes, Session, SessionId, StoreError,
};

impl State {
    pub(super) fn open_session(&mut self, open: &OpenSession) -> Session {
        let id = SessionId(self.next_number());
        self.sessions.insert(id, open.at.after(open.lease));
        self.session(id, open.at)
    }

    pub(super) fn heartbeat(&mut self, beat: Heartbeat) -> Result<Session, StoreError> {
        if !self.lives(beat.session, beat.at) {
            return Err(StoreError::SessionLost);
        }
        self.sessions.insert(beat.session, beat.at.after(beat.lease));
        Ok(self.session(beat.session, beat.at))
    }

    pub(super) fn claim_lanes(&mut self, claim: &ClaimLanes) -> Result<Vec<LaneLease>, StoreError> {
        if !self.lives(claim.session, claim.at) {
            return Err(StoreError::SessionLost);
        }
        Ok(claim.lanes.iter().filter_map(|lane| self.claim(claim.session, *lane, claim.at)).collect())
    }

    pub(super) fn release_lanes(&mut self, release: &ReleaseLanes) {
        for (lane, lease) in &mut self.leases {
            let named = release.lanes.is_empty() || release.lanes.contains(lane);
            if named && lease.holder == Some(release.session) {
                lease.holder = None;
            }
        }
    }

    /// Whether the session owns the lane: what fences outcomes.
    pub(super) fn holds(&self, session: SessionId, lane: LaneKey, at: Timestamp) -> bool {
        let holder = self.leases.get(&lane).and_then(|lease| lease.holder);
        self.owns_everything || (holder == Some(session) && self.lives(session, at))
    }

    fn claim(&mut self, session: SessionId, lane: LaneKey, at: Timestamp) -> Option<LaneLease> {
        let holder = self.leases.get(&lane).and_then(|lease| lease.holder);
        if holder.is_some_and(|holder| holder != session && !self.owns_everything && self.lives(holder, at)) {
            return None;
        }
        let lease = self.leases.entry(lane).or_default();
        if holder != Some(session) {
            lease.holder = Some(session);
            lease.epoch += 1;
        }
        Some(LaneLease { lane, epoch: lease.epoch })
    }

    fn lives(&self, session: SessionId, at: Timestamp) -> bool {
        self.owns_everything || self.sessions.get(&session).is_some_and(|end| at < *end)
    }

    fn session(&self, id: SessionId, at: Timestamp) -> Session {
        let living = if self.owns_everything {
            vec![id]
        } else {
            self.sessions.keys().copied().filter(|session| self.lives(*session, at)).collect()
        };
        let accepted = self.events.values().map(|event| event.accepted_at);
        let newest = accepted.max().unwrap_or_default();
        Session { id, owns_everything: self.owns_everything, living, newest }
    }
}
