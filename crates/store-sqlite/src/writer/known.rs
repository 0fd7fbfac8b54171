//! What the writer remembers, so that no commit asks the database for it.
//!
//! **Invariants:**
//! * the writer is the only writer, so what it remembers is what the database holds: after a transaction that failed it
//!   forgets everything and reads it again;
//! * no number is given out twice, also when the rows that had the highest ones were erased.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use postroad_domain::{
    Reason, SubscriptionNo, TenantNo, Timestamp,
    subscription::{Failures, InactiveReason},
};
use rusqlite::Connection;
use rustc_hash::FxHashMap;

use crate::{
    codes,
    error::Fault,
    numbers::DELIVERY_BITS,
    reading::{groups, subscriptions::failures_of},
    sql::{self, query},
    writer::{
        batch::Batch,
        fanouts::FanoutEvents,
        forgetting::PruneWalk,
        held::HeldWalk,
        log::Logs,
        numbering::Numbering,
        open_groups::OpenGroups,
        waiting::{Place, Waiting},
    },
};

/// The writer's memory.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The number of the next event.
    pub(crate) next_event_no: i64,
    /// The number of the next attempt.
    pub(crate) next_attempt_no: i64,
    /// The `config_version` of each tenant that is not deleted.
    pub(crate) tenants: FxHashMap<TenantNo, i64>,
    /// Tenants whose rows are still to be erased.
    pub(crate) dead_tenants: BTreeSet<TenantNo>,
    /// Each subscription that is not deleted.
    pub(crate) lanes: FxHashMap<SubscriptionNo, Lane>,
    /// Generations of lanes that were called off and are not swept yet.
    pub(crate) marks: BTreeMap<(SubscriptionNo, i64), Mark>,
    /// The first event that was not in the listing tables when this was read.
    pub(crate) listed_before: i64,
    /// The log of each tenant, as far as it was asked for.
    pub(crate) logs: Logs,
    /// How far events from before there were offsets have theirs; `None` when all do.
    pub(crate) numbering: Option<Numbering>,
    /// Entries on their way into the listing tables.
    pub(crate) batch: Option<Batch>,
    /// Where the sweep stands in each lane that is held: its receiver is gone, or is not verified.
    pub(crate) gone: BTreeMap<SubscriptionNo, HeldWalk>,
    /// The subscriptions of which deliveries failed and none succeeded since; inactive ones as they were then.
    pub(crate) failing: BTreeMap<SubscriptionNo, Failures>,
    /// Lanes in which it is not counted yet what waits.
    pub(crate) uncounted: BTreeSet<SubscriptionNo>,
    /// The events of large fan-outs that are under way.
    pub(crate) fanout_events: FanoutEvents,
    /// The groups that take events.
    pub(crate) open_groups: OpenGroups,
    /// Where forgetting stands.
    pub(crate) prune: PruneWalk,
    /// Some deliveries have more than one event or a stored body: only then anything but their own rows is asked for it.
    pub(crate) has_extras: bool,
    /// An event that is gone, and of which rows are left to erase.
    pub(crate) erasing: Option<i64>,
}

/// The state of a subscription's lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lane {
    /// Whose.
    pub(crate) tenant_no: TenantNo,
    /// What enters the queue now enters it in this generation; what stands in an older one was called off.
    pub(crate) generation: i64,
    /// It is inactive, and nothing is queued for later.
    pub(crate) paused: bool,
    /// Of events below this number nothing is queued any more.
    pub(crate) called_off: i64,
    /// Its tenant's contacts are told of deliveries that fail.
    pub(crate) notifies: bool,
    /// The share of its budget that its backlog passed, as the operator was told.
    pub(crate) told_percent: u8,
    /// How much waits in its current generation.
    pub(crate) waiting: Waiting,
}

/// Everything in one generation of a lane is cancelled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    /// Whose.
    pub(crate) tenant_no: TenantNo,
    /// Why.
    pub(crate) reason: Reason,
    /// Since when.
    pub(crate) at: Timestamp,
}

/// The kept number of the first event that is not in the listing tables.
pub(crate) const LISTED_COUNTER: &str = "listed_before";
/// The kept number of an event of which rows are left to erase.
pub(crate) const ERASING_COUNTER: &str = "erasing_event";
/// The kept number below which no event is created.
const EVENT_COUNTER: &str = "next_event_no";
/// The same for attempts.
const ATTEMPT_COUNTER: &str = "next_attempt_no";

impl Known {
    /// Reads it all from the database.
    pub(crate) fn load(db: &Connection) -> Result<Self, Fault> {
        let mut known = Self { next_event_no: 1, next_attempt_no: 1, ..Self::default() };
        known.load_numbers(db)?;
        known.load_tenants(db)?;
        known.load_lanes(db)?;
        known.load_marks(db)?;
        known.has_extras = groups::are_any_extras(db)?;
        known.open_groups = OpenGroups::load(db)?;
        Ok(known)
    }

    /// Keeps the next numbers: to be called before rows are erased that may have the highest ones.
    pub(crate) fn keep_numbers(&self, db: &Connection) -> Result<(), Fault> {
        query::run(db, sql::COUNTER_PUT, (EVENT_COUNTER, self.next_event_no))?;
        query::run(db, sql::COUNTER_PUT, (ATTEMPT_COUNTER, self.next_attempt_no))?;
        Ok(())
    }

    /// The marks of a lane that are not swept yet.
    pub(crate) fn marks_of(&self, sub_no: SubscriptionNo) -> impl Iterator<Item = (i64, Mark)> {
        self.marks
            .range((sub_no, i64::MIN)..=(sub_no, i64::MAX))
            .map(|((_, generation), mark)| (*generation, *mark))
    }

    /// Whether a subscription is there and active.
    pub(crate) fn is_active(&self, sub_no: SubscriptionNo) -> bool {
        self.lanes.get(&sub_no).is_some_and(|lane| !lane.paused) && !self.gone.contains_key(&sub_no)
    }

    /// Forgets a subscription that was deleted.
    pub(crate) fn forget(&mut self, sub_no: SubscriptionNo) {
        self.lanes.remove(&sub_no);
        self.gone.remove(&sub_no);
        self.failing.remove(&sub_no);
    }

    /// Notes that a delivery with this expiry, whose event has so many bytes, entered the current generation of a lane.
    pub(crate) fn entered(
        &mut self,
        sub_no: SubscriptionNo,
        place: Place,
        expires_at: Timestamp,
        bytes: u64,
    ) {
        if let Some(lane) = self.lanes.get_mut(&sub_no) {
            lane.waiting.enter(place, bytes);
        }
        self.note_held(sub_no, expires_at);
    }

    /// Notes that a delivery that waits in the current generation of a lane has more bytes than it had.
    pub(crate) fn grew(&mut self, sub_no: SubscriptionNo, place: Place, bytes: u64) {
        if let Some(lane) = self.lanes.get_mut(&sub_no) {
            lane.waiting.grow(place, bytes);
        }
    }

    /// Notes that a delivery waits at another place of its lane.
    pub(crate) fn shifted(
        &mut self,
        sub_no: SubscriptionNo,
        (from, to): (Place, Place),
        expires_at: Timestamp,
    ) {
        if let Some(lane) = self.lanes.get_mut(&sub_no) {
            lane.waiting.shift(from, to);
        }
        self.note_held(sub_no, expires_at);
    }

    /// Notes that a delivery left the current generation of its lane and has ended; its event's bytes where they are known.
    pub(crate) fn left(&mut self, sub_no: SubscriptionNo, place: Place, bytes: Option<u64>) {
        if let Some(lane) = self.lanes.get_mut(&sub_no) {
            lane.waiting.leave(place, bytes);
            let tenant_no = lane.tenant_no;
            self.ended(tenant_no, place.1);
        }
    }

    /// Notes that a delivery has ended: its event may be over.
    pub(crate) fn ended(&mut self, tenant_no: TenantNo, delivery_no: i64) {
        self.prune.release(tenant_no, delivery_no >> DELIVERY_BITS);
    }

    /// If the lane is held, what expires in it is looked for in time.
    fn note_held(&mut self, sub_no: SubscriptionNo, expires_at: Timestamp) {
        if let Some(walk) = self.gone.get_mut(&sub_no) {
            walk.note(expires_at);
        }
    }

    fn load_numbers(&mut self, db: &Connection) -> Result<(), Fault> {
        let number = |text| query::find(db, text, (), |row| Ok(row.get::<_, i64>(0)?));
        let (last_event, last_attempt) = (number(sql::EVENT_LAST)?, number(sql::ATTEMPT_LAST)?);
        let kept = query::list(db, sql::LOAD_COUNTERS, (), |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
        })?;
        let kept: HashMap<_, _> = kept.into_iter().collect();
        let next = |last: Option<i64>, counter| {
            let behind_last = last.map_or(1, |last| last + 1);
            kept.get(counter).map_or(behind_last, |kept| behind_last.max(*kept))
        };
        self.next_event_no = next(last_event, EVENT_COUNTER);
        self.listed_before = kept.get(LISTED_COUNTER).copied().unwrap_or_default();
        self.next_attempt_no = next(last_attempt, ATTEMPT_COUNTER);
        self.erasing = kept.get(ERASING_COUNTER).copied();
        self.numbering = Numbering::of(|counter| kept.get(counter).copied());
        Ok(())
    }

    fn load_tenants(&mut self, db: &Connection) -> Result<(), Fault> {
        let rows = query::list(db, sql::LOAD_TENANTS, (), |row| {
            Ok((TenantNo(row.get(0)?), row.get::<_, i64>(1)?, row.get::<_, bool>(2)?))
        })?;
        for (tenant_no, config_version, deleted) in rows {
            if deleted {
                self.dead_tenants.insert(tenant_no);
            } else {
                self.tenants.insert(tenant_no, config_version);
            }
        }
        Ok(())
    }

    fn load_lanes(&mut self, db: &Connection) -> Result<(), Fault> {
        let rows = query::list(db, sql::LOAD_SUBSCRIPTIONS, (), |row| {
            let inactive = row.get::<_, Option<i64>>(3)?.map(codes::inactive_of).transpose()?;
            let lane = (SubscriptionNo(row.get(0)?), TenantNo(row.get(1)?), row.get::<_, i64>(2)?);
            Ok((lane, inactive, failures_of(row, 4)?, row.get::<_, i64>(6)?, row.get::<_, bool>(7)?))
        })?;
        for ((sub_no, tenant_no, generation), inactive, failures, called_off, notifies) in rows {
            if self.tenants.contains_key(&tenant_no) {
                let is_held = inactive.is_some_and(InactiveReason::holds);
                let (paused, waiting) = (inactive.is_some() && !is_held, Waiting::UNCOUNTED);
                let lane =
                    Lane { tenant_no, generation, paused, called_off, notifies, told_percent: 0, waiting };
                self.lanes.insert(sub_no, lane);
                self.uncounted.insert(sub_no);
                if is_held {
                    self.gone.insert(sub_no, HeldWalk::default());
                }
                self.failing.extend(failures.map(|failures| (sub_no, failures)));
            }
        }
        Ok(())
    }

    fn load_marks(&mut self, db: &Connection) -> Result<(), Fault> {
        let rows = query::list(db, sql::LOAD_MARKS, (), |row| {
            let mark = Mark {
                tenant_no: TenantNo(row.get(2)?),
                reason: codes::reason_of(row.get(3)?)?,
                at: Timestamp::from_micros(row.get(4)?),
            };
            Ok(((SubscriptionNo(row.get(0)?), row.get::<_, i64>(1)?), mark))
        })?;
        self.marks = rows.into_iter().collect();
        Ok(())
    }
}
