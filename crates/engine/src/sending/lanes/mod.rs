//! Lanes: which delivery is sent next. One subscription, one lane.
//!
//! [`LaneSet`] is pure: it is told what happened and asked what to do, and knows no clock, no task and no store. What
//! surrounds it is in [`crate::sending::dispatch`].
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
//! * Tenants take turns, within a tenant its lanes, one delivery each; a tenant has no more exchanges under way than are
//!   free for all others ([`turns`]), and a host no more than it may have ([`hosts`]). Lanes whose receivers are slow have
//!   a half of all exchanges for themselves, so that those that hang never take the other half; a lane that nobody knows
//!   yet has one exchange until it was answered.
//! * A lane that fails is slowed down ([`breaker`]) and one with a rate limit keeps it ([`crate::pace`]); neither changes how often
//!   a delivery is tried.
//! * An ordered lane has one delivery between its turn and its committed outcome; one that goes on waiting is the head again.

mod breaker;
mod fair_queue;
mod hosts;
mod lane;
mod memory;
mod refill;
mod seats;
mod standing;
mod table;
#[cfg(test)]
mod tests;
mod turns;
pub(crate) mod types;

use std::{collections::BTreeSet, time::Duration};

use postroad_domain::{DeliveryId, TenantNo, Timestamp, limits::EXCHANGES_PER_HOST_AND_LANE_MAX};
use postroad_store::{LaneKey, QueuedDelivery, Refilled};
use rustc_hash::FxHashMap;

use self::{
    hosts::Hosts,
    lane::{Lane, REST_KEPT_MAX},
    memory::Memory,
    table::LaneTable,
    turns::Turns,
    types::{Ended, LaneFigures, LaneLimits, RefillWish, Rest},
};
use crate::configuration::lane_settings::LaneSettings;

/// How long a commit may take to be told, at most.
const CANCELLED_KEPT: Duration = Duration::from_secs(10);
/// Cancelled deliveries that are kept so long. Beyond it one may be sent, if its commit was not told yet when it was cancelled.
const CANCELLED_KEPT_MAX: usize = 10_000;

/// All lanes of this node.
#[derive(Debug)]
pub(crate) struct LaneSet {
    limits: LaneLimits,
    lanes: LaneTable,
    /// Of lanes whose receivers answer soon, or are not known yet.
    turns: Turns,
    /// Of lanes whose last exchange took long.
    slow_turns: Turns,
    /// Whose turn it is to be asked first.
    slow_first: bool,
    hosts: Hosts,
    /// What waits for its turn, and which lanes want a refill.
    memory: Memory,
    /// Deliveries that were cancelled a moment ago: their commit may not have been told yet. Each with until when it is kept.
    cancelled: FxHashMap<DeliveryId, Timestamp>,
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
            lanes: LaneTable::default(),
            turns: Turns::new(limits.exchanges - limits.exchanges / 2, limits.exchange_bytes / 2),
            slow_turns: Turns::new(limits.exchanges / 2, limits.exchange_bytes / 2),
            slow_first: false,
            hosts: Hosts::new(limits.host_exchanges),
            memory: Memory::new(limits.all_bytes),
            cancelled: FxHashMap::default(),
            timers: BTreeSet::new(),
            first_timer_changed: false,
            figures: LaneFigures::default(),
            refills: 0,
        }
    }

    /// A delivery was committed, and is due. Calls come in the order of commits.
    pub(crate) fn offer(&mut self, delivery: QueuedDelivery) {
        let key = delivery.lane;
        // Somebody may find a delivery and cancel it before its commit is told here.
        if !self.cancelled.is_empty() && self.cancelled.contains_key(&delivery.id) {
            return;
        }
        self.lanes.at(key).offer(delivery, &self.limits, &mut self.memory);
        self.settle(key);
    }

    /// Somebody wants what waits to be sent now: the pause of its breaker is over. What its receiver asked for, and its rate limit, hold.
    pub(crate) fn end_pause(&mut self, key: LaneKey, now: Timestamp) {
        let Some(lane) = self.lanes.get_mut(&key) else { return };
        let was_slowed = lane.is_slowed();
        lane.end_pause();
        self.figures.slowed -= usize::from(was_slowed && !lane.is_slowed());
        lane.note_due(now);
        self.settle(key);
    }

    /// Something waits for this lane in the store until `due`: found at the start, committed, or put there by somebody else.
    pub(crate) fn wake(&mut self, key: LaneKey, due: Timestamp) {
        self.lanes.at(key).note_due(due);
        self.settle(key);
    }

    /// A delivery was put into the lane's queue by hand. While its earlier attempt is still held, a refill would skip it:
    /// then the lane looks again once it is released.
    pub(crate) fn wake_for(&mut self, key: LaneKey, id: DeliveryId, due: Timestamp) {
        self.cancelled.remove(&id);
        self.lanes.at(key).expect_back(id, due);
        self.settle(key);
    }

    /// The subscription was changed: whatever held the lane back is over, and it makes exchanges so from now on. Something may wait
    /// for it in the store; all of it is taken from there again where an order must be kept from now on, or where a version lies in
    /// between that nobody told of: it may have called off what waits in memory.
    pub(crate) fn begin_anew(&mut self, key: LaneKey, settings: LaneSettings, now: Timestamp) {
        let lane = self.lanes.at(key);
        self.figures.slowed -= usize::from(lane.is_slowed());
        let order_begins = settings.ordered && !lane.keeps_order();
        let knows_all_before = lane.begin_anew(&settings);
        lane.note_due(now);
        if order_begins || !knows_all_before {
            lane.go_back(&mut self.memory);
        }
        self.set_settings(key, settings, now);
    }

    /// Something of the lane or its subscription changed, on this node or another: it begins anew if the subscription was
    /// changed, and otherwise looks into the store again.
    pub(crate) fn look_again(&mut self, key: LaneKey, settings: LaneSettings, now: Timestamp) {
        let lane = self.lanes.at(key);
        if lane.begins_anew_with(&settings) {
            return self.begin_anew(key, settings, now);
        }
        lane.look_again(now);
        self.set_settings(key, settings, now);
    }

    /// Before an exchange: the lane has these settings from now on, and begins anew if they say something else than before.
    /// Answers whether the turn, which was given by that version, may be used. If not it is to be given back.
    pub(crate) fn still_holds(
        &mut self,
        key: LaneKey,
        (given_by, delivery_version): (Option<i64>, i64),
        settings: LaneSettings,
        now: Timestamp,
    ) -> bool {
        let Some(lane) = self.lanes.get(&key) else { return true };
        // The first exchange of a lane is the only one under way, and comes before anybody knows its settings. What was created by an
        // earlier version may have been called off since, by one that nobody told of: it is read anew.
        let begins_anew = match given_by {
            None if !lane.is_known() => delivery_version != settings.version,
            _ => lane.begins_anew_with(&settings),
        };
        let holds = given_by.unwrap_or(if begins_anew { i64::MIN } else { i64::MAX });
        if begins_anew {
            self.begin_anew(key, settings, now);
        } else {
            self.set_settings(key, settings, now);
        }
        self.lanes.get(&key).is_none_or(|lane| lane.still_holds(holds))
    }

    /// The lanes in memory.
    pub(crate) fn keys(&self) -> Vec<LaneKey> {
        self.lanes.keys().collect()
    }

    /// The lanes of a tenant in memory.
    pub(crate) fn of_tenant(&self, no: TenantNo) -> impl Iterator<Item = LaneKey> {
        self.lanes.of_tenant(no)
    }

    /// How an exchange ended, told before its outcome is committed.
    pub(crate) fn judged(&mut self, key: LaneKey, ended: Ended, now: Timestamp) {
        let Some(lane) = self.lanes.get_mut(&key) else { return };
        let was_slowed = lane.is_slowed();
        // How a receiver answered that was replaced meanwhile says nothing of the new one.
        let pause = match (lane.still_holds(ended.version), ended.succeeded) {
            (false, _) => None,
            (true, succeeded) => {
                lane.took(ended.took);
                if succeeded {
                    lane.succeeded();
                    None
                } else {
                    lane.failed(ended.began, now)
                }
            }
        };
        self.figures.slowed = self.figures.slowed + usize::from(lane.is_slowed()) - usize::from(was_slowed);
        if let Some(until) = ended.again_at.filter(|_| lane.is_ordered()) {
            lane.wait_for_head(ended.id, until);
            self.go_back(key);
            self.set_timer(until, key);
        }
        if let Some(until) = pause {
            self.rest(key, (until, Rest::Breaker), now);
        }
        self.settle(key);
    }

    /// A delivery could not be tried now. Everything of its lane is read anew from the store after a pause, in its order.
    pub(crate) fn give_back(&mut self, key: LaneKey, id: DeliveryId, again_at: Timestamp, now: Timestamp) {
        self.go_back(key);
        self.rest(key, (again_at, Rest::Unavailable), now);
        self.settled(key, id, None);
    }

    /// The turn that was given at this moment made no exchange: it counts for no rate limit.
    pub(crate) fn not_begun(&mut self, key: LaneKey, at: Timestamp) {
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.not_begun(at);
        }
    }

    /// Whether the lane keeps an order now; `None` where nobody knows.
    pub(crate) fn keeps_order(&self, key: LaneKey) -> Option<bool> {
        self.lanes.get(&key).filter(|lane| lane.is_known()).map(Lane::is_ordered)
    }

    fn go_back(&mut self, key: LaneKey) {
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.go_back(&mut self.memory);
        }
    }

    /// A delivery needs nothing more from memory: its outcome is committed, with the next due time if it goes on
    /// waiting, or it was given back.
    pub(crate) fn settled(&mut self, key: LaneKey, id: DeliveryId, next_due: Option<Timestamp>) {
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.release(id);
            if next_due.is_none() {
                lane.forget_head(id);
            }
        }
        if let Some(due) = next_due {
            self.lanes.at(key).note_due(due);
        }
        self.settle(key);
    }

    /// How the lane makes exchanges from now on.
    pub(crate) fn set_settings(&mut self, key: LaneKey, settings: LaneSettings, now: Timestamp) {
        let Some(lane) = self.lanes.get_mut(&key) else { return };
        let concurrency = settings.concurrency.min(EXCHANGES_PER_HOST_AND_LANE_MAX);
        let was_slowed = lane.is_slowed();
        let left = lane.set_settings(LaneSettings { concurrency, ..settings }, now);
        self.figures.slowed -= usize::from(was_slowed && !lane.is_slowed());
        self.settle(key);
        if let Some(host) = left {
            self.leave(&host, key);
        }
    }

    /// The receiver of an exchange that was made with this version asks for a rest; answers whether it is given one. That of a receiver
    /// that was replaced meanwhile concerns nobody.
    pub(crate) fn rest_asked(
        &mut self,
        key: LaneKey,
        version: i64,
        until: Timestamp,
        now: Timestamp,
    ) -> bool {
        let holds = self.lanes.get(&key).is_none_or(|lane| lane.still_holds(version));
        if holds {
            self.rest(key, (until, Rest::RetryAfter), now);
        }
        holds
    }

    /// Nothing of this lane is sent before `until`. If that is long, its memory is for others: the store has what waits.
    pub(crate) fn rest(&mut self, key: LaneKey, (until, why): (Timestamp, Rest), now: Timestamp) {
        let Some(lane) = self.lanes.get_mut(&key) else { return };
        lane.rest(until, why);
        if until.since(now) >= REST_KEPT_MAX {
            lane.go_back(&mut self.memory);
        }
        self.set_timer(until, key);
    }

    /// Forgets what waits in memory for this lane; the store decides what becomes of it, so the lane asks it again at
    /// `again_at`. Exchanges under way go on.
    pub(crate) fn drop_ready(&mut self, key: LaneKey, again_at: Timestamp) {
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.go_back(&mut self.memory);
            lane.forget_any_head();
            // It may be activated again and say the same as before: that is a change.
            lane.settings.spec = None;
            lane.note_due(again_at);
        }
        self.settle(key);
    }

    /// One delivery was cancelled: takes it out of memory, if it waits there, and keeps it out.
    pub(crate) fn drop_one(&mut self, key: LaneKey, id: DeliveryId, now: Timestamp) {
        self.cancelled.retain(|_, until| *until > now);
        if self.cancelled.len() < CANCELLED_KEPT_MAX {
            self.cancelled.insert(id, now.after(CANCELLED_KEPT));
        }
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.forget_head(id);
            lane.drop_one(id, &mut self.memory);
            // It may have been queued again already.
            lane.note_due(now);
        }
        self.settle(key);
    }

    /// The store ended the oldest deliveries that waited in the lane, those up to this number: more waited than may.
    pub(crate) fn drop_up_to(&mut self, key: LaneKey, handle: i64) {
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.drop_up_to(handle, &mut self.memory);
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
            let key = self.memory.next_thirsty()?;
            let Some(lane) = self.lanes.get_mut(&key) else { continue };
            if let Some(wish) = lane.begin_refill(key, &self.limits, &self.memory) {
                self.refills += 1;
                self.memory.reserve(key.tenant_no, wish.bytes_max);
                return Some(wish);
            }
        }
        None
    }

    /// The store answered a refill of what was due by `due_by`. Answers whether the lane waits for a head now without that anybody
    /// knows whether it keeps an order: then its subscription is to be looked up.
    pub(crate) fn refilled(&mut self, key: LaneKey, refilled: Refilled, due_by: Timestamp) -> bool {
        self.refills -= 1;
        let mut is_unknown = false;
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.end_refill(key, refilled, due_by, &mut self.memory);
            if let Some(until) = lane.head_waits_until() {
                is_unknown = !lane.is_known();
                self.set_timer(until, key);
            }
        }
        self.settle(key);
        is_unknown
    }

    /// The store could not answer a refill; the lane asks again from `again_at` on, for less. What was known to wait still does.
    pub(crate) fn refill_failed(&mut self, key: LaneKey, again_at: Timestamp) {
        self.refills -= 1;
        if let Some(lane) = self.lanes.get_mut(&key) {
            let reserved = lane.fail_refill(again_at);
            self.memory.release(key.tenant_no, reserved);
            self.set_timer(again_at, key);
        }
        self.settle(key);
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
        let under_way = self.turns.under_way() + self.slow_turns.under_way();
        let (ready, ready_bytes) = (self.memory.deliveries(), self.memory.bytes());
        LaneFigures { lanes: self.lanes.len(), under_way, ready, ready_bytes, ..self.figures }
    }

    /// After any change of a lane: queues it where it now belongs, sets its timer, or forgets it when it is empty.
    fn settle(&mut self, key: LaneKey) {
        let Some(lane) = self.lanes.get_mut(&key) else { return };
        if let Some(host) = lane.passes_on() {
            self.settle(key);
            return self.leave(&host, key);
        }
        if lane.can_take_turn() && !lane.in_turns {
            lane.in_turns = true;
            let turns = if lane.is_slow() { &mut self.slow_turns } else { &mut self.turns };
            turns.push(key, lane.seat_at.is_some());
        }
        if lane.wants_refill(&self.limits) && !lane.is_thirsty {
            lane.is_thirsty = true;
            self.memory.wants_refill(key);
        }
        let (timer, remembered) = (lane.timer_to_set(), lane.memory_timer_to_set());
        let (is_empty, was_slowed) = (lane.is_empty(), lane.is_slowed());
        if let Some(until) = remembered {
            self.set_timer(until, key);
        }
        if let Some((replaced, due)) = timer {
            if let Some(replaced) = replaced {
                self.timers.remove(&(replaced, key));
            }
            self.set_timer(due, key);
        }
        if is_empty {
            self.figures.slowed -= usize::from(was_slowed);
            self.lanes.remove(&key);
        }
    }

    fn set_timer(&mut self, due: Timestamp, key: LaneKey) {
        self.first_timer_changed |= self.timers.first().is_none_or(|(first, _)| due < *first);
        self.timers.insert((due, key));
    }
}
