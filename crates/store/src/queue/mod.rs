//! What must still be sent: accepting events, handing deliveries out lane by lane, recording what became of them, and the
//! background work that keeps the queue small.
//!
//! **Invariants:**
//! * everything in one [`Queue::commit`] becomes durable together, or nothing of it does;
//! * a delivery that is not final has exactly one place in the queue of its lane, and a final one has none;
//! * nothing is written for a tenant whose configuration changed since the caller matched against it;
//! * no operation reads more rows than it answers plus those the caller already holds, however much is queued;
//! * the failures of a subscription ([`postroad_domain::Subscription::failures`]) are counted in the commit of the outcomes, while it
//!   is active. What succeeds where nothing had failed costs nothing more for it.

mod commit;
mod lanes;
mod prune;
mod single;

use std::sync::Arc;

use async_trait::async_trait;
pub use commit::{
    AcceptResult, Commit, Committed, Failing, Fanout, FanoutTarget, GroupKey, GroupTarget, Idempotency,
    NewDelivery, NewEvent, Next, Outcome, OutcomeResult,
};
pub use lanes::{
    BacklogBudget, Group, GrowingBacklog, LaneKey, QueuedDelivery, Refill, Refilled, Sweep, Swept,
    WaitingLane, WaitingLanes,
};
use postroad_domain::{EventId, TenantNo, Timestamp, delivery::Delivery};
pub use prune::{Prune, Pruned, TenantRetention};
pub use single::{CancelDelivery, RetryDelivery, SendNow, SentNow, SentNowPlace};

use crate::error::{CancelDeliveryError, RetryDeliveryError, SendNowError, StoreError};

/// What waits in all lanes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Deliveries that are not final.
    pub waiting: u64,
    /// When the event of the oldest of them was accepted.
    pub oldest: Option<Timestamp>,
}

/// Figures that a store knows without looking at rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Bytes that are durable and not in their final place yet, such as those of a write-ahead log; 0 where a store has
    /// none.
    pub pending_bytes: u64,
    /// Bytes of the database, those that are pending included; 0 where a store cannot tell.
    pub file_bytes: u64,
}

/// The queue: events on their way in, deliveries on their way out.
#[async_trait]
pub trait Queue: Send + Sync + 'static {
    /// Makes events, outcomes and the next steps of large fan-outs durable in one transaction. Results stand in the order of the
    /// input. On an error nothing was written; the caller still has its commit and may try again.
    ///
    /// What fails of an active subscription is counted ([`Outcome::is_failure`]), and a success of it begins the count anew, also one
    /// that arrives after its delivery had ended otherwise.
    async fn commit(&self, commit: Arc<Commit>) -> Result<Committed, StoreError>;

    /// Fan-outs that a commit left unfinished, oldest first, behind that of an event: what a restart goes on with.
    async fn open_fanouts(
        &self,
        after: Option<(TenantNo, EventId)>,
        limit: usize,
    ) -> Result<Vec<Fanout>, StoreError>;

    // --- lanes -------------------------------------------------------------------------------------------------------

    /// The lanes in which something waits, by key, each with its next due time.
    async fn waiting_lanes(&self, page: WaitingLanes) -> Result<Vec<WaitingLane>, StoreError>;

    /// The next deliveries of one lane that are due and that the caller does not hold yet.
    async fn refill(&self, refill: Refill) -> Result<Refilled, StoreError>;

    // --- single deliveries -------------------------------------------------------------------------------------------

    /// Puts a finished delivery at the tail of its lane, or makes one that waits due now: that one keeps its schedule, and the head of
    /// an ordered lane its place. Answers the delivery as it was written. An attempt may have begun by the time that the answer is
    /// read, since readers of the feed hear of the lane at the commit.
    async fn retry_delivery(&self, retry: RetryDelivery) -> Result<Delivery, RetryDeliveryError>;

    /// Takes a waiting delivery out of its lane; answers the lane.
    async fn cancel_delivery(&self, cancel: CancelDelivery) -> Result<LaneKey, CancelDeliveryError>;

    /// Makes due what waits in a lane and is not due yet, in its order, in a step: whoever asks goes on until nothing is left.
    async fn send_now(&self, send: SendNow) -> Result<SentNow, SendNowError>;

    // --- in the background -------------------------------------------------------------------------------------------

    /// Makes watermarks real in steps: cancels waiting deliveries of paused and deleted subscriptions, fails expired
    /// ones of lanes that are not sending and the oldest of those that are beyond their budget, erases what deleted
    /// tenants left.
    async fn sweep(&self, sweep: Sweep) -> Result<Swept, StoreError>;

    /// Erases the oldest events that need not be kept any more, in a step.
    async fn prune(&self, prune: Prune) -> Result<Pruned, StoreError>;

    // --- how it is doing ---------------------------------------------------------------------------------------------

    /// How much waits and since when. Reads the whole queue, in bounded reads: for a metric now and then, not for a
    /// request.
    async fn backlog(&self) -> Result<Backlog, StoreError>;

    /// Proves by a durable write that the store can take one.
    async fn probe(&self) -> Result<(), StoreError>;

    /// Figures for `/metrics`.
    fn stats(&self) -> StoreStats;
}
