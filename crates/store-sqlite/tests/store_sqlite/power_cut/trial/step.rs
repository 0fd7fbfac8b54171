//! What a trial does to a store, in words that hold for every store: public ids, never the store's own numbers.

use std::{fmt, time::Duration};

use bytes::Bytes;
use postroad_domain::{
    Attempt, DeliveryId, EventId, EventType, RegisteredType, SubscriptionId, TenantId, Timestamp,
};
use postroad_store::{GroupTarget, Idempotency, Next};

/// What comes next.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// A writing operation of the store.
    Write(Write),
    /// The log is moved into the database, in one of SQLite's ways.
    Checkpoint(&'static str),
}

/// A writing operation and its moment.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    /// Now.
    pub(crate) at: Timestamp,
    /// What.
    pub(crate) step: Step,
}

/// Characters of an operation that a report shows.
const CHARS_SHOWN: usize = 600;

/// The beginning of it all: an operation may hold many bytes of data.
impl fmt::Display for Write {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&format!("{self:?}").chars().take(CHARS_SHOWN).collect::<String>())
    }
}

/// The writing operations.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Creates or replaces a tenant.
    PutTenant { tenant: TenantId, name: String },
    /// Deletes a tenant with all that it has.
    DeleteTenant { tenant: TenantId },
    /// Creates a subscription, unless there is no such tenant.
    CreateSubscription { subscription: SubscriptionName },
    /// Pauses a subscription, or activates it.
    SetActive { subscription: SubscriptionName, active: bool },
    /// Deletes a subscription.
    DeleteSubscription { subscription: SubscriptionName },
    /// Gives a subscription a new secret.
    Rotate { subscription: SubscriptionName, sealed: Vec<u8> },
    /// Makes a subscription inactive as its receiver is gone.
    Deactivate { subscription: SubscriptionName },
    /// Adds or replaces an event type of a tenant.
    PutEventType { tenant: TenantId, event_type: RegisteredType },
    /// Removes an event type of a tenant.
    DeleteEventType { tenant: TenantId, name: EventType },
    /// Keeps a profile's files.
    PutProfile { content: u8 },
    /// Records a test of a subscription.
    Test(Box<TestPlan>),
    /// Accepts events and records outcomes.
    Commit { events: Vec<EventPlan>, outcomes: Vec<OutcomePlan> },
    /// Goes on with fan-outs that are open, each by so many targets.
    FanOut { targets_each: usize },
    /// Sends a finished delivery again.
    Retry { delivery: DeliveryId },
    /// Calls a waiting delivery off.
    Cancel { delivery: DeliveryId },
    /// Makes due what waits for a subscription, so many deliveries at most.
    SendNow { subscription: SubscriptionName, limit: usize },
    /// Makes marks real and erases, so many rows at most.
    Sweep { limit: usize },
    /// Forgets what is older than that, in one step.
    Prune { age: Duration },
    /// Keeps a value of the installation.
    PutSetting { value: Vec<u8> },
}

/// A subscription of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SubscriptionName {
    pub(crate) tenant: TenantId,
    pub(crate) id: SubscriptionId,
}

/// An event to accept.
#[derive(Clone, Debug)]
pub(crate) struct EventPlan {
    pub(crate) tenant: TenantId,
    pub(crate) id: EventId,
    pub(crate) event_type: EventType,
    pub(crate) tags: Vec<String>,
    pub(crate) attributes: Bytes,
    pub(crate) data: Bytes,
    pub(crate) idempotency: Option<Idempotency>,
    /// Those of them that are active when it is done are its targets.
    pub(crate) wanted_by: Vec<(SubscriptionId, Waiting)>,
    /// So many of the targets are served by the same commit, the rest by later ones.
    pub(crate) served_at_once: usize,
}

/// What a delivery waits for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Waiting {
    /// It is not due before; a moment that is over means at once.
    pub(crate) due: Timestamp,
    /// Further events.
    pub(crate) group: Option<GroupTarget>,
}

/// A result of an attempt to record. The attempt's number is the store's to say.
#[derive(Clone, Debug)]
pub(crate) struct OutcomePlan {
    pub(crate) delivery: DeliveryId,
    pub(crate) attempt: Attempt,
    pub(crate) next: Next,
    /// The attempt was made from a reading of its place in the queue, as that of a group always is: none before it is due. Else from
    /// whatever the caller remembers.
    pub(crate) when_due: bool,
    /// What it sent, where that is kept.
    pub(crate) body: Option<Bytes>,
}

/// A test of a subscription that was made.
#[derive(Clone, Debug)]
pub(crate) struct TestPlan {
    pub(crate) subscription: SubscriptionName,
    pub(crate) id: EventId,
    pub(crate) event_type: EventType,
    pub(crate) attributes: Bytes,
    pub(crate) data: Bytes,
    pub(crate) attempt: Attempt,
    pub(crate) succeeded: bool,
}
