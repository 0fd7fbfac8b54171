//! Lanes: the queue of one subscription, read in order of due time.
//!
//! The queue is small and clustered by lane. No operation here reads more rows than it answers plus those the caller
//! already holds, however much waits in this lane or in any other.

use std::{num::NonZeroU32, sync::Arc};

use postroad_domain::{
    Event, SubscriptionNo, TenantNo, Timestamp,
    delivery::StoredBody,
    ids::DeliveryId,
    limits::{BACKLOG_BYTES_MAX, BACKLOG_DELIVERIES_MAX, BACKLOG_TOLD_PERCENT},
};

/// One subscription's queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneKey {
    /// The tenant.
    pub tenant_no: TenantNo,
    /// The subscription.
    pub subscription_no: SubscriptionNo,
}

/// A waiting delivery with all that an attempt needs from the store.
#[derive(Clone, Debug)]
pub struct QueuedDelivery {
    /// Its lane.
    pub lane: LaneKey,
    /// Public id.
    pub id: DeliveryId,
    /// The store's own handle, opaque to everybody else.
    pub handle: i64,
    /// The subscription's version that it is shaped with.
    pub subscription_version: i64,
    /// When it is due: its place in the queue.
    pub due: Timestamp,
    /// It failed and kept its place: when its next attempt is due. Whoever keeps the lane's order waits until then.
    pub not_before: Option<Timestamp>,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// Attempts made so far in this pass through the schedule.
    pub tries: u32,
    /// Attempts made so far in all passes.
    pub attempts: u32,
    /// What it carries; of a group the first event.
    pub event: Arc<Event>,
    /// It is a group. Only its first event is here: the others are read when its attempt begins
    /// ([`crate::History::delivery_events`]), so that a full lane of groups fits into memory.
    pub group: Option<Group>,
    /// What its first attempt sent, where that was kept: this is sent again.
    pub body: Option<Arc<StoredBody>>,
}

/// How large a group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its events, the first one too.
    pub events: NonZeroU32,
    /// Bytes of their data.
    pub bytes: u64,
}

impl QueuedDelivery {
    /// Bytes that come with it into memory: its event's data and attributes, and a stored body.
    pub fn bytes(&self) -> usize {
        self.event.bytes() + self.body.as_ref().map_or(0, |stored| stored.body.len())
    }
}

/// Asks for the lanes in which something waits.
#[derive(Clone, Copy, Debug)]
pub struct WaitingLanes {
    /// Only lanes after this one.
    pub after: Option<LaneKey>,
    /// At most so many.
    pub limit: usize,
}

/// A lane in which something waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitingLane {
    /// The lane.
    pub lane: LaneKey,
    /// When its first delivery is due.
    pub next_due: Timestamp,
}

/// Asks for the next deliveries of a lane.
#[derive(Clone, Debug)]
pub struct Refill {
    /// The lane.
    pub lane: LaneKey,
    /// Only what is due by then.
    pub due_by: Timestamp,
    /// Deliveries the caller holds already: waiting in memory, under way, or with an outcome that is not committed.
    pub held: Vec<DeliveryId>,
    /// At most so many.
    pub limit: usize,
    /// At most so many bytes ([`QueuedDelivery::bytes`]), but always one delivery.
    pub bytes_max: usize,
}

/// The answer to a [`Refill`].
#[derive(Clone, Debug, Default)]
pub struct Refilled {
    /// In order of due time.
    pub deliveries: Vec<QueuedDelivery>,
    /// When the first delivery is due that is neither held nor answered here; in the past when the limits cut the
    /// answer short; `None` when nothing else waits.
    pub next_due: Option<Timestamp>,
}

/// One step of the work behind watermarks.
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    /// Now.
    pub at: Timestamp,
    /// Rows to touch at most.
    pub limit: usize,
    /// What may wait in one lane.
    pub budget: BacklogBudget,
}

/// What may wait in one lane; beyond it its oldest deliveries fail, and can be retried later. It is looked at by the
/// sweep and not by each commit, so a lane may be beyond it for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BacklogBudget {
    /// Deliveries.
    pub deliveries: u64,
    /// Bytes of their events' data and of stored bodies. A store may estimate them.
    pub bytes: u64,
}

impl BacklogBudget {
    /// The share of the budget, in per cent, that a lane in which so much waits has passed ([`BACKLOG_TOLD_PERCENT`]), or 0; `before` is
    /// what this said at the last look. When it is more than that, the operator is told.
    pub fn passed(self, before: u8, deliveries: u64, bytes: u64) -> u8 {
        let percent = share(deliveries, self.deliveries).max(share(bytes, self.bytes));
        let passed =
            BACKLOG_TOLD_PERCENT.into_iter().rfind(|step| percent >= u128::from(*step)).unwrap_or_default();
        // A backlog that goes up and down around a share is told once.
        if passed > before || percent < u128::from(before) / 2 { passed } else { before }
    }
}

fn share(of: u64, budget: u64) -> u128 {
    u128::from(of) * 100 / u128::from(budget.max(1))
}

/// A lane in which much waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrowingBacklog {
    /// The lane.
    pub lane: LaneKey,
    /// How many deliveries wait in it.
    pub deliveries: u64,
    /// Their bytes, as the budget counts them.
    pub bytes: u64,
    /// The share of the budget that it passed, in per cent.
    pub percent: u8,
}

impl Default for BacklogBudget {
    fn default() -> Self {
        Self { deliveries: BACKLOG_DELIVERIES_MAX, bytes: BACKLOG_BYTES_MAX }
    }
}

/// What a step did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Deliveries that were cancelled.
    pub cancelled: usize,
    /// Deliveries that were failed as expired.
    pub expired: usize,
    /// Deliveries that were failed since their lane was beyond its budget.
    pub overflowed: usize,
    /// Rows of deleted tenants and of old idempotency keys that were erased.
    pub erased: usize,
    /// Lanes in which so much more waits than when they were last told of that their operator should know: those that passed another of
    /// the shares of their budget ([`BACKLOG_TOLD_PERCENT`]). A store remembers what it told as long as it is open.
    pub growing: Vec<GrowingBacklog>,
    /// There is more to do.
    pub more: bool,
}
