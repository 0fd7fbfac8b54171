//! How a lane reads on in the store, and what may happen while the store is reading.
//!
//! **Invariant:** a refill reads from the head. What it shows was true when the store was read: what was settled since is
//! passed over, and what was noted since is looked for again.

use postroad_domain::{DeliveryId, Timestamp};
use postroad_store::{LaneKey, QueuedDelivery, Refilled};

use super::{
    lane::{Lane, Refill},
    memory::Memory,
    types::{LaneLimits, RefillWish},
};

impl Lane {
    /// Below half of what it may hold, and something that is not held is due. While an exchange of an ordered lane is not
    /// settled, the store may not show yet that its delivery stays the head; and while something stands before a delivery
    /// that pauses, the store has nothing else to show.
    pub(super) fn wants_refill(&self, limits: &LaneLimits) -> bool {
        let waits_for_the_one_before = self.settings.ordered && self.held.len() > self.ready.len();
        let waits_for_all_before = self.has_pause_behind && self.keeps_order() && !self.held.is_empty();
        self.is_due
            && !waits_for_the_one_before
            && !waits_for_all_before
            && self.refill.is_none()
            && self.refill_rests_until.is_none()
            && self.rest.is_none()
            && self.waiting_head.is_none()
            && self.ready.len() * 2 <= self.capacity(limits)
            && self.ready_bytes * 2 <= limits.lane_bytes
    }

    pub(super) fn begin_refill(
        &mut self,
        key: LaneKey,
        limits: &LaneLimits,
        room: usize,
    ) -> Option<RefillWish> {
        self.is_thirsty = false;
        if !self.wants_refill(limits) {
            return None;
        }
        // A reading that failed, or took longer than readings may, is tried again with half of it.
        let smaller = |amount: usize| amount.checked_shr(self.refills_failed).unwrap_or_default().max(1);
        let limit = smaller(self.capacity(limits).saturating_sub(self.ready.len()));
        let bytes_max = smaller((limits.lane_bytes - self.ready_bytes).min(room));
        let before = (self.next_due, self.has_pause_behind);
        self.refill = Some(Refill { reserved: bytes_max, before, ..Refill::default() });
        (self.is_due, self.next_due, self.has_pause_behind) = (false, None, false);
        Some(RefillWish { lane: key, held: self.held.iter().copied().collect(), limit, bytes_max })
    }

    /// The store could not be read: what was known before holds again. Answers the memory that was reserved.
    pub(super) fn fail_refill(&mut self, again_at: Timestamp) -> usize {
        let Some(refill) = self.refill.take() else { return 0 };
        self.refills_failed = self.refills_failed.saturating_add(1);
        self.refill_rests_until = Some(again_at);
        self.next_due = [refill.before.0, refill.noted].into_iter().flatten().min();
        (self.is_due, self.has_pause_behind) = (true, refill.before.1);
        refill.reserved
    }

    /// Takes in what the store read of what was due by `due_by`.
    pub(super) fn end_refill(
        &mut self,
        key: LaneKey,
        refilled: Refilled,
        due_by: Timestamp,
        memory: &mut Memory,
    ) {
        let Some(refill) = self.refill.take() else { return };
        memory.release(key.tenant_no, refill.reserved);
        self.refills_failed = 0;
        let mut stops = false;
        for delivery in refilled.deliveries.into_iter().filter(|_| !refill.is_stale) {
            if self.held.contains(&delivery.id) || refill.settled.contains(&delivery.id) {
                continue;
            }
            stops = self.stops_at(&delivery, due_by);
            if stops {
                break;
            }
            self.push(delivery, memory);
        }
        self.next_due = [refilled.next_due, refill.noted].into_iter().flatten().min();
        self.is_due = stops || refill.passed_by || self.next_due.is_some_and(|due| due <= due_by);
        // Everything that is due is held, and nothing passed memory by in between: direct again.
        self.spilled = (self.spilled || self.keeps_order()) && self.is_due;
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

    /// All that waits in memory is let go of and read anew from the store, in its order: a delivery that just failed is the head
    /// again, or the lane rests.
    pub(super) fn go_back(&mut self, memory: &mut Memory) {
        self.drop_ready(memory);
        (self.spilled, self.is_due) = (true, true);
        if let Some(refill) = &mut self.refill {
            (refill.passed_by, refill.is_stale) = (true, true);
        }
    }

    pub(super) fn was_settled(&self, id: DeliveryId) -> bool {
        self.refill.as_ref().is_some_and(|refill| refill.settled.contains(&id))
    }
}
