//! Lanes: which delivery is sent next. One subscription, one lane.
//!
//! [`LaneSet`] is pure: it is told what happened and asked what to do, and knows no clock, no task and no store. What
//! surrounds it is in [`crate::dispatch`].
//!
//! A lane is **direct** while everything due in it fits its share of memory: new deliveries go to memory and to the
//! store alike. Beyond the share it is **spilled**: new deliveries go to the store only, and it is refilled from there
//! in order of due time. Ten million waiting for a dead endpoint cost disk and nothing else.
//!
//! **Invariants**
//! * A delivery is *held* from the moment it comes into memory until its outcome is committed. What is held is never
//!   taken in a second time, from whichever side it comes, so no attempt is made twice in one process.
//! * A refill reads from the head of the queue and skips what is held. Whatever is due and not held is found by the
//!   next refill, and the lane knows when to ask: memory can lose nothing that the store has.
//! * Ready lanes take turns, one delivery each.

mod lane;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    time::Duration,
};

use lane::Lane;
use postroad_domain::{DeliveryId, Timestamp};
use postroad_store::{LaneKey, QueuedDelivery, Refilled};

/// How much memory and how many exchanges the lanes may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LaneLimits {
    /// Deliveries of one lane in memory.
    pub(crate) lane_deliveries: usize,
    /// Bytes of one lane in memory.
    pub(crate) lane_bytes: usize,
    /// Bytes of all lanes in memory; above it a lane keeps one delivery.
    pub(crate) all_bytes: usize,
    /// Exchanges under way, over all lanes.
    pub(crate) exchanges: usize,
    /// Refills under way, over all lanes.
    pub(crate) refills: usize,
}

/// A wish to read a lane's next deliveries from the store.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RefillWish {
    /// Which lane.
    pub(crate) lane: LaneKey,
    /// What must not come again.
    pub(crate) held: Vec<DeliveryId>,
    /// Room for so many deliveries.
    pub(crate) limit: usize,
    /// Room for so many bytes.
    pub(crate) bytes_max: usize,
}

/// Figures of the lanes for `/metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LaneFigures {
    /// Lanes in memory.
    pub(crate) lanes: usize,
    /// Deliveries in memory that wait for their turn.
    pub(crate) ready: usize,
    /// Bytes of them.
    pub(crate) ready_bytes: usize,
    /// Exchanges under way.
    pub(crate) under_way: usize,
}

/// All lanes of this node.
#[derive(Debug)]
pub(crate) struct LaneSet {
    limits: LaneLimits,
    lanes: HashMap<LaneKey, Lane>,
    /// Lanes that can take a turn, in the order in which they do.
    turns: VecDeque<LaneKey>,
    /// Lanes that want a refill, in the order in which they get one.
    thirsty: VecDeque<LaneKey>,
    timers: BTreeSet<(Timestamp, LaneKey)>,
    /// A timer was set that rings before all others.
    first_timer_changed: bool,
    figures: LaneFigures,
    refills: usize,
}

impl LaneSet {
    /// No lanes.
    pub(crate) fn new(limits: LaneLimits) -> Self {
        Self {
            limits,
            lanes: HashMap::new(),
            turns: VecDeque::new(),
            thirsty: VecDeque::new(),
            timers: BTreeSet::new(),
            first_timer_changed: false,
            figures: LaneFigures::default(),
            refills: 0,
        }
    }

    /// A delivery was committed. Calls come in the order of commits.
    pub(crate) fn offer(&mut self, delivery: QueuedDelivery) {
        let key = delivery.lane;
        let crowded = self.figures.ready_bytes >= self.limits.all_bytes;
        let lane = self.lanes.entry(key).or_default();
        if lane.offer(delivery, &self.limits, crowded) {
            self.figures.ready += 1;
            self.figures.ready_bytes += lane.newest_bytes();
        }
        self.settle(key);
    }

    /// Something waits for this lane in the store from `due` on: found at the start, or put there by somebody else.
    pub(crate) fn wake(&mut self, key: LaneKey, due: Timestamp) {
        self.lanes.entry(key).or_default().note_due(due);
        self.settle(key);
    }

    /// A delivery was put into the lane's queue by hand. While its earlier attempt is still held, a refill would skip it:
    /// then the lane looks again once it is released.
    pub(crate) fn wake_for(&mut self, key: LaneKey, id: DeliveryId, due: Timestamp) {
        self.lanes.entry(key).or_default().expect_back(id, due);
        self.settle(key);
    }

    /// A rest that its receiver asked for is over: the subscription was changed.
    pub(crate) fn end_rest(&mut self, key: LaneKey) {
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.rests_until = None;
        }
        self.settle(key);
    }

    /// The next exchange to make, or `None` when nothing is ready or everything allowed is under way.
    pub(crate) fn next_turn(&mut self) -> Option<QueuedDelivery> {
        while self.figures.under_way < self.limits.exchanges {
            let key = self.turns.pop_front()?;
            let Some(lane) = self.lanes.get_mut(&key) else { continue };
            let taken = lane.take_turn();
            if let Some(delivery) = &taken {
                self.figures.ready -= 1;
                self.figures.ready_bytes -= lane::bytes_of(delivery);
                self.figures.under_way += 1;
            }
            self.settle(key);
            if taken.is_some() {
                return taken;
            }
        }
        None
    }

    /// An exchange is over; its outcome is on the way to its commit.
    pub(crate) fn exchanged(&mut self, key: LaneKey) {
        self.figures.under_way -= 1;
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.under_way -= 1;
        }
        self.settle(key);
    }

    /// A delivery needs nothing more from memory: its outcome is committed, with the next due time if it goes on
    /// waiting, or it was given back.
    pub(crate) fn settled(&mut self, key: LaneKey, id: DeliveryId, next_due: Option<Timestamp>) {
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.release(id);
        }
        if let Some(due) = next_due {
            self.lanes.entry(key).or_default().note_due(due);
        }
        self.settle(key);
    }

    /// Sets how many exchanges the lane may have under way.
    pub(crate) fn set_concurrency(&mut self, key: LaneKey, concurrency: u32) {
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.concurrency = concurrency;
        }
        self.settle(key);
    }

    /// Nothing of this lane is sent before `until`: its receiver asked for a rest.
    pub(crate) fn rest(&mut self, key: LaneKey, until: Timestamp) {
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.rests_until = lane.rests_until.max(Some(until));
            self.set_timer(until, key);
        }
    }

    /// Forgets what waits in memory for this lane; the store decides what becomes of it, so the lane asks it again at
    /// `again_at`. Exchanges under way go on.
    pub(crate) fn drop_ready(&mut self, key: LaneKey, again_at: Timestamp) {
        if let Some(lane) = self.lanes.get_mut(&key) {
            let (deliveries, bytes) = lane.drop_ready();
            lane.note_due(again_at);
            self.figures.ready -= deliveries;
            self.figures.ready_bytes -= bytes;
        }
        self.settle(key);
    }

    /// Takes one delivery out of memory, if it waits there.
    pub(crate) fn drop_one(&mut self, key: LaneKey, id: DeliveryId) {
        let dropped = self.lanes.get_mut(&key).and_then(|lane| lane.drop_one(id));
        if let Some(bytes) = dropped {
            self.figures.ready -= 1;
            self.figures.ready_bytes -= bytes;
        }
        self.settle(key);
    }

    /// Whether an exchange for this delivery is under way or its outcome not committed yet.
    pub(crate) fn is_delivering(&self, key: LaneKey, id: DeliveryId) -> bool {
        self.lanes.get(&key).is_some_and(|lane| lane.is_delivering(id))
    }

    /// The next wish for a refill that may be fulfilled now. It must be answered by [`Self::refilled`] or
    /// [`Self::refill_failed`].
    pub(crate) fn next_refill(&mut self) -> Option<RefillWish> {
        while self.refills < self.limits.refills {
            let key = self.thirsty.pop_front()?;
            let crowded = self.figures.ready_bytes >= self.limits.all_bytes;
            let Some(lane) = self.lanes.get_mut(&key) else { continue };
            if let Some(wish) = lane.begin_refill(key, &self.limits, crowded) {
                self.refills += 1;
                return Some(wish);
            }
        }
        None
    }

    /// The store answered a refill of what was due by `due_by`.
    pub(crate) fn refilled(&mut self, key: LaneKey, refilled: Refilled, due_by: Timestamp) {
        self.refills -= 1;
        if let Some(lane) = self.lanes.get_mut(&key) {
            let (deliveries, bytes) = lane.end_refill(refilled, due_by);
            self.figures.ready += deliveries;
            self.figures.ready_bytes += bytes;
        }
        self.settle(key);
    }

    /// The store could not answer a refill; the lane asks again from `again_at` on.
    pub(crate) fn refill_failed(&mut self, key: LaneKey, again_at: Timestamp) {
        let nothing = Refilled { deliveries: Vec::new(), next_due: Some(again_at) };
        self.refilled(key, nothing, again_at.before(Duration::from_micros(1)));
    }

    /// Lets due lanes ask for their refill and rested lanes take their turn. Answers when to call again.
    pub(crate) fn tick(&mut self, now: Timestamp) -> Option<Timestamp> {
        while let Some((due, key)) = self.timers.first().copied() {
            if due > now {
                return Some(due);
            }
            self.timers.pop_first();
            if let Some(lane) = self.lanes.get_mut(&key) {
                lane.tick(due);
                self.settle(key);
            }
        }
        None
    }

    /// Whether [`Self::tick`] must be called earlier than it last said; asks once.
    pub(crate) fn take_first_timer_changed(&mut self) -> bool {
        std::mem::take(&mut self.first_timer_changed)
    }

    /// Figures for `/metrics`.
    pub(crate) fn figures(&self) -> LaneFigures {
        LaneFigures { lanes: self.lanes.len(), ..self.figures }
    }

    /// After any change of a lane: queues it where it now belongs, sets its timer, or forgets it when it is empty.
    fn settle(&mut self, key: LaneKey) {
        let Some(lane) = self.lanes.get_mut(&key) else { return };
        if lane.can_take_turn() && !lane.in_turns {
            lane.in_turns = true;
            self.turns.push_back(key);
        }
        if lane.wants_refill(&self.limits) && !lane.is_thirsty {
            lane.is_thirsty = true;
            self.thirsty.push_back(key);
        }
        let (timer, is_empty) = (lane.timer_to_set(), lane.is_empty());
        if let Some((replaced, due)) = timer {
            if let Some(replaced) = replaced {
                self.timers.remove(&(replaced, key));
            }
            self.set_timer(due, key);
        }
        if is_empty {
            self.lanes.remove(&key);
        }
    }

    fn set_timer(&mut self, due: Timestamp, key: LaneKey) {
        self.first_timer_changed |= self.timers.first().is_none_or(|(first, _)| due < *first);
        self.timers.insert((due, key));
    }
}
