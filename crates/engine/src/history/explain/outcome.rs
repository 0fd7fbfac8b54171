//! The outcomes of an event for a subscription, and their codes.

use postroad_domain::{ErrorClass, EventType, Reason, Timestamp, subscription::InactiveReason};

use crate::sending::lanes::types::Rest;

/// What became of an event for one subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventOutcome {
    /// The receiver took it.
    Delivered {
        /// When.
        at: Timestamp,
        /// Attempts made.
        attempts: u32,
        /// What it answered.
        last: Option<LastAnswer>,
    },
    /// An attempt is under way.
    Delivering {
        /// Attempts made before.
        attempts: u32,
    },
    /// It waits.
    Pending {
        /// Until when, if that is known.
        until: Option<Timestamp>,
        /// For what.
        why: Wait,
        /// Attempts made.
        attempts: u32,
        /// How the last one ended.
        last: Option<LastAnswer>,
    },
    /// It ended without success.
    Failed {
        /// When.
        at: Timestamp,
        /// Why.
        reason: Reason,
        /// Attempts made.
        attempts: u32,
        /// How the last one ended.
        last: Option<LastAnswer>,
    },
    /// It was called off.
    Cancelled {
        /// When.
        at: Timestamp,
        /// Why.
        reason: Reason,
        /// Attempts made.
        attempts: u32,
    },
    /// The subscription did not want it.
    NotMatched(Mismatch),
    /// The subscription was not active.
    Inactive {
        /// Why.
        reason: InactiveReason,
        /// Since when.
        since: Timestamp,
    },
    /// The subscription did not exist yet.
    CreatedAfter {
        /// When it was created.
        at: Timestamp,
    },
    /// What the subscription was then was not recorded: an earlier version of Postroad accepted the event.
    NotRecorded,
}

/// The clause that did not match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// The list of event types does not name the event's.
    Events {
        /// The event's.
        event_type: EventType,
        /// Those of the subscription.
        events: Vec<EventType>,
    },
    /// None of the tag sets is within the event's tags.
    TagSets {
        /// The event's.
        tags: Vec<String>,
        /// Those of the subscription.
        tag_sets: Vec<Vec<String>>,
    },
    /// The event was made to test another subscription.
    Test,
}

/// What a delivery waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Its first attempt is due then: the subscription has a delay, or the event a moment.
    Delay,
    /// The events that it is sent with.
    Group,
    /// Its next attempt is due then.
    NextAttempt,
    /// The receiver keeps failing: one probe is sent after each pause.
    Breaker,
    /// The receiver asked for a rest.
    RetryAfter,
    /// The rate limit of the subscription.
    RateLimit,
    /// Nothing can be sent to it just now, for a reason that is not the receiver's.
    Unavailable,
    /// The delivery before it, as the subscription is ordered.
    Order,
    /// The receiver said that it is gone: held until the subscription is activated, or the delivery expires.
    ReceiverGone,
    /// A handshake of the receiver that must pass first: held until it has, or the delivery expires.
    Verification,
    /// The receiver has as many exchanges under way as it may have.
    ReceiverBusy,
    /// Its turn.
    Turn,
    /// Its own creation: the event goes to very many subscriptions.
    FanOut,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastAnswer {
    /// With this status.
    Status(u16),
    /// Without one.
    Error(ErrorClass),
}

impl EventOutcome {
    /// The word in the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Delivered { .. } => "delivered",
            Self::Delivering { .. } => "delivering",
            Self::Pending { .. } => "pending",
            Self::Failed { .. } => "failed",
            Self::Cancelled { .. } => "cancelled",
            Self::NotMatched(_) => "not_matched",
            Self::Inactive { .. } => "inactive",
            Self::CreatedAfter { .. } => "created_after",
            Self::NotRecorded => "not_recorded",
        }
    }
}

impl Mismatch {
    /// The clause, by its name in the API.
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Events { .. } => "events",
            Self::TagSets { .. } => "tag_sets",
            Self::Test => "test",
        }
    }
}

impl Wait {
    pub(super) const fn of(rest: Rest) -> Self {
        match rest {
            Rest::RetryAfter => Self::RetryAfter,
            Rest::RateLimit => Self::RateLimit,
            Rest::Breaker => Self::Breaker,
            Rest::Unavailable => Self::Unavailable,
        }
    }

    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delay => "delay",
            Self::Group => "group",
            Self::NextAttempt => "next_attempt",
            Self::Breaker => "breaker",
            Self::RetryAfter => "retry_after",
            Self::RateLimit => "rate_limit",
            Self::Unavailable => "unavailable",
            Self::Order => "order",
            Self::ReceiverGone => "receiver_gone",
            Self::Verification => "verification",
            Self::ReceiverBusy => "receiver_busy",
            Self::Turn => "turn",
            Self::FanOut => "fan_out",
        }
    }
}
