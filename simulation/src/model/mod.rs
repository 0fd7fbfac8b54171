//! What must be: judges a story that was told.
//!
//! The model is small and knows nothing of the engine's code. It reads what people asked and were answered, what went over the
//! wire, and what the store was told; each rule is a sentence of the book. **A rule says nothing where it is in doubt**: where
//! a change and an event crossed, where the disk was in trouble, where the node was down.

mod answers;
mod deliveries;
mod ends;
mod facts;
mod lanes;
mod limits;
mod order;
mod schedule;
mod spans;
mod standing;
mod waiting;

use std::time::Duration;

use crate::Told;

pub use facts::Facts;

/// What a story may break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// Each accepted event has a delivery to each subscription that matched.
    Complete,
    /// And to no other.
    NotInvented,
    /// Everything that can end ends.
    Ends,
    /// An ordered subscription gets its events in the order of their acceptance.
    Order,
    /// Nothing waits without a reason of its own subscription.
    NotLate,
    /// A schedule that is promised is not slowed down, however often its receiver fails.
    PromiseKept,
    /// No gap of a schedule is shortened.
    NotEarly,
    /// A schedule is carried out to its end, and not beyond.
    Attempts,
    /// Nothing is sent after a cancel, a pause or a deletion was answered.
    NothingSentAfter,
    /// What a receiver took is recorded so.
    SuccessRecorded,
    /// What is recorded as taken was taken.
    SuccessTrue,
    /// A connection carries the requests of one tenant.
    ConnectionOfOne,
    /// Outcomes are written within a few commits.
    OutcomesSoon,
    /// A tenant that publishes little is answered soon, whatever others do.
    PublishSoon,
    /// No operation fails while nothing is wrong with the disk.
    OperationsSucceed,
    /// Nothing expires before its time.
    NotExpired,
    /// Every change starts what it allows: the regular look at the lanes finds nothing to start.
    NobodyRescued,
    /// What waits in memory is bounded.
    Memory,
    /// Only a 410 of today deactivates.
    DeactivatedRightly,
    /// What is said of a wait is true.
    Explained,
    /// A stop takes its grace and little more.
    StopSoon,
    /// A node starts.
    Starts,
    /// Nothing panics.
    NoPanic,
    /// A rate limit is kept, and the rest that a receiver asked for.
    RestsKept,
    /// They are kept over a restart, too.
    RestsOverRestart,
    /// When the head of an ordered lane is called off, the next one goes out.
    WakesAfterCancel,
    /// What is published again with its key is one event.
    Once,
    /// What is older than the installation keeps it is erased.
    Forgotten,
    /// Nothing is sent before its delay or its moment, and no group before its window is over or it is full.
    NotBeforeDue,
    /// An event that is sent together with others comes in one group.
    OneGroup,
    /// A group is sent with all its events, in their order, and so in every attempt.
    GroupWhole,
    /// A group takes events with one key, no longer than its window, and no more than it may.
    GroupLimits,
}

/// A rule that a story broke.
#[derive(Clone, Debug)]
pub struct Violation {
    /// When.
    pub at: Duration,
    /// Which.
    pub rule: Rule,
    /// How.
    pub text: String,
}

/// Judges a story; what it broke, in the order of time.
pub fn judge(told: &Told) -> Vec<Violation> {
    let facts = Facts::of(told);
    let panicked = |text: &String| Violation { at: told.lasted, rule: Rule::NoPanic, text: text.clone() };
    let mut found: Vec<_> = told.panics.iter().map(panicked).collect();
    deliveries::check(&facts, &mut found);
    ends::check(&facts, &mut found);
    order::check(&facts, &mut found);
    schedule::check(&facts, &mut found);
    lanes::check(&facts, &mut found);
    answers::check(&facts, &mut found);
    limits::check(&facts, &mut found);
    waiting::check(&facts, &mut found);
    found.sort_by_key(|violation| violation.at);
    found
}
