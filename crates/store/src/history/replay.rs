//! Replays: jobs that a store carries out in steps, each with its progress in one transaction.

use std::time::Duration;

use postroad_domain::{
    DeliveryId, RateLimit, Replay, ReplayId, ReplaySelection, SubscriptionId, TenantNo, Timestamp,
    replay::ReplayCount,
};

use super::audit::NewAudit;
use crate::LaneKey;

/// Begins a replay. It ends at the last event that there is at its beginning.
#[derive(Clone, Debug)]
pub struct CreateReplay {
    /// Whose.
    pub tenant_no: TenantNo,
    /// Ours.
    pub id: ReplayId,
    /// To which subscription.
    pub subscription: SubscriptionId,
    /// What is sent again.
    pub selection: ReplaySelection,
    /// Of events accepted at this moment or later.
    pub since: Timestamp,
    /// Of events accepted before this moment.
    pub until: Option<Timestamp>,
    /// At most so many deliveries are queued within a span: kept for whoever makes the steps.
    pub pace: RateLimit,
    /// How many deliveries it is about, as they were counted.
    pub count: ReplayCount,
    /// Replays of the tenant that may run.
    pub running_max: usize,
    /// Replays of the tenant that are remembered.
    pub kept_max: usize,
    /// Now.
    pub at: Timestamp,
    /// What the audit says of it.
    pub audit: Option<NewAudit>,
}

/// Counts, in a short reading, what a replay would queue.
#[derive(Clone, Copy, Debug)]
pub struct CountReplay {
    /// Whose.
    pub tenant_no: TenantNo,
    /// To which subscription.
    pub subscription: SubscriptionId,
    /// What is sent again.
    pub selection: ReplaySelection,
    /// Of events accepted at this moment or later.
    pub since: Timestamp,
    /// Of events accepted before this moment.
    pub until: Option<Timestamp>,
    /// The `next` of the reading before.
    pub after: Option<i64>,
    /// Rows to look at.
    pub rows_max: usize,
}

/// What a reading counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplayCounted {
    /// Deliveries that would be queued.
    pub deliveries: u64,
    /// Where the next reading begins, opaque to everybody but the store; `None` when all is counted.
    pub next: Option<i64>,
    /// Something is being cancelled that is not counted yet.
    pub is_short: bool,
}

/// Makes one step of a replay.
#[derive(Clone, Copy, Debug)]
pub struct ReplayStep {
    /// Whose.
    pub tenant_no: TenantNo,
    /// Which.
    pub id: ReplayId,
    /// Now: the due time of what is queued.
    pub at: Timestamp,
    /// When what is queued ends at the latest.
    pub expires_at: Timestamp,
    /// Rows to look at.
    pub rows_max: usize,
    /// How long it may take.
    pub time_max: Duration,
    /// Deliveries to queue at most. One event may have more that failed: the next step goes on within it.
    pub deliveries_max: usize,
    /// While so many wait for the subscription nothing is done.
    pub waiting_max: u64,
}

/// What a step did.
#[derive(Clone, Debug)]
pub struct ReplayStepped {
    /// The replay after it.
    pub replay: Replay,
    /// The subscription's lane.
    pub lane: LaneKey,
    /// What it queued, in the order of the queue.
    pub queued: Vec<DeliveryId>,
    /// Nothing was done: too much waits, or what was called off is still being cancelled.
    pub is_held: bool,
}

/// Asks for replays, newest first.
#[derive(Clone, Copy, Debug)]
pub struct ListReplays {
    /// Whose.
    pub tenant_no: TenantNo,
    /// Only replays before this one.
    pub after: Option<ReplayId>,
    /// At most so many.
    pub limit: usize,
}

/// Calls a replay off.
#[derive(Clone, Debug)]
pub struct CancelReplay {
    /// Whose.
    pub tenant_no: TenantNo,
    /// Which.
    pub id: ReplayId,
    /// Now.
    pub at: Timestamp,
    /// What the audit says of it.
    pub audit: Option<NewAudit>,
}
