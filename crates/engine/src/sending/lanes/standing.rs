//! What holds a lane back just now, for people who ask.

use postroad_domain::Timestamp;
use postroad_store::LaneKey;

use super::{LaneSet, types::LaneStanding};

impl LaneSet {
    /// What holds a lane back; nothing does where there is no lane in memory.
    pub(crate) fn standing(&mut self, key: LaneKey, now: Timestamp) -> LaneStanding {
        let Some(lane) = self.lanes.get_mut(&key) else { return LaneStanding::default() };
        let later = |until: Option<Timestamp>| until.filter(|until| *until > now);
        LaneStanding {
            rest: lane.rest.filter(|(until, _)| *until > now),
            head_until: later(lane.head_waits_until()),
            paced_until: later(lane.paced_until(now)),
            is_busy: lane.waits_for.is_some() || lane.has_all_exchanges(),
        }
    }
}
