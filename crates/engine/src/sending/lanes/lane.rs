//! One lane: what it holds, what it waits for, and whether it is direct or spilled.

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use postroad_domain::{DeliveryId, Timestamp, limits::SLOW_EXCHANGE};
use postroad_store::QueuedDelivery;
use rustc_hash::FxHashSet;

use super::{breaker::Breaker, pace::Pace, types::LaneLimits};
use crate::configuration::lane_settings::{Host, LaneSettings};

/// What a delivery takes beside its data: the structures that lead to it.
const OVERHEAD_BYTES: usize = 512;

/// With each answer a new lane has so many times the exchanges under way, until it has all that it may have.
const RAMP: u32 = 4;

/// The memory a delivery is counted with.
pub(super) fn bytes_of(delivery: &QueuedDelivery) -> usize {
    let event = &delivery.event;
    let tags = event.tags.iter().map(String::len).sum::<usize>();
    delivery.bytes() + event.attributes.len() + tags + OVERHEAD_BYTES
}

/// What happened while the store was reading.
#[derive(Debug, Default)]
pub(super) struct Refill {
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
    pub(super) rests_until: Option<Timestamp>,
    /// Of an ordered lane: the delivery that all others wait for, and when its next attempt is due.
    pub(super) waiting_head: Option<(DeliveryId, Timestamp)>,
    /// Of an ordered lane: in the store such a delivery stands behind what is held.
    pub(super) has_pause_behind: bool,
    /// Its turn came while this host had all exchanges that it may have.
    pub(super) waits_for: Option<Host>,
    /// It has waited for this host, and has a seat there that nobody else takes before its turn.
    pub(super) seat_at: Option<Host>,
    pub(super) refill: Option<Refill>,
    /// Held deliveries that wait in the store again, and since when: sent again by hand before their last outcome was
    /// settled here.
    coming_back: Vec<(DeliveryId, Timestamp)>,
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
            rests_until: None,
            waiting_head: None,
            has_pause_behind: false,
            waits_for: None,
            seat_at: None,
            refill: None,
            coming_back: Vec::new(),
            in_turns: false,
            is_thirsty: false,
            timer_set_for: None,
            memory_timer_set_for: None,
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
        if self.spilled || full || self.would_overtake(&delivery) {
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

    /// Whether something may wait in the store that comes before a new delivery. Order matters where the subscription says
    /// so, and where it has not been asked yet.
    fn would_overtake(&self, delivery: &QueuedDelivery) -> bool {
        let is_behind = self.next_due.is_some_and(|due| due <= delivery.due);
        self.keeps_order() && (self.is_due || is_behind || self.refill.is_some())
    }

    pub(super) fn keeps_order(&self) -> bool {
        !self.is_known || self.settings.ordered
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

    pub(super) fn take_turn(&mut self, now: Timestamp) -> Option<QueuedDelivery> {
        let delivery = self.ready.pop_front()?;
        self.ready_bytes -= bytes_of(&delivery);
        self.under_way += 1;
        self.pace.began(now);
        Some(delivery)
    }

    /// It has as many exchanges under way as it may have.
    pub(super) fn has_all_exchanges(&self) -> bool {
        self.under_way >= self.breaker.allows(self.settings.concurrency).min(self.ramp)
    }

    pub(super) fn can_take_turn(&self) -> bool {
        let waits_for_the_one_before = self.settings.ordered && self.held.len() > self.ready.len();
        !self.ready.is_empty()
            && !self.has_all_exchanges()
            && self.rests_until.is_none()
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

    /// The version of the subscription whose settings it has.
    pub(super) fn settings_version(&self) -> Option<i64> {
        self.is_known.then_some(self.settings.version)
    }

    pub(super) fn host(&self) -> Option<&Host> {
        self.settings.host.as_ref()
    }

    /// How exchanges are made from now on, unless a later version of the subscription is known. The first one of a lane may
    /// have begun by then, since who it leads to was not known. Answers the host where it has a seat that it cannot use any
    /// more: it leads elsewhere.
    pub(super) fn set_settings(&mut self, settings: LaneSettings, now: Timestamp) -> Option<Host> {
        if settings.version < self.settings.version {
            return None;
        }
        self.pace.set(settings.rate_limit, now);
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

    /// Nothing is sent before `until`.
    pub(super) fn rest(&mut self, until: Timestamp) {
        self.rests_until = self.rests_until.max(Some(until));
    }

    /// Whether its subscription has changed by more than its secrets since it heard of it, or it has not begun.
    pub(super) fn begins_anew_with(&self, settings: &LaneSettings) -> bool {
        let is_newer = settings.version > self.settings.version;
        !self.is_known || is_newer && !settings.changes_secrets_only(&self.settings)
    }

    /// Whether a turn that was given by this version of the subscription may be used still.
    pub(super) fn still_holds(&self, version: i64) -> bool {
        version >= self.begun_with
    }

    /// Whatever held it back is over; but the head of one that goes on keeping its order waits for its next attempt.
    pub(super) fn begin_anew(&mut self, version: i64, ordered: bool) {
        self.begun_with = version;
        self.rests_until = None;
        self.breaker = Breaker::default();
        if !ordered {
            self.forget_any_head();
        }
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
        self.breaker.failed(began, now)
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
    }

    /// A delivery waits in the store from `due` on.
    pub(super) fn expect_back(&mut self, id: DeliveryId, due: Timestamp) {
        if self.held.contains(&id) {
            self.coming_back.push((id, due));
        }
        self.note_due(due);
    }

    /// Something may wait in the store from `now` on. If it is one whose last outcome is not settled here yet, a refill would
    /// skip it: then the lane looks again once that one is released.
    pub(super) fn look_again(&mut self, now: Timestamp) {
        if self.held.len() > self.ready.len() {
            let ready: FxHashSet<DeliveryId> = self.ready.iter().map(|delivery| delivery.id).collect();
            let unsettled = self.held.iter().filter(|id| !ready.contains(*id));
            let known: FxHashSet<DeliveryId> = self.coming_back.iter().map(|(id, _)| *id).collect();
            self.coming_back.extend(unsettled.filter(|id| !known.contains(*id)).map(|id| (*id, now)));
        }
        self.note_due(now);
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

    /// A timer that was set for `due` rang.
    pub(super) fn tick(&mut self, due: Timestamp) {
        if self.rests_until.is_some_and(|until| until <= due) {
            self.rests_until = None;
        }
        if self.waiting_head.is_some_and(|(_, until)| until <= due) {
            self.waiting_head = None;
        }
        if self.pace.remembers_until().is_some_and(|until| until <= due) {
            self.pace.forget();
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
            && self.rests_until.is_none()
            && self.waiting_head.is_none()
            && self.waits_for.is_none()
            && self.pace.remembers_until().is_none()
            && !self.in_turns
            && !self.is_thirsty
    }

    pub(super) fn push(&mut self, delivery: QueuedDelivery) {
        self.held.insert(delivery.id);
        self.ready_bytes += bytes_of(&delivery);
        self.ready.push_back(delivery);
    }
}
