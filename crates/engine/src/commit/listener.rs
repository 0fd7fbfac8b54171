//! Who hears what was committed. The commit wing knows no lane: `sending` implements this.

use postroad_domain::Timestamp;
use postroad_store::{Failing, LaneKey, Outcome, QueuedDelivery};

/// Hears what was committed, in the order of commits.
pub(crate) trait CommitListener: Send + Sync + 'static {
    /// Deliveries were committed at a moment, and those who published them are not answered yet.
    fn queued(&self, deliveries: Vec<QueuedDelivery>, at: Timestamp);

    /// Of these subscriptions deliveries failed in a commit of that moment. Told before its outcomes, and only where there are any.
    fn failing(&self, failing: &[Failing], at: Timestamp);

    /// Of these subscriptions a delivery succeeded again in a commit of that moment.
    fn recovered(&self, recovered: &[LaneKey], at: Timestamp);

    /// Outcomes are committed, each with when it is due next where its delivery goes on waiting.
    fn settled<'a>(&self, outcomes: impl Iterator<Item = (&'a Outcome, Option<Timestamp>)>);

    /// The store refused these outcomes for themselves: their deliveries are queued as they were and may be tried again from a moment
    /// on.
    fn refused<'a>(&self, outcomes: impl Iterator<Item = &'a Outcome>, again_at: Timestamp);

    /// All that there is to say of a commit was said.
    fn told_all(&self);
}
