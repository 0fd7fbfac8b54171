//! What a story is made from: plain data, drawn from a seed by [`crate::story`] and read by everybody else.

use std::time::Duration;

/// A whole story.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it was drawn from.
    pub seed: u64,
    /// Its main theme.
    pub theme: Theme,
    /// The store beneath.
    pub store: StoreKind,
    /// What the disk does.
    pub disk: DiskPlan,
    /// Deliveries that may wait in one lane, where it is fewer than usual.
    pub backlog_max: Option<u64>,
    /// How long events are kept; `None` for ever.
    pub retention: Option<Duration>,
    /// The tenants; steps name them by their index.
    pub tenants: Vec<TenantPlan>,
    /// The hosts of receivers; subscriptions name them by their index.
    pub hosts: Vec<HostPlan>,
    /// All subscriptions there will be; steps name them by their index.
    pub subscriptions: Vec<SubscriptionPlan>,
    /// What people do. Each thread is one person, who waits for each answer.
    pub threads: Vec<Thread>,
    /// When the node dies or is stopped, in the order of time; behind the last one it lives on.
    pub ends: Vec<End>,
    /// When the wall clock leaps, and how far.
    pub leaps: Vec<(Duration, Leap)>,
    /// From then on everything is well and nobody does anything: what can end has time to.
    pub calm_from: Duration,
    /// The end of the story.
    pub until: Duration,
}

/// What a story is about: what it has much of. Everything else may come into it all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Theme {
    /// A bit of all.
    Mixture,
    /// Receivers that fail, and a promised schedule.
    Schedule,
    /// Ordered subscriptions and people who cancel.
    Order,
    /// Events to more subscriptions than one commit serves.
    FanOut,
    /// A tenant that floods with fan-outs beside quiet ones.
    Flood,
    /// Clocks that leap, and restarts.
    Clocks,
    /// A disk that is slow, fails or is full.
    Disk,
    /// More waits than may.
    Backlog,
    /// Receivers that are gone, and customers who activate again.
    Gone,
    /// Large events to receivers that rest.
    Memory,
    /// Large specifications.
    Settings,
    /// Rate limits, rests, and who asks why.
    Rests,
    /// Large events under way beside many small ones.
    Bytes,
    /// Receivers that break the protocol.
    Framing,
    /// Delays, moments and groups, and people who send what waits now.
    Waiting,
}

impl Theme {
    /// Every theme.
    pub const ALL: [Self; 15] = [
        Self::Mixture,
        Self::Schedule,
        Self::Order,
        Self::FanOut,
        Self::Flood,
        Self::Clocks,
        Self::Disk,
        Self::Backlog,
        Self::Gone,
        Self::Memory,
        Self::Settings,
        Self::Rests,
        Self::Bytes,
        Self::Framing,
        Self::Waiting,
    ];
}

/// Which store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// The memory store.
    Memory,
    /// The embedded store.
    Sqlite,
}

/// How fast the disk is, and its troubles.
#[derive(Clone, Debug)]
pub struct DiskPlan {
    /// Of one transaction, in milliseconds from and to.
    pub sync_ms: (u64, u64),
    /// Of one row that is written, in microseconds.
    pub row_us: u64,
    /// Of one reading, in milliseconds from and to.
    pub read_ms: (u64, u64),
    /// Bytes that one reading may bring in the time that it may take.
    pub read_bytes_max: usize,
    /// Times of trouble.
    pub troubles: Vec<(Duration, Duration, Trouble)>,
}

/// What may be wrong with a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Everything takes so many times as long.
    Slow(u32),
    /// There is no room.
    Full,
    /// No transaction succeeds.
    Unwritable,
    /// So many of a hundred readings fail, at once or when their time is over.
    ReadsFail(u64),
}

/// A tenant.
#[derive(Clone, Debug)]
pub struct TenantPlan {
    /// Its profile.
    pub profile: &'static str,
    /// It publishes little: what others do must not slow it down.
    pub is_quiet: bool,
}

/// A host of receivers.
#[derive(Clone, Debug)]
pub struct HostPlan {
    /// How long a connection takes to be made, in milliseconds from and to.
    pub connect_ms: (u64, u64),
    /// What it does from which moment on; the first is from the beginning.
    pub phases: Vec<(Duration, Behaviour)>,
}

/// How a receiver behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Answers with a status after so many milliseconds.
    Answers {
        /// The status.
        status: u16,
        /// From and to.
        after_ms: (u64, u64),
    },
    /// Some requests fail with a status, the others succeed.
    Fails {
        /// Of a hundred.
        percent: u64,
        /// What it answers then.
        status: u16,
        /// Milliseconds from and to.
        after_ms: (u64, u64),
    },
    /// Answers 429 or 503 and asks for a rest.
    AsksForRest {
        /// The status.
        status: u16,
        /// Of the rest.
        seconds: u64,
    },
    /// Answers some requests so, the others with 200.
    Throttles {
        /// Of a hundred.
        percent: u64,
        /// Of the rest.
        seconds: u64,
    },
    /// Reads and never answers.
    Silent,
    /// Refuses connections.
    Refuses,
    /// Lets nobody connect and says nothing.
    Unreachable,
    /// Closes the connection in the place of an answer.
    Closes,
    /// Answers 200 and closes its connection after so many milliseconds of rest.
    ClosesIdle {
        /// Of rest.
        after_ms: u64,
    },
    /// Answers so that its framing is in doubt, and sends more bytes later.
    Misframes {
        /// In which way.
        way: u8,
    },
}

/// A subscription as it is when it is created.
#[derive(Clone, Debug)]
pub struct SubscriptionPlan {
    /// Whose.
    pub tenant: usize,
    /// Where to.
    pub host: usize,
    /// One of [`EVENT_TYPES`]; `None` for all.
    pub event_type: Option<usize>,
    /// How it is sent to.
    pub pace: Pace,
    /// Gaps of its own schedule; `None` for its profile's.
    pub gaps: Option<Vec<Duration>>,
    /// Its own deadline of an exchange.
    pub timeout: Duration,
    /// Bytes of headers in its specification.
    pub settings_bytes: usize,
    /// How long a delivery waits behind its event.
    pub delay: Duration,
    /// How its events are sent together.
    pub group: Option<GroupPlan>,
}

/// How events of a subscription are sent together: those with the same key, where its profile has keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupPlan {
    /// How long a group takes events.
    pub window: Duration,
    /// Events of a full one.
    pub max_events: Option<u32>,
    /// Bytes of a full one.
    pub max_bytes: Option<u64>,
}

/// The profile of stories with keys of groups: `standard`, with [`key_of`] in the data of its events.
pub const KEYED_PROFILE: &str = "keyed";

/// What the events of a group have in common under [`KEYED_PROFILE`].
pub const fn key_of(event: u64) -> u64 {
    event % 3
}

/// What a customer may set of a subscription's pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// It is active.
    pub active: bool,
    /// One delivery after the other.
    pub ordered: bool,
    /// Exchanges at a time.
    pub concurrency: u32,
    /// Exchanges within a span of milliseconds.
    pub rate_limit: Option<(u32, u64)>,
}

/// The event types of stories: those of the profile that has a closed list.
pub const EVENT_TYPES: [&str; 3] = ["lead.created", "lead.updated", "lead.deleted"];

/// What one person does, one step after the other.
#[derive(Clone, Debug)]
pub struct Thread {
    /// When the first step is taken.
    pub from: Duration,
    /// The steps.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Waits.
    Wait(Duration),
    /// Creates a tenant.
    PutTenant(usize),
    /// Creates subscriptions, all at the same time.
    Create(Vec<usize>),
    /// Publishes events one by one, each after the answer to the one before.
    Publish(Events),
    /// Publishes events in one call.
    Batch(Events),
    /// Changes a subscription.
    Change(usize, Pace),
    /// Activates a subscription if it is found inactive.
    ActivateIfGone(usize),
    /// Deletes a subscription.
    Delete(usize),
    /// Deletes a tenant.
    DeleteTenant(usize),
    /// Calls off the oldest delivery of a subscription that waits, or the newest.
    Cancel {
        /// Which.
        subscription: usize,
        /// The oldest.
        oldest: bool,
    },
    /// Sends a finished delivery of a subscription again.
    Retry(usize),
    /// Replays what failed of a subscription, or all.
    Replay {
        /// Which.
        subscription: usize,
        /// What succeeded, too.
        all: bool,
    },
    /// Asks why the oldest delivery of a subscription waits.
    Explain(usize),
    /// Sends now what waits for a subscription.
    SendNow(usize),
}

/// Events to publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Events {
    /// Whose.
    pub tenant: usize,
    /// The first one's number in the story; the others follow.
    pub first: u64,
    /// How many.
    pub count: u64,
    /// Bytes of each.
    pub bytes: usize,
    /// One of [`EVENT_TYPES`].
    pub event_type: usize,
    /// Between two of them, in milliseconds from and to.
    pub pause_ms: (u64, u64),
    /// They are to be sent so many milliseconds later, from and to; zero for at once.
    pub deliver_in_ms: (u64, u64),
}

/// The end of a life of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// When.
    pub at: Duration,
    /// How.
    pub how: Ending,
    /// How long the node is down then.
    pub down_for: Duration,
}

/// How a life ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Everything stops at once.
    Kill,
    /// It dies in the next commit behind that moment, before its effect or behind it.
    KillInCommit {
        /// What was written is there, and nobody was told.
        behind: bool,
    },
    /// It is asked to stop, with so long a grace.
    Stop {
        /// For exchanges under way.
        grace: Duration,
    },
}

/// How far the wall leaps: positive is ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leap {
    /// In seconds.
    pub seconds: i64,
}
