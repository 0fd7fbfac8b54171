//! One lane: what it holds, what it waits for, and whether it is direct or spilled.

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use postroad_domain::{DeliveryId, Timestamp, limits::SLOW_EXCHANGE};
use postroad_store::QueuedDelivery;
use rustc_hash::FxHashSet;

use super::{
    breaker::Breaker,
    memory::{Memory, bytes_of},
    types::{LaneLimits, Rest},
};
use crate::{
    configuration::lane_settings::{Host, LaneSettings},
    pace::Pace,
};

/// A lane that rests for less keeps what it has in memory.
pub(super) const REST_KEPT_MAX: Duration = Duration::from_secs(1);

/// So many deliveries are read for each exchange that a slowed lane may make.
const USABLE_PER_EXCHANGE: usize = 4;

/// With each answer a new lane has so many times the exchanges under way, until it has all that it may have.
const RAMP: u32 = 4;

/// A refill under way, and what happened while the store was reading.
#[derive(Debug, Default)]
pub(super) struct Refill {
    /// Memory that it may fill.
    pub(super) reserved: usize,
    /// What was known before of the first due time in the store, and of a delivery that pauses: it holds again if the reading fails.
    pub(super) before: (Option<Timestamp>, bool),
    /// Outcomes committed since: the reading may still show these deliveries.
    pub(super) settled: HashSet<DeliveryId>,
    /// The earliest due time noted since: the reading may not show it yet.
    pub(super) noted: Option<Timestamp>,
    /// A new delivery went to the store only: the lane must stay spilled to keep the order.
    pub(super) passed_by: bool,
    /// The head went back to the store meanwhile: what is read now stands behind it.
    pub(super) is_stale: bool,
}

#[derive(Debug)]
pub(super) struct Lane {
    /// Waits for its turn.
    pub(super) ready: VecDeque<QueuedDelivery>,
    pub(super) ready_bytes: usize,
    /// Ready, under way, or with an outcome that is not committed.
    pub(super) held: FxHashSet<DeliveryId>,
    under_way: u32,
    /// So many exchanges at a time, until its receiver has shown that it answers: one that hangs holds one seat and not all
    /// that its subscription allows.
    ramp: u32,
    /// Its last exchange took long.
    is_slow: bool,
    pub(super) settings: LaneSettings,
    /// Its subscription was looked up.
    is_known: bool,
    /// The version of the subscription that it began with, or began anew with. Those behind it, up to that of `settings`, change
    /// nothing but secrets.
    begun_with: i64,
    breaker: Breaker,
    pace: Pace,
    /// The first due time in the store of what is not held, as far as it is known.
    pub(super) next_due: Option<Timestamp>,
    /// The due time has come: a refill would find something.
    pub(super) is_due: bool,
    /// New deliveries go to the store only.
    pub(super) spilled: bool,
    /// Nothing is sent before, and why.
    pub(super) rest: Option<(Timestamp, Rest)>,
    /// Of an ordered lane: the delivery that all others wait for, and when its next attempt is due.
    pub(super) waiting_head: Option<(DeliveryId, Timestamp)>,
    /// Of an ordered lane: in the store such a delivery stands behind what is held.
    pub(super) has_pause_behind: bool,
    /// Its turn came while this host had all exchanges that it may have.
    pub(super) waits_for: Option<Host>,
    /// It has waited for this host, and has a seat there that nobody else takes before its turn.
    pub(super) seat_at: Option<Host>,
    pub(super) refill: Option<Refill>,
    /// Refills that failed in a row: each halves what the next one asks for.
    pub(super) refills_failed: u32,
    /// No refill begins before.
    pub(super) refill_rests_until: Option<Timestamp>,
    /// Held deliveries that wait in the store again, and since when: sent again by hand before their last outcome was
    /// settled here.
    coming_back: Vec<(DeliveryId, Timestamp)>,
    /// Those that had no outcome yet when the lane was to look into the store again, and since when: some of them may wait there
    /// again, and it looks once more when the last of them is settled.
    unsettled: (FxHashSet<DeliveryId>, Timestamp),
    /// It is to look again behind that.
    looks_twice: bool,
    pub(super) in_turns: bool,
    pub(super) is_thirsty: bool,
    timer_set_for: Option<Timestamp>,
    memory_timer_set_for: Option<Timestamp>,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            ready: VecDeque::new(),
            ready_bytes: 0,
            held: FxHashSet::default(),
            under_way: 0,
            ramp: 1,
            is_slow: false,
            settings: LaneSettings::default(),
            is_known: false,
            begun_with: 0,
            breaker: Breaker::default(),
            pace: Pace::default(),
            next_due: None,
            is_due: false,
            spilled: false,
            rest: None,
            waiting_head: None,
            has_pause_behind: false,
            waits_for: None,
            seat_at: None,
            refill: None,
            refills_failed: 0,
            refill_rests_until: None,
            coming_back: Vec::new(),
            unsettled: (FxHashSet::default(), Timestamp::default()),
            looks_twice: false,
            in_turns: false,
            is_thirsty: false,
            timer_set_for: None,
            memory_timer_set_for: None,
        }
    }
}

impl Lane {
    /// Takes a new delivery into memory if the lane is direct and there is room.
    pub(super) fn offer(&mut self, delivery: QueuedDelivery, limits: &LaneLimits, memory: &mut Memory) {
        if self.held.contains(&delivery.id) || self.was_settled(delivery.id) {
            return;
        }
        let full = self.ready.len() >= limits.lane_deliveries
            || self.ready_bytes >= memory.share_of_lane(delivery.lane.tenant_no, limits.lane_bytes);
        if self.spilled || full || self.would_overtake(&delivery) {
            self.spilled = true;
            self.note_due(delivery.due);
            // It is due by the clock that committed it, so no timer is needed.
            self.is_due = true;
            if let Some(refill) = &mut self.refill {
                refill.passed_by = true;
            }
            return;
        }
        self.push(delivery, memory);
    }

    /// Whether something may wait in the store that comes before a new delivery. Order matters where the subscription says
    /// so, and where it has not been asked yet.
    fn would_overtake(&self, delivery: &QueuedDelivery) -> bool {
        let is_behind = self.next_due.is_some_and(|due| due <= delivery.due);
        self.keeps_order() && (self.is_due || is_behind || self.refill.is_some())
    }

    pub(super) fn keeps_order(&self) -> bool {
        !self.is_known || self.settings.ordered
    }

    pub(super) fn note_due(&mut self, due: Timestamp) {
        let earliest = |known: Option<Timestamp>| Some(known.map_or(due, |known| known.min(due)));
        self.next_due = earliest(self.next_due);
        if let Some(refill) = &mut self.refill {
            refill.noted = earliest(refill.noted);
        }
    }

    pub(super) fn take_turn(&mut self, now: Timestamp, memory: &mut Memory) -> Option<QueuedDelivery> {
        let delivery = self.ready.pop_front()?;
        self.ready_bytes -= bytes_of(&delivery);
        memory.gave(&delivery);
        self.under_way += 1;
        self.pace.began(now);
        Some(delivery)
    }

    /// It has as many exchanges under way as it may have.
    pub(super) fn has_all_exchanges(&self) -> bool {
        let ramp = if self.settings.breaker { self.ramp } else { u32::MAX };
        self.under_way >= self.breaker.allows(self.settings.concurrency).min(ramp)
    }

    pub(super) fn can_take_turn(&self) -> bool {
        let waits_for_the_one_before = self.settings.ordered && self.held.len() > self.ready.len();
        !self.ready.is_empty()
            && !self.has_all_exchanges()
            && self.rest.is_none()
            && self.waiting_head.is_none()
            && self.waits_for.is_none()
            && !waits_for_the_one_before
    }

    /// The host where it has a seat that it cannot use any more.
    pub(super) fn passes_on(&mut self) -> Option<Host> {
        if self.in_turns || self.can_take_turn() {
            return None;
        }
        self.seat_at.take()
    }

    /// Until when its rate limit keeps the next exchange back.
    pub(super) fn paced_until(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.pace.waits_until(now)
    }

    /// Its subscription was looked up.
    pub(super) fn is_known(&self) -> bool {
        self.is_known
    }

    /// The version of the subscription whose settings it has.
    pub(super) fn settings_version(&self) -> Option<i64> {
        self.is_known.then_some(self.settings.version)
    }

    pub(super) fn host(&self) -> Option<&Host> {
        self.settings.host.as_ref()
    }

    /// So many deliveries it may hold ready: no more than it can use soon.
    pub(super) fn capacity(&self, limits: &LaneLimits) -> usize {
        let rate = self.settings.rate_limit.filter(|rate| rate.per >= REST_KEPT_MAX);
        let paced = rate.map_or(usize::MAX, |rate| rate.count as usize);
        let allowed = if self.breaker.is_closed() {
            usize::MAX
        } else {
            self.breaker.allows(self.settings.concurrency) as usize * USABLE_PER_EXCHANGE
        };
        limits.lane_deliveries.min(paced).min(allowed)
    }

    /// How exchanges are made from now on, unless a later version of the subscription is known. The first one of a lane may
    /// have begun by then, since who it leads to was not known. Answers the host where it has a seat that it cannot use any
    /// more: it leads elsewhere.
    pub(super) fn set_settings(&mut self, settings: LaneSettings, now: Timestamp) -> Option<Host> {
        if settings.version < self.settings.version {
            return None;
        }
        self.pace.set(settings.rate_limit, (self.under_way > 0).then_some(now));
        if !settings.breaker {
            self.breaker = Breaker::default();
        }
        if !self.is_known {
            self.begun_with = settings.version;
        }
        (self.settings, self.is_known) = (settings, true);
        let host = self.settings.host.as_ref();
        self.waits_for.take_if(|waited_for| host != Some(&*waited_for));
        self.seat_at.take_if(|seat_at| host != Some(&*seat_at))
    }

    pub(super) fn end_exchange(&mut self) {
        self.under_way -= 1;
    }

    /// Nothing is sent before `until`. Of two rests the longer one counts.
    pub(super) fn rest(&mut self, until: Timestamp, why: Rest) {
        if self.rests_until().is_none_or(|known| known < until) {
            self.rest = Some((until, why));
        }
    }

    pub(super) fn rests_until(&self) -> Option<Timestamp> {
        self.rest.map(|(until, _)| until)
    }

    /// Whether its subscription has changed by more than its secrets since it heard of it, or it has not begun.
    pub(super) fn begins_anew_with(&self, settings: &LaneSettings) -> bool {
        let is_newer = settings.version > self.settings.version;
        !self.is_known || is_newer && !settings.sends_as(&self.settings)
    }

    /// Whether a turn that was given by this version of the subscription may be used still.
    pub(super) fn still_holds(&self, version: i64) -> bool {
        version >= self.begun_with
    }

    /// Whatever held it back is over; but the head of one that goes on keeping its order waits for its next attempt, unless a version
    /// lies in between that may have called it off. Answers whether none does.
    pub(super) fn begin_anew(&mut self, settings: &LaneSettings) -> bool {
        let is_next = self.is_known && settings.version <= self.settings.version + 1;
        self.begun_with = settings.version;
        self.rest = None;
        self.breaker = Breaker::default();
        if !settings.ordered || !is_next {
            self.forget_any_head();
        }
        is_next
    }

    /// The breaker's pause is over, as if nothing had failed.
    pub(super) fn end_pause(&mut self) {
        self.rest.take_if(|(_, why)| *why == Rest::Breaker);
        self.breaker = Breaker::default();
    }

    /// The turn that was given at this moment made no exchange.
    pub(super) fn not_begun(&mut self, at: Timestamp) {
        self.pace.not_begun(at);
    }

    /// An exchange of the lane took so long, whatever its answer was.
    pub(super) fn took(&mut self, duration: Duration) {
        self.is_slow = duration >= SLOW_EXCHANGE;
        self.ramp = self.ramp.saturating_mul(RAMP).min(self.settings.concurrency);
    }

    pub(super) fn is_slow(&self) -> bool {
        self.is_slow
    }

    pub(super) fn succeeded(&mut self) {
        self.breaker.succeeded(self.settings.concurrency);
    }

    /// An exchange that began at `began` failed; answers until when the lane pauses.
    pub(super) fn failed(&mut self, began: Timestamp, now: Timestamp) -> Option<Timestamp> {
        if self.settings.breaker { self.breaker.failed(began, now) } else { None }
    }

    pub(super) fn is_slowed(&self) -> bool {
        self.breaker.is_open()
    }

    pub(super) fn is_ordered(&self) -> bool {
        self.settings.ordered
    }

    /// All others wait for this delivery until its next attempt is due.
    pub(super) fn wait_for_head(&mut self, id: DeliveryId, until: Timestamp) {
        self.waiting_head = Some((id, until));
    }

    /// Until when all others wait for the head.
    pub(super) fn head_waits_until(&self) -> Option<Timestamp> {
        self.waiting_head.map(|(_, until)| until)
    }

    /// Nobody waits for this delivery any more: it ended, or was called off.
    pub(super) fn forget_head(&mut self, id: DeliveryId) {
        self.waiting_head.take_if(|(head, _)| *head == id);
    }

    /// Nobody waits for any delivery.
    pub(super) fn forget_any_head(&mut self) {
        self.waiting_head = None;
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
        if self.unsettled.0.remove(&id) && self.unsettled.0.is_empty() {
            let since = self.unsettled.1;
            self.note_due(since);
            if std::mem::take(&mut self.looks_twice) {
                self.look_behind_unsettled(since);
            }
        }
    }

    /// A delivery waits in the store from `due` on.
    pub(super) fn expect_back(&mut self, id: DeliveryId, due: Timestamp) {
        if self.held.contains(&id) && self.coming_back.iter().all(|(known, _)| *known != id) {
            self.coming_back.push((id, due));
        }
        self.note_due(due);
    }

    /// Something may wait in the store from `now` on. If it is one whose last outcome is not settled here yet, a refill would
    /// skip it: then the lane looks again once all of those are settled.
    pub(super) fn look_again(&mut self, now: Timestamp) {
        if self.unsettled.0.is_empty() {
            self.look_behind_unsettled(now);
        } else {
            self.looks_twice = true;
        }
        // It may have been called off. If not, the next reading finds that it pauses.
        self.forget_any_head();
        self.note_due(now);
    }

    fn look_behind_unsettled(&mut self, now: Timestamp) {
        if self.held.len() > self.ready.len() {
            let ready: FxHashSet<DeliveryId> = self.ready.iter().map(|delivery| delivery.id).collect();
            self.unsettled = (self.held.difference(&ready).copied().collect(), now);
        }
    }

    pub(super) fn is_delivering(&self, id: DeliveryId) -> bool {
        self.held.contains(&id) && !self.ready.iter().any(|ready| ready.id == id)
    }

    pub(super) fn drop_ready(&mut self, memory: &mut Memory) {
        for delivery in std::mem::take(&mut self.ready) {
            memory.gave(&delivery);
            self.release(delivery.id);
        }
        self.ready_bytes = 0;
    }

    /// Lets go of a delivery that waits for its turn.
    pub(super) fn drop_one(&mut self, id: DeliveryId, memory: &mut Memory) {
        // A refill whose reading is older than the cancel must not bring it back.
        if let Some(refill) = &mut self.refill {
            refill.settled.insert(id);
        }
        let place = self.ready.iter().position(|ready| ready.id == id);
        let Some(delivery) = place.and_then(|place| self.ready.remove(place)) else { return };
        self.ready_bytes -= bytes_of(&delivery);
        memory.gave(&delivery);
        self.release(id);
    }

    /// Lets go of the deliveries that wait for their turn and that the store may have ended: all with a number up to this one. The
    /// lane looks into the store again.
    pub(super) fn drop_up_to(&mut self, handle: i64, memory: &mut Memory) {
        let ready = std::mem::take(&mut self.ready);
        let (gone, kept): (VecDeque<_>, _) = ready.into_iter().partition(|ready| ready.handle <= handle);
        self.ready = kept;
        for delivery in gone {
            self.ready_bytes -= bytes_of(&delivery);
            memory.gave(&delivery);
            self.release(delivery.id);
        }
        (self.spilled, self.is_due) = (true, true);
        if let Some(refill) = &mut self.refill {
            (refill.passed_by, refill.is_stale) = (true, true);
        }
        // It may have ended too. If not, the next reading finds that it pauses.
        self.forget_any_head();
    }

    /// A timer that was set for `due` rang.
    pub(super) fn tick(&mut self, due: Timestamp) {
        if self.rests_until().is_some_and(|until| until <= due) {
            self.rest = None;
        }
        if self.waiting_head.is_some_and(|(_, until)| until <= due) {
            self.waiting_head = None;
        }
        if self.pace.remembers_until().is_some_and(|until| until <= due) {
            self.pace.forget();
        }
        if self.refill_rests_until.is_some_and(|until| until <= due) {
            self.refill_rests_until = None;
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
        let replaced = self.timer_set_for.replace(due).filter(|set| self.rests_until() != Some(*set));
        Some((replaced, due))
    }

    /// The time until which its pace must be remembered, where nothing else keeps the lane; asked once for each.
    pub(super) fn memory_timer_to_set(&mut self) -> Option<Timestamp> {
        let until = self.pace.remembers_until().filter(|_| self.held.is_empty())?;
        let is_new = self.memory_timer_set_for.is_none_or(|set| set < until);
        is_new.then(|| *self.memory_timer_set_for.insert(until))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
            && self.under_way == 0
            && self.next_due.is_none()
            && self.refill.is_none()
            && self.refill_rests_until.is_none()
            && self.rest.is_none()
            && self.waiting_head.is_none()
            && self.waits_for.is_none()
            && self.pace.remembers_until().is_none()
            && !self.in_turns
            && !self.is_thirsty
    }

    pub(super) fn push(&mut self, delivery: QueuedDelivery, memory: &mut Memory) {
        self.held.insert(delivery.id);
        self.ready_bytes += bytes_of(&delivery);
        memory.took(&delivery);
        self.ready.push_back(delivery);
    }
}
