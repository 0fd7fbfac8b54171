//! How a lane reads on in the store, and what may happen while the store is reading.
//!
//! **Invariant:** a refill reads from the head. What it shows was true when the store was read: what was settled since is
//! passed over, and what was noted since is looked for again.

use postroad_domain::{DeliveryId, Timestamp};
use postroad_store::{LaneKey, QueuedDelivery, Refilled};

use super::{
    lane::{Lane, Refill},
    types::{LaneLimits, RefillWish},
};

impl Lane {
    /// Below half of its share, and something that is not held is due. While an exchange of an ordered lane is not
    /// settled, the store may not show yet that its delivery stays the head; and while something stands before a delivery
    /// that pauses, the store has nothing else to show.
    pub(super) fn wants_refill(&self, limits: &LaneLimits) -> bool {
        let waits_for_the_one_before = self.settings.ordered && self.held.len() > self.ready.len();
        let waits_for_all_before = self.has_pause_behind && self.keeps_order() && !self.held.is_empty();
        self.is_due
            && !waits_for_the_one_before
            && !waits_for_all_before
            && self.refill.is_none()
            && self.rests_until.is_none()
            && self.waiting_head.is_none()
            && self.ready.len() * 2 <= limits.lane_deliveries
            && self.ready_bytes * 2 <= limits.lane_bytes
    }

    pub(super) fn begin_refill(
        &mut self,
        key: LaneKey,
        limits: &LaneLimits,
        crowded: bool,
    ) -> Option<RefillWish> {
        self.is_thirsty = false;
        if !self.wants_refill(limits) || (crowded && !self.ready.is_empty()) {
            return None;
        }
        self.refill = Some(Refill::default());
        (self.is_due, self.next_due, self.has_pause_behind) = (false, None, false);
        let limit = if crowded { 1 } else { limits.lane_deliveries - self.ready.len() };
        Some(RefillWish {
            lane: key,
            held: self.held.iter().copied().collect(),
            limit,
            bytes_max: limits.lane_bytes - self.ready_bytes,
        })
    }

    /// Takes in what the store read of what was due by `due_by`; answers how many deliveries and bytes that were.
    pub(super) fn end_refill(&mut self, refilled: Refilled, due_by: Timestamp) -> (usize, usize) {
        let Some(refill) = self.refill.take() else { return (0, 0) };
        let before = (self.ready.len(), self.ready_bytes);
        let mut stops = false;
        for delivery in refilled.deliveries.into_iter().filter(|_| !refill.is_stale) {
            if self.held.contains(&delivery.id) || refill.settled.contains(&delivery.id) {
                continue;
            }
            stops = self.stops_at(&delivery, due_by);
            if stops {
                break;
            }
            self.push(delivery);
        }
        self.next_due = [refilled.next_due, refill.noted].into_iter().flatten().min();
        self.is_due = stops || refill.passed_by || self.next_due.is_some_and(|due| due <= due_by);
        // Everything that is due is held, and nothing passed memory by in between: direct again.
        self.spilled = (self.spilled || self.keeps_order()) && self.is_due;
        (self.ready.len() - before.0, self.ready_bytes - before.1)
    }

    /// Whether a delivery that has kept its place is not to be tried yet, and all behind it wait. As the head it is waited
    /// for; behind others it is read again when they are gone.
    fn stops_at(&mut self, delivery: &QueuedDelivery, now: Timestamp) -> bool {
        let Some(until) = delivery.not_before.filter(|until| *until > now && self.keeps_order()) else {
            return false;
        };
        if self.held.is_empty() {
            self.wait_for_head(delivery.id, until);
        } else {
            self.has_pause_behind = true;
        }
        true
    }

    /// The delivery that just failed is the head again, before all that waits in memory: everything is read anew from the
    /// store, where it has kept its place.
    pub(super) fn go_back(&mut self) -> (usize, usize) {
        let dropped = self.drop_ready();
        (self.spilled, self.is_due) = (true, true);
        if let Some(refill) = &mut self.refill {
            (refill.passed_by, refill.is_stale) = (true, true);
        }
        dropped
    }

    pub(super) fn was_settled(&self, id: DeliveryId) -> bool {
        self.refill.as_ref().is_some_and(|refill| refill.settled.contains(&id))
    }
}
