//! What lanes are told and what they answer: plain data.

use std::time::Duration;

use postroad_domain::{DeliveryId, Timestamp};
use postroad_store::{LaneKey, QueuedDelivery};

use crate::configuration::lane_settings::Host;

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

/// An exchange to make.
#[derive(Debug)]
pub(crate) struct Turn {
    /// For this delivery.
    pub(crate) delivery: QueuedDelivery,
    /// When it was given.
    pub(crate) at: Timestamp,
    /// The version of the subscription whose settings its lane has; `None` before its first exchange.
    pub(crate) settings_version: Option<i64>,
    /// What it takes up; given back with [`exchanged`](super::LaneSet::exchanged).
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
    /// The version of the subscription that it was made with.
    pub(crate) version: i64,
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

/// Why nothing of a lane is sent for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Its receiver asked for it.
    RetryAfter,
    /// It has begun as many exchanges as its rate limit allows within the span.
    RateLimit,
    /// Its receiver keeps failing.
    Breaker,
    /// Its exchanges cannot be made just now, for a reason that is not its receiver's.
    Unavailable,
}

/// What holds a lane back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LaneStanding {
    /// Nothing is sent before, and why.
    pub(crate) rest: Option<(Timestamp, Rest)>,
    /// All others wait for the head of an ordered lane until then.
    pub(crate) head_until: Option<Timestamp>,
    /// Its rate limit keeps the next exchange back until then.
    pub(crate) paced_until: Option<Timestamp>,
    /// It has as many exchanges under way as it may have, or its host has.
    pub(crate) is_busy: bool,
}
