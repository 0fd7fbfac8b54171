//! Events that wait for a commit. Tenants take turns, so that one with very many of them, or with events that go to very many
//! subscriptions, delays itself.
//!
//! In its turn a tenant writes so many rows, or opens one large fan-out (deficit round robin): one whose event was larger than what
//! was left of its turn sits out as many turns as that took. The events of a tenant keep their order, but for those that bring a
//! large fan-out which may not be opened now, as too many are open or this commit has opened enough: they wait, and with them what
//! was published by the same call behind them.

use std::collections::{VecDeque, hash_map::Entry};

use postroad_domain::TenantNo;
use rustc_hash::FxHashMap;

use super::{batch::EventJob, fanouts::OpenFanouts};

/// Rows that a tenant writes in its turn.
const TURN_ROWS: i64 = 64;

/// The events that wait.
#[derive(Default)]
pub(super) struct EventQueue {
    tenants: FxHashMap<TenantNo, Waiting>,
    /// The tenants that have an event to write, in the order of their turns.
    turns: VecDeque<TenantNo>,
    /// Tenants of whose events each waits for the end of a large fan-out.
    set_aside: Vec<TenantNo>,
    len: usize,
    rows: usize,
    bytes: usize,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<EventJob>,
    /// Events that bring a large fan-out, and those that were published behind them by the same call.
    held: VecDeque<EventJob>,
    /// The calls that published them, each with how many there are.
    held_calls: FxHashMap<u64, usize>,
    /// Rows that it may still write in this turn; less than none when its last event was larger.
    rows_left: i64,
    /// It stands among those that are set aside.
    is_aside: bool,
}

impl EventQueue {
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether any tenant has a turn: not where of each it is known that it waits for the end of a large fan-out.
    pub(super) fn has_turn(&self) -> bool {
        !self.turns.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Rows that the events write.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes of the events.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// An event comes.
    pub(super) fn push(&mut self, job: EventJob) {
        self.len += 1;
        self.rows += job.rows();
        self.bytes += job.bytes();
        let no = job.event.tenant_no;
        match self.tenants.entry(no) {
            Entry::Occupied(waiting) => {
                let waiting = waiting.into_mut();
                let need_not_wait =
                    job.event.fanout.is_empty() && !waiting.held_calls.contains_key(&job.call);
                waiting.events.push_back(job);
                if waiting.is_aside && need_not_wait {
                    waiting.is_aside = false;
                    self.set_aside.retain(|aside| *aside != no);
                    self.turns.push_back(no);
                }
            }
            Entry::Vacant(none) => {
                none.insert(Waiting { rows_left: TURN_ROWS, ..Waiting::default() }).events.push_back(job);
                self.turns.push_back(no);
            }
        }
    }

    /// Lets those come back to their turns who may open a large fan-out again.
    pub(super) fn let_return(&mut self, fanouts: &OpenFanouts) {
        for no in self.set_aside.extract_if(.., |no| fanouts.has_room(*no, 0)) {
            if let Some(waiting) = self.tenants.get_mut(&no) {
                waiting.is_aside = false;
            }
            self.turns.push_back(no);
        }
    }

    /// The event whose turn it is; of those that bring a large fan-out only one whose tenant may open it now. `None` when there is
    /// none.
    pub(super) fn pop(&mut self, may_open: impl Fn(TenantNo) -> bool) -> Option<EventJob> {
        loop {
            let no = *self.turns.front()?;
            let Some(waiting) = self.tenants.get_mut(&no) else {
                self.turns.pop_front();
                continue;
            };
            if waiting.rows_left <= 0 {
                waiting.rows_left += TURN_ROWS;
                self.turns.rotate_left(1);
                continue;
            }
            let Some(job) = waiting.next(|| may_open(no)) else {
                waiting.is_aside = true;
                self.turns.pop_front();
                self.set_aside.push(no);
                continue;
            };
            let rows = i64::try_from(job.rows()).unwrap_or(i64::MAX);
            waiting.rows_left -= if job.event.fanout.is_empty() { rows } else { rows.max(TURN_ROWS) };
            if waiting.events.is_empty() && waiting.held.is_empty() {
                self.tenants.remove(&no);
                self.turns.pop_front();
            }
            self.len -= 1;
            self.rows -= job.rows();
            self.bytes -= job.bytes();
            return Some(job);
        }
    }

    /// All of them, in no order.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = EventJob> {
        let all = std::mem::take(self);
        all.tenants.into_values().flat_map(|waiting| waiting.held.into_iter().chain(waiting.events))
    }
}

impl Waiting {
    fn next(&mut self, may_open: impl Fn() -> bool) -> Option<EventJob> {
        if self.held.front().is_some_and(|job| job.event.fanout.is_empty() || may_open()) {
            let job = self.held.pop_front()?;
            if let Entry::Occupied(mut count) = self.held_calls.entry(job.call) {
                *count.get_mut() -= 1;
                if *count.get() == 0 {
                    count.remove();
                }
            }
            return Some(job);
        }
        while let Some(job) = self.events.pop_front() {
            let opens = !job.event.fanout.is_empty();
            if self.held_calls.contains_key(&job.call) || (opens && !may_open()) {
                *self.held_calls.entry(job.call).or_default() += 1;
                self.held.push_back(job);
            } else {
                return Some(job);
            }
        }
        None
    }
}
