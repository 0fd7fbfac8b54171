//! How many deliveries of a subscription failed, one after the other.
//!
//! **Invariants:**
//! * what is counted is in the writer's memory and in the subscription's row, and both change in the commit of the outcomes;
//! * a row is written once a commit, however many of its deliveries failed in that, and none is read;
//! * what succeeds where nothing had failed changes nothing, and asks nothing while nothing fails anywhere.

use std::collections::BTreeSet;

use postroad_domain::{SubscriptionNo, Timestamp, subscription::Failures};
use postroad_store::{Failing, LaneKey};
use rusqlite::Connection;

use crate::{
    error::Fault,
    sql::{self, query},
    writer::known::Known,
};

/// What the outcomes of a commit change.
#[derive(Default)]
pub(crate) struct Tally {
    changed: BTreeSet<LaneKey>,
    /// Of these the subscriptions that had failures before.
    recovered: BTreeSet<LaneKey>,
}

/// What they have changed, by lane.
#[derive(Debug, Default)]
pub(crate) struct Tallied {
    /// The subscriptions that have failures.
    pub(crate) failing: Vec<Failing>,
    /// Those that have none any more.
    pub(crate) recovered: Vec<LaneKey>,
}

impl Tally {
    /// A delivery failed at that moment.
    pub(crate) fn failed(&mut self, known: &mut Known, lane: LaneKey, at: Timestamp) {
        if known.is_active(lane.subscription_no) {
            let none = Failures { count: 0, since: at };
            let failures = known.failing.entry(lane.subscription_no).or_insert(none);
            failures.count = failures.count.saturating_add(1);
            self.changed.insert(lane);
            self.recovered.remove(&lane);
        }
    }

    /// A delivery succeeded.
    pub(crate) fn succeeded(&mut self, known: &mut Known, lane: LaneKey) {
        if known.failing.contains_key(&lane.subscription_no) && known.is_active(lane.subscription_no) {
            known.failing.remove(&lane.subscription_no);
            self.changed.insert(lane);
            self.recovered.insert(lane);
        }
    }

    /// Writes what changed.
    pub(crate) fn finish(self, db: &Connection, known: &Known) -> Result<Tallied, Fault> {
        let mut failing = Vec::new();
        for lane in self.changed {
            let failures = known.failing.get(&lane.subscription_no).copied();
            put(db, lane.subscription_no, failures)?;
            failing.extend(failures.map(|failures| Failing { lane, failures }));
        }
        Ok(Tallied { failing, recovered: self.recovered.into_iter().collect() })
    }
}

/// Writes the failures of a subscription.
pub(crate) fn put(db: &Connection, no: SubscriptionNo, failures: Option<Failures>) -> Result<(), Fault> {
    let count = failures.map_or(0, |failures| failures.count);
    let since = failures.map(|failures| failures.since.as_micros());
    query::run(db, sql::SUBSCRIPTION_FAILURES, (no.0, count, since))?;
    Ok(())
}
