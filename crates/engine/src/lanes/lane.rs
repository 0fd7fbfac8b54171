//! One lane: what it holds, what it waits for, and whether it is direct or spilled.

use std::collections::{HashSet, VecDeque};

use postroad_domain::{DeliveryId, Timestamp};
use postroad_store::{LaneKey, QueuedDelivery, Refilled};

use super::{LaneLimits, RefillWish};

/// What a delivery takes beside its data: the structures that lead to it.
const OVERHEAD_BYTES: usize = 512;

/// The memory a delivery is counted with.
pub(super) fn bytes_of(delivery: &QueuedDelivery) -> usize {
    let event = &delivery.event;
    let tags = event.tags.iter().map(String::len).sum::<usize>();
    event.data.len() + event.attributes.len() + tags + OVERHEAD_BYTES
}

#[derive(Debug)]
pub(super) struct Lane {
    /// Waits for its turn.
    ready: VecDeque<QueuedDelivery>,
    ready_bytes: usize,
    /// Ready, under way, or with an outcome that is not committed.
    held: HashSet<DeliveryId>,
    pub(super) under_way: u32,
    /// 1 until the subscription was looked up for the first exchange.
    pub(super) concurrency: u32,
    /// The first due time in the store of what is not held, as far as it is known.
    next_due: Option<Timestamp>,
    /// The due time has come: a refill would find something.
    is_due: bool,
    /// New deliveries go to the store only.
    spilled: bool,
    pub(super) rests_until: Option<Timestamp>,
    refill: Option<Refill>,
    /// Held deliveries that wait in the store again, and since when: sent again by hand before their last outcome was
    /// settled here.
    coming_back: Vec<(DeliveryId, Timestamp)>,
    pub(super) in_turns: bool,
    pub(super) is_thirsty: bool,
    timer_set_for: Option<Timestamp>,
}

/// What happened while the store was reading.
#[derive(Debug, Default)]
struct Refill {
    /// Outcomes committed since: the reading may still show these deliveries.
    settled: HashSet<DeliveryId>,
    /// The earliest due time noted since: the reading may not show it yet.
    noted: Option<Timestamp>,
    /// A new delivery went to the store only: the lane must stay spilled to keep the order.
    passed_by: bool,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            ready: VecDeque::new(),
            ready_bytes: 0,
            held: HashSet::new(),
            under_way: 0,
            concurrency: 1,
            next_due: None,
            is_due: false,
            spilled: false,
            rests_until: None,
            refill: None,
            coming_back: Vec::new(),
            in_turns: false,
            is_thirsty: false,
            timer_set_for: None,
        }
    }
}

impl Lane {
    /// Takes a new delivery into memory if the lane is direct and has room; answers whether it did.
    pub(super) fn offer(&mut self, delivery: QueuedDelivery, limits: &LaneLimits, crowded: bool) -> bool {
        if self.held.contains(&delivery.id) || self.was_settled(delivery.id) {
            return false;
        }
        let full = self.ready.len() >= limits.lane_deliveries
            || self.ready_bytes >= limits.lane_bytes
            || (crowded && !self.ready.is_empty());
        if self.spilled || full {
            self.spilled = true;
            self.note_due(delivery.due);
            // It is due by the clock that committed it, so no timer is needed.
            self.is_due = true;
            if let Some(refill) = &mut self.refill {
                refill.passed_by = true;
            }
            return false;
        }
        self.push(delivery);
        true
    }

    pub(super) fn newest_bytes(&self) -> usize {
        self.ready.back().map_or(0, bytes_of)
    }

    pub(super) fn note_due(&mut self, due: Timestamp) {
        let earliest = |known: Option<Timestamp>| Some(known.map_or(due, |known| known.min(due)));
        self.next_due = earliest(self.next_due);
        if let Some(refill) = &mut self.refill {
            refill.noted = earliest(refill.noted);
        }
    }

    pub(super) fn take_turn(&mut self) -> Option<QueuedDelivery> {
        self.in_turns = false;
        if !self.can_take_turn() {
            return None;
        }
        let delivery = self.ready.pop_front()?;
        self.ready_bytes -= bytes_of(&delivery);
        self.under_way += 1;
        Some(delivery)
    }

    pub(super) fn can_take_turn(&self) -> bool {
        !self.ready.is_empty() && self.under_way < self.concurrency && self.rests_until.is_none()
    }

    /// Lets go of a delivery: memory needs it no more.
    pub(super) fn release(&mut self, id: DeliveryId) {
        self.held.remove(&id);
        if let Some(refill) = &mut self.refill {
            refill.settled.insert(id);
        }
        if let Some(place) = self.coming_back.iter().position(|(known, _)| *known == id) {
            let (_, due) = self.coming_back.swap_remove(place);
            self.note_due(due);
        }
    }

    /// A delivery waits in the store from `due` on.
    pub(super) fn expect_back(&mut self, id: DeliveryId, due: Timestamp) {
        if self.held.contains(&id) {
            self.coming_back.push((id, due));
        }
        self.note_due(due);
    }

    pub(super) fn is_delivering(&self, id: DeliveryId) -> bool {
        self.held.contains(&id) && !self.ready.iter().any(|ready| ready.id == id)
    }

    pub(super) fn drop_ready(&mut self) -> (usize, usize) {
        let dropped = (self.ready.len(), self.ready_bytes);
        for delivery in std::mem::take(&mut self.ready) {
            self.release(delivery.id);
        }
        self.ready_bytes = 0;
        dropped
    }

    pub(super) fn drop_one(&mut self, id: DeliveryId) -> Option<usize> {
        // A refill whose reading is older than the cancel must not bring it back.
        if let Some(refill) = &mut self.refill {
            refill.settled.insert(id);
        }
        let place = self.ready.iter().position(|ready| ready.id == id)?;
        let bytes = bytes_of(&self.ready.remove(place)?);
        self.ready_bytes -= bytes;
        self.release(id);
        Some(bytes)
    }

    /// Below half of its share, and something that is not held is due.
    pub(super) fn wants_refill(&self, limits: &LaneLimits) -> bool {
        self.is_due
            && self.refill.is_none()
            && self.rests_until.is_none()
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
        (self.is_due, self.next_due) = (false, None);
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
        for delivery in refilled.deliveries {
            if !self.held.contains(&delivery.id) && !refill.settled.contains(&delivery.id) {
                self.push(delivery);
            }
        }
        self.next_due = [refilled.next_due, refill.noted].into_iter().flatten().min();
        self.is_due = refill.passed_by || self.next_due.is_some_and(|due| due <= due_by);
        // Everything that is due is held, and nothing passed memory by in between: direct again.
        self.spilled = self.spilled && self.is_due;
        (self.ready.len() - before.0, self.ready_bytes - before.1)
    }

    /// A timer that was set for `due` rang.
    pub(super) fn tick(&mut self, due: Timestamp) {
        if self.rests_until.is_some_and(|until| until <= due) {
            self.rests_until = None;
        }
        if self.next_due.is_some_and(|next| next <= due) {
            self.is_due = true;
        }
        if self.timer_set_for == Some(due) {
            self.timer_set_for = None;
        }
    }

    /// The time for which a timer must be set now, behind the one that it replaces.
    pub(super) fn timer_to_set(&mut self) -> Option<(Option<Timestamp>, Timestamp)> {
        let due = self.next_due.filter(|_| !self.is_due)?;
        if self.timer_set_for.is_some_and(|set| set <= due) {
            return None;
        }
        // The timer of a rest is the same entry when it rings at the same time: it stays.
        let replaced = self.timer_set_for.replace(due).filter(|set| self.rests_until != Some(*set));
        Some((replaced, due))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
            && self.under_way == 0
            && self.next_due.is_none()
            && self.refill.is_none()
            && self.rests_until.is_none()
            && !self.in_turns
            && !self.is_thirsty
    }

    fn was_settled(&self, id: DeliveryId) -> bool {
        self.refill.as_ref().is_some_and(|refill| refill.settled.contains(&id))
    }

    fn push(&mut self, delivery: QueuedDelivery) {
        self.held.insert(delivery.id);
        self.ready_bytes += bytes_of(&delivery);
        self.ready.push_back(delivery);
    }
}
