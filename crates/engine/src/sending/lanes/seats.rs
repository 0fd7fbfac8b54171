//! Giving turns: whose exchange begins next, and who gets a seat at a host when one becomes free.
//!
//! **Invariant:** a lane whose turn came while its host had no seat gets the next one in the order of waiting, and nobody
//! takes it before: otherwise a lane that is ready again at once could take each seat before the lane that waits.

use postroad_domain::Timestamp;
use postroad_store::LaneKey;

use super::{
    LaneSet,
    memory::bytes_of,
    turns::Turns,
    types::{Rest, Seat, Turn},
};
use crate::configuration::lane_settings::Host;

/// While an exchange is under way, memory holds the event's data and the body that was made of it.
const COPIES_UNDER_WAY: usize = 2;

impl LaneSet {
    /// The next exchange to make, or `None` when nothing is ready or everything allowed is under way.
    pub(crate) fn next_turn(&mut self, now: Timestamp) -> Option<Turn> {
        while let Some((key, is_slow)) = self.next_lane() {
            let turn = self.take_turn(key, is_slow, now);
            self.settle(key);
            if turn.is_some() {
                return turn;
            }
        }
        None
    }

    /// The lane whose turn it is, and whether it stood among the slow ones.
    fn next_lane(&mut self) -> Option<(LaneKey, bool)> {
        self.slow_first = !self.slow_first;
        [self.slow_first, !self.slow_first]
            .into_iter()
            .find_map(|is_slow| Some((self.turns_of(is_slow).pop()?, is_slow)))
    }

    fn take_turn(&mut self, key: LaneKey, stood_among_slow: bool, now: Timestamp) -> Option<Turn> {
        let lane = self.lanes.get_mut(&key)?;
        lane.in_turns = false;
        // One that became slow while it stood there takes its turn among the slow ones.
        if !lane.can_take_turn() || lane.is_slow() != stood_among_slow {
            return None;
        }
        if let Some(until) = lane.paced_until(now) {
            self.rest(key, (until, Rest::RateLimit), now);
            return None;
        }
        let host = lane.host().cloned();
        let has_seat = lane.seat_at.take().is_some();
        if host.as_ref().is_some_and(|host| !has_seat && !self.hosts.begin(host, key)) {
            lane.waits_for = host;
            return None;
        }
        let delivery = lane.take_turn(now, &mut self.memory)?;
        // The events of a group are read when its exchange begins.
        let group = delivery.group.map_or(0, |group| usize::try_from(group.bytes).unwrap_or(usize::MAX));
        let (bytes, settings_version) = (bytes_of(&delivery).max(group), lane.settings_version());
        let seat = Seat { host, is_slow: lane.is_slow(), bytes: bytes * COPIES_UNDER_WAY };
        self.turns_of(seat.is_slow).began(key.tenant_no, seat.bytes);
        Some(Turn { delivery, at: now, settings_version, seat })
    }

    fn turns_of(&mut self, is_slow: bool) -> &mut Turns {
        if is_slow { &mut self.slow_turns } else { &mut self.turns }
    }

    /// An exchange is over; its outcome is on the way to its commit. `seat` is its turn's.
    pub(crate) fn exchanged(&mut self, key: LaneKey, seat: &Seat) {
        self.turns_of(seat.is_slow).ended(key.tenant_no, seat.bytes);
        let host = seat.host.as_ref();
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.end_exchange();
        }
        self.settle(key);
        if let Some(host) = host {
            self.leave(host, key);
        }
    }

    /// The lane's seat at the host is free: the lane whose turn it is there gets it. It stands before the other lanes of its
    /// tenant then, since it had its turn already.
    pub(super) fn leave(&mut self, host: &Host, key: LaneKey) {
        self.hosts.end(host, key);
        while let Some(waiting) = self.hosts.next(host) {
            // Its URL may have changed since it began to wait here.
            let lane = self.lanes.get_mut(&waiting).filter(|lane| lane.waits_for.as_ref() == Some(host));
            let Some(lane) = lane else { continue };
            lane.waits_for = None;
            // A tenant that has its share already would keep the seat empty: its lane asks again when its turn comes.
            let turns = if lane.is_slow() { &self.slow_turns } else { &self.turns };
            let takes_it = lane.can_take_turn() && turns.may_begin(waiting.tenant_no);
            if takes_it {
                self.hosts.take(host, waiting);
                lane.seat_at = Some(host.clone());
            }
            self.settle(waiting);
            if takes_it {
                return;
            }
        }
    }
}
