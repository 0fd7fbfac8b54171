//! What lanes are told and what they answer.

use std::time::Duration;

use postroad_domain::{DeliveryId, RateLimit, Timestamp};
use postroad_store::{LaneKey, QueuedDelivery};

use super::hosts::Host;

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
    /// Bytes of exchanges under way; above it a tenant has one.
    pub(crate) exchange_bytes: usize,
    /// Exchanges under way to one host.
    pub(crate) host_exchanges: usize,
    /// Refills under way, over all lanes.
    pub(crate) refills: usize,
}

/// How a lane makes exchanges: known from its first one on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LaneSettings {
    /// The version of the subscription that says so: an exchange that began before a change does not undo it.
    pub(crate) version: i64,
    /// Exchanges under way at a time.
    pub(crate) concurrency: u32,
    /// How many may begin within a span.
    pub(crate) rate_limit: Option<RateLimit>,
    /// One delivery after the other.
    pub(crate) ordered: bool,
    /// Where they lead.
    pub(crate) host: Option<Host>,
}

impl Default for LaneSettings {
    /// One at a time, until the subscription was looked up for the first exchange.
    fn default() -> Self {
        Self { version: 0, concurrency: 1, rate_limit: None, ordered: false, host: None }
    }
}

/// An exchange to make.
#[derive(Debug)]
pub(crate) struct Turn {
    /// For this delivery.
    pub(crate) delivery: QueuedDelivery,
    /// When it was given.
    pub(crate) at: Timestamp,
    /// The version of the subscription whose settings its lane has; `None` before its first exchange.
    pub(crate) settings_version: Option<i64>,
    /// What it takes up; given back with [`LaneSet::exchanged`].
    pub(crate) seat: Seat,
}

/// What an exchange takes up while it is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    /// The host that it is counted with.
    pub(super) host: Option<Host>,
    /// It is one of those for slow receivers.
    pub(super) is_slow: bool,
    /// The memory that it is counted with.
    pub(super) bytes: usize,
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// The delivery.
    pub(crate) id: DeliveryId,
    /// The receiver took the delivery.
    pub(crate) succeeded: bool,
    /// The delivery goes on waiting in its place, before all others: its next attempt is due then.
    pub(crate) again_at: Option<Timestamp>,
    /// When the exchange began.
    pub(crate) began: Timestamp,
    /// How long it took.
    pub(crate) took: Duration,
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
    /// Lanes that are slowed down because their receivers fail.
    pub(crate) slowed: usize,
}
