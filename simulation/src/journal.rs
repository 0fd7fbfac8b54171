//! What happened in a story, in its order: what the model judges, and what people read.

use std::{fmt::Write, sync::Arc, time::Duration};

use parking_lot::Mutex;
use postroad_domain::{DeliveryId, ErrorClass, EventId, SubscriptionId, Timestamp};
use postroad_store::{LaneKey, Next, OutcomeResult};

use crate::{
    clock::StoryClock,
    plan::{Pace, Trouble},
};

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Since the beginning of the story.
    pub at: Duration,
    /// What.
    pub what: What,
}

/// What may happen.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The node begins to start.
    Starts,
    /// It can take work.
    Ready,
    /// It did not start.
    DidNotStart(String),
    /// It died.
    Killed,
    /// It was asked to stop, with this grace.
    StopAsked(Duration),
    /// It stopped.
    Stopped,
    /// The wall leapt by so many seconds.
    Leapt(i64),
    /// The disk has a trouble from now on, or no more.
    Trouble(Trouble, bool),
    /// Somebody asks for something.
    Asks(u32, Call),
    /// It is answered.
    Answers(u32, Answer),
    /// A commit begins.
    CommitBegins(Written),
    /// It ended; an error wrote nothing.
    CommitEnds(u32, Result<(), String>),
    /// A delivery came into the queue.
    Queued(Queued),
    /// An event was added to a delivery of that lane.
    Joined(DeliveryId, LaneKey, u64),
    /// An outcome was written, by the commit of that number.
    Recorded(Recorded),
    /// A subscription is there.
    Created(LaneKey, usize),
    /// A subscription was made inactive since its receiver said that it is gone.
    Deactivated(LaneKey),
    /// An operation of the store failed by itself, though nothing was wrong with the disk.
    StoreFailed(&'static str, String),
    /// An exchange begins.
    ExchangeBegins(u64, About),
    /// It carries a group: which, and the numbers of its events.
    Carried(u64, Option<DeliveryId>, Vec<u64>),
    /// It ended.
    ExchangeEnds(u64, Result<u16, (ErrorClass, String)>),
    /// A receiver has read a request on a connection, both known by their numbers.
    Received(u64, u64, About),
    /// It has answered, with this status, and meant it: the framing is beyond doubt.
    Responded(u64, u16, bool),
    /// A delivery's wait was explained in these words.
    Explained(usize, DeliveryId, String, Option<Timestamp>),
    /// Bytes of deliveries that wait in memory.
    Memory(u64),
    /// So many lanes in this life were found ready by a regular look, and nobody had started them.
    Rescued(u64),
}

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// The subscription's index.
    pub subscription: usize,
    /// The event's number.
    pub event: u64,
}

/// What a commit holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its number.
    pub no: u32,
    /// Events, outcomes, and targets of fan-outs.
    pub events: usize,
    /// Results of attempts.
    pub outcomes: usize,
    /// All rows.
    pub rows: usize,
}

/// A delivery that came into the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Which.
    pub delivery: DeliveryId,
    /// Its lane.
    pub lane: LaneKey,
    /// The event's number.
    pub event: u64,
    /// How it came.
    pub how: How,
    /// It is a group.
    pub is_group: bool,
}

/// How a delivery comes into the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// With its event's commit.
    Accepted,
    /// With a later step of its fan-out.
    FannedOut,
    /// By hand, or by a replay.
    Again,
}

/// An outcome that was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recorded {
    /// The commit's number.
    pub commit: u32,
    /// Which delivery.
    pub delivery: DeliveryId,
    /// Its lane.
    pub lane: LaneKey,
    /// An attempt was made.
    pub tried: bool,
    /// What follows.
    pub next: Next,
    /// What became of it.
    pub result: OutcomeResult,
}

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// A tenant.
    PutTenant(usize),
    /// A subscription.
    Create(usize),
    /// Events of a tenant: the first one's number, how many, of how many bytes each, and the index of their type.
    Publish {
        /// Whose.
        tenant: usize,
        /// The first number.
        first: u64,
        /// How many.
        count: u64,
        /// Of each.
        bytes: usize,
        /// The index of their type.
        event_type: usize,
        /// They are not to be sent before.
        deliver_at: Option<Duration>,
    },
    /// A subscription is to be so.
    Change(usize, Pace),
    /// A subscription goes.
    Delete(usize),
    /// A tenant goes.
    DeleteTenant(usize),
    /// A delivery is called off.
    Cancel(usize, DeliveryId),
    /// A delivery is sent again.
    Retry(usize, DeliveryId),
    /// A replay.
    Replay(usize),
    /// What waits for a subscription is sent now.
    SendNow(usize),
    /// Something is read.
    Read(&'static str),
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done.
    Done,
    /// The subscription was created.
    Created(SubscriptionId),
    /// What became of each event.
    Published(Vec<Result<EventId, Refused>>),
    /// Not done.
    Not(Refused),
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The rules say so: it is not there, has ended, was changed meanwhile.
    ByRule(String),
    /// Too much waits.
    Overloaded,
    /// The store failed.
    Store(String),
}

/// The journal of a story. Clones are the same one.
#[derive(Clone)]
pub struct Journal {
    clock: StoryClock,
    entries: Arc<Mutex<Vec<Entry>>>,
}

impl Journal {
    /// An empty one.
    pub(crate) fn new(clock: StoryClock) -> Self {
        Self { clock, entries: Arc::default() }
    }

    /// Notes what happens now.
    pub fn note(&self, what: What) {
        let at = self.clock.elapsed();
        self.entries.lock().push(Entry { at, what });
    }

    /// Everything that was noted.
    pub fn take(&self) -> Vec<Entry> {
        std::mem::take(&mut *self.entries.lock())
    }
}

/// A number that is the same for two stories only if the same happened in both.
pub fn digest(entries: &[Entry]) -> u64 {
    let mut text = String::new();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for entry in entries {
        text.clear();
        let _ = write!(text, "{entry:?}");
        hash = text.bytes().fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    }
    hash
}
