//! The hot path: what one commit holds and what it answers.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use postroad_domain::{
    Attempt, EventId, EventType, ProfileNo, Reason, SubscriptionNo, TenantNo, Timestamp, TraceContext,
    delivery::{Input, StoredBody},
    ids::DeliveryId,
    subscription::Failures,
};

use super::lanes::{LaneKey, QueuedDelivery};
use crate::SessionId;

/// Everything that becomes durable together.
#[derive(Debug)]
pub struct Commit {
    /// The moment of the commit. The caller gives each commit a later one than the last, so that the queue's order
    /// within a lane is the order of commits.
    pub at: Timestamp,
    /// The node that commits.
    pub session: SessionId,
    /// Events to accept.
    pub events: Vec<NewEvent>,
    /// Results of attempts, and ends without one.
    pub outcomes: Vec<Outcome>,
    /// Next steps of large fan-outs: deliveries for events that were accepted before.
    pub fanouts: Vec<Fanout>,
}

/// What a commit answers, in the order of its input.
#[derive(Debug, Default)]
pub struct Committed {
    /// One for each event.
    pub events: Vec<AcceptResult>,
    /// One for each outcome.
    pub outcomes: Vec<OutcomeResult>,
    /// The subscriptions of which a delivery failed here and none succeeded behind it, by lane.
    pub failing: Vec<Failing>,
    /// The subscriptions that had failures and of which a delivery succeeded here and none failed behind it, by lane.
    pub recovered: Vec<LaneKey>,
    /// The deliveries that the fan-out steps created and that may be sent, lane by lane.
    pub fanned_out: Vec<QueuedDelivery>,
    /// How long it took to make durable what was written, without the work before; zero where nothing is synced.
    pub sync_took: Duration,
}

/// An event on its way in.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Ours.
    pub id: EventId,
    /// Whose.
    pub tenant_no: TenantNo,
    /// The tenant's `config_version` that the deliveries were matched against.
    pub config_version: i64,
    /// The tenant's version that the deliveries are shaped with.
    pub tenant_version: i64,
    /// The profile that they are shaped by.
    pub profile: ProfileNo,
    /// What happened.
    pub event_type: EventType,
    /// When it happened, if the caller said so.
    pub occurred_at: Option<Timestamp>,
    /// Words that tag sets match.
    pub tags: Vec<String>,
    /// The attributes as a JSON object; empty for none.
    pub attributes: Bytes,
    /// The data as it came.
    pub data: Bytes,
    /// The span that published it, where its caller or this server traces.
    pub trace: Option<Box<TraceContext>>,
    /// Set when the caller named a key.
    pub idempotency: Option<Idempotency>,
    /// What is created in the same commit.
    pub deliveries: Vec<NewDelivery>,
    /// The subscriptions that are served by later commits, where there are more than
    /// [`postroad_domain::limits::DELIVERIES_WITH_EVENT_MAX`] in all.
    pub fanout: Vec<FanoutTarget>,
}

impl NewEvent {
    /// Bytes of its data and its attributes.
    pub fn bytes(&self) -> usize {
        self.data.len() + self.attributes.len()
    }
}

/// The caller's key for an event, hashed: the same key with the same bytes is the same event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// SHA-256 of the key.
    pub key_hash: [u8; 32],
    /// SHA-256 of the item's bytes.
    pub bytes_hash: [u8; 32],
    /// Until when it is remembered.
    pub expires_at: Timestamp,
}

/// A delivery to create.
#[derive(Clone, Copy, Debug)]
pub struct NewDelivery {
    /// Made from the event's: [`EventId::delivery`], numbered from 1 in the order of the targets.
    pub id: DeliveryId,
    /// Where to.
    pub target: FanoutTarget,
}

/// One subscription that an event goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FanoutTarget {
    /// The subscription.
    pub subscription_no: SubscriptionNo,
    /// Its version when the event was matched.
    pub subscription_version: i64,
    /// The delivery is not due before; a moment that is over means at once.
    pub due: Timestamp,
    /// When the delivery ends at the latest.
    pub expires_at: Timestamp,
    /// How the event is sent together with others; `None` for alone.
    pub group: Option<GroupTarget>,
}

/// How an event is sent together with others of its subscription.
///
/// The commit adds it to the group that takes events with this key, if that has room, and else opens a group with it: a delivery
/// whose first event it is. So an event is in exactly one delivery of the subscription, whatever happens to the commit.
///
/// A group takes events until its window is over or it is full. It is due then, but not before the latest of its events is
/// ([`FanoutTarget::due`]). It takes none any more once it was sent now, called off, or has ended.
///
/// A group is whole when it is due and each commit with an `at` before that was answered: no later commit adds to it. So whoever sends
/// it reads its events ([`crate::History::delivery_events`]) in a reading that begins after such an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupTarget {
    /// Events with the same one share a group.
    pub key: GroupKey,
    /// How long the group takes events, from the commit that opens it on.
    pub window_ms: u32,
    /// The window ends with the next whole multiple of its length since 1970 instead.
    pub is_aligned: bool,
    /// With so many events it is full; at most [`postroad_domain::limits::DELIVERY_EVENTS_MAX`].
    pub events_max: u16,
    /// So many bytes of data it takes, at most [`postroad_domain::limits::DELIVERY_EVENTS_BYTES_MAX`]; but always its first event.
    pub bytes_max: u32,
}

/// What events of a group have in common: a hash of the text that the profile makes of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKey(pub [u8; 16]);

impl GroupTarget {
    /// When the window of a group that is opened at a moment is over.
    pub fn closes_at(&self, at: Timestamp) -> Timestamp {
        let window_micros = i64::from(self.window_ms.max(1)) * 1_000;
        if self.is_aligned {
            let into = at.as_micros().rem_euclid(window_micros);
            Timestamp::from_micros(at.as_micros().saturating_add(window_micros - into))
        } else {
            Timestamp::from_micros(at.as_micros().saturating_add(window_micros))
        }
    }
}

/// A large fan-out that is not finished.
#[derive(Clone, Debug)]
pub struct Fanout {
    /// The event's tenant.
    pub tenant_no: TenantNo,
    /// The event.
    pub event_id: EventId,
    /// Bytes of its data and its attributes, which a step may have to read.
    pub event_bytes: usize,
    /// From [`crate::Queue::open_fanouts`]: every target that is left. In a commit: the first of them, for which deliveries are
    /// created now. Of a step that is repeated nothing is created twice; one that leaves some out creates nothing.
    pub targets: Vec<FanoutTarget>,
    /// The number of the first target's delivery; the others follow. Ids are made from it: [`EventId::delivery`].
    pub next_number: u16,
}

/// What became of one event.
#[derive(Clone, Debug)]
pub enum AcceptResult {
    /// It is durable. The deliveries stand in the order of [`NewEvent::deliveries`], without those of groups that were there before.
    Accepted {
        /// What the lanes may send from memory as soon as it is due. A group is not among that: it is read when it is due.
        deliveries: Vec<QueuedDelivery>,
    },
    /// The key was used before with the same bytes.
    Duplicate {
        /// The first event's id.
        event_id: EventId,
        /// When that one was accepted.
        accepted_at: Timestamp,
        /// How many deliveries it got.
        deliveries: u32,
    },
    /// The key was used before with other bytes; nothing was written.
    Conflict,
    /// The tenant's configuration changed since it was matched; nothing was written: reload and match again. This node's feed has
    /// announced that change before, whichever node made it, so that whoever reloads forgets what it knew.
    Stale,
    /// The tenant is gone; nothing was written. That was announced before as well.
    NoTenant,
}

/// The result of an attempt, or an end without one.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The lane.
    pub lane: LaneKey,
    /// The delivery.
    pub id: DeliveryId,
    /// As in the [`QueuedDelivery`] it belongs to.
    pub handle: i64,
    /// As in the [`QueuedDelivery`] it belongs to: its place in the queue. One that was made due earlier meanwhile follows it too.
    pub due: Timestamp,
    /// As in the [`QueuedDelivery`] it belongs to.
    pub expires_at: Timestamp,
    /// As in the [`QueuedDelivery`] it belongs to: attempts of this pass before.
    pub tries: u32,
    /// The exchange; `None` when it ended without one.
    pub attempt: Option<Attempt>,
    /// What the exchange sent, where later ones must send the same and it cannot be made anew. Kept with the attempt, unless
    /// an earlier one was kept already.
    pub body: Option<Arc<StoredBody>>,
    /// What follows.
    pub next: Next,
}

impl Outcome {
    /// Whether it counts among the failures of its subscription, where the delivery follows it: its attempts failed, all of its
    /// schedule or those that its time was long enough for. What nobody asked the receiver about says nothing about that one.
    pub const fn is_failure(&self) -> bool {
        match self.next {
            Next::Failed(Reason::Exhausted) => true,
            Next::Failed(Reason::Expired) => self.tries > 0 || self.attempt.is_some(),
            Next::Failed(_) | Next::Succeeded | Next::Queued { .. } | Next::InPlace { .. } => false,
        }
    }
}

/// A subscription whose deliveries fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failing {
    /// Its lane.
    pub lane: LaneKey,
    /// What failed.
    pub failures: Failures,
}

/// What follows an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The receiver took it.
    Succeeded,
    /// It ended without success.
    Failed(Reason),
    /// It waits until `due`; `tries` is how many attempts of this pass were made.
    Queued {
        /// The next due time.
        due: Timestamp,
        /// Attempts of this pass so far.
        tries: u32,
    },
    /// It keeps its place, before all that came later, and is not tried again before that moment: the head of an ordered
    /// lane.
    InPlace {
        /// When its next attempt is due.
        not_before: Timestamp,
        /// Attempts of this pass so far.
        tries: u32,
    },
}

impl Next {
    /// What it is in the life of a delivery.
    pub const fn input(self) -> Input {
        match self {
            Self::Succeeded => Input::Succeed,
            Self::Failed(Reason::Expired) => Input::Expire,
            Self::Failed(Reason::BacklogFull) => Input::Overflow,
            Self::Failed(_) => Input::Exhaust,
            Self::Queued { .. } | Self::InPlace { .. } => Input::Postpone,
        }
    }
}

/// What became of an outcome. The attempt is logged in each case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcomeResult {
    /// The delivery follows it.
    Applied,
    /// The delivery had been taken out of the queue in between (cancelled, paused, deleted, or beyond the backlog's budget): a
    /// success is noted, as it did arrive; anything else changes nothing.
    NotWaiting,
    /// The lane belongs to another node now; nothing of it was written.
    Fenced,
}
