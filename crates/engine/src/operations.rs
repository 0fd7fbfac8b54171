//! What the operator should hear of: it is noted here, where it happens, and published by `notifying` as events of the operator's own
//! tenant.
//!
//! **Invariants:**
//! * of a subscription each kind is noted once until it is taken, with the latest that is known: what happens often is told once;
//! * what it ends is forgotten: a subscription that has recovered is not told to fail;
//! * it holds [`NOTED_MAX`] at most. What comes beyond that is counted and lost, as is what a node holds when it dies: the log has all
//!   of it.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use postroad_domain::{
    Timestamp,
    subscription::{Failures, InactiveReason},
};
use postroad_store::{GrowingBacklog, LaneKey};
use tokio::sync::Notify;

/// Notes that are held at most.
const NOTED_MAX: usize = 10_000;

/// What happened to a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occurrence {
    /// Deliveries failed for good: all of them since the last one that succeeded.
    Failed(Failures),
    /// A delivery succeeded again.
    Recovered,
    /// It became inactive by itself.
    Disabled(InactiveReason, Option<Failures>),
    /// Much waits for it, and more than before.
    Growing(GrowingBacklog),
}

/// The kind of an occurrence, which is the type of its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OccurrenceKind {
    Failed,
    Recovered,
    Disabled,
    Growing,
}

impl Occurrence {
    pub(crate) const fn kind(self) -> OccurrenceKind {
        match self {
            Self::Failed(_) => OccurrenceKind::Failed,
            Self::Recovered => OccurrenceKind::Recovered,
            Self::Disabled(..) => OccurrenceKind::Disabled,
            Self::Growing(_) => OccurrenceKind::Growing,
        }
    }
}

impl OccurrenceKind {
    pub(crate) const ALL: [Self; 4] = [Self::Disabled, Self::Recovered, Self::Failed, Self::Growing];

    /// The type of the event.
    pub(crate) const fn event_type(self) -> &'static str {
        match self {
            Self::Failed => "delivery.failed",
            Self::Recovered => "subscription.recovered",
            Self::Disabled => "subscription.disabled",
            Self::Growing => "backlog.growing",
        }
    }

    /// What it ends.
    const fn ends(self) -> Option<Self> {
        match self {
            Self::Failed => Some(Self::Recovered),
            Self::Recovered => Some(Self::Failed),
            Self::Disabled | Self::Growing => None,
        }
    }
}

/// The types of all these events: what the profile of the operator's tenant must have.
pub(crate) fn event_types() -> impl Iterator<Item = &'static str> {
    OccurrenceKind::ALL.into_iter().map(OccurrenceKind::event_type)
}

/// What is noted of a subscription.
pub(crate) type NotedKey = (LaneKey, OccurrenceKind);

/// What is noted, and when it happened last.
pub(crate) type Noted = (Occurrence, Timestamp);

/// What the operator should hear of.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    noted: Mutex<BTreeMap<NotedKey, Noted>>,
    arrived: Notify,
}

impl Operations {
    /// Notes something. Answers whether there was room for it.
    pub(crate) fn note(&self, lane: LaneKey, occurrence: Occurrence, at: Timestamp) -> bool {
        let kind = occurrence.kind();
        let mut noted = self.noted.lock();
        if let Some(ended) = kind.ends() {
            noted.remove(&(lane, ended));
        }
        let has_room = noted.len() < NOTED_MAX || noted.contains_key(&(lane, kind));
        if has_room {
            noted.insert((lane, kind), (occurrence, at));
            drop(noted);
            self.arrived.notify_one();
        }
        has_room
    }

    /// Takes what may be told.
    pub(crate) fn take(&self, mut may_be_told: impl FnMut(NotedKey) -> bool) -> Vec<(NotedKey, Noted)> {
        self.noted.lock().extract_if(.., |key, _| may_be_told(*key)).collect()
    }

    /// Puts back what could not be told, unless something newer was noted.
    pub(crate) fn put_back(&self, key: NotedKey, value: Noted) {
        let mut noted = self.noted.lock();
        let is_ended = key.1.ends().is_some_and(|ended| noted.contains_key(&(key.0, ended)));
        if !is_ended && noted.len() < NOTED_MAX {
            noted.entry(key).or_insert(value);
        }
    }

    /// What waits to be told.
    pub(crate) fn keys(&self) -> Vec<NotedKey> {
        self.noted.lock().keys().copied().collect()
    }

    /// Waits until something is noted.
    pub(crate) async fn arrived(&self) {
        self.arrived.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use postroad_domain::{SubscriptionNo, TenantNo};

    use super::*;

    fn lane(no: i64) -> LaneKey {
        LaneKey { tenant_no: TenantNo(1), subscription_no: SubscriptionNo(no) }
    }

    fn failed(count: u32) -> Occurrence {
        Occurrence::Failed(Failures { count, since: Timestamp::default() })
    }

    #[test]
    fn what_happens_often_is_told_once_and_what_has_ended_not_at_all() {
        let operations = Operations::default();
        let at = Timestamp::default();
        operations.note(lane(1), failed(1), at);
        operations.note(lane(1), failed(7), at);
        operations.note(lane(2), failed(1), at);
        operations.note(lane(2), Occurrence::Recovered, at);
        let taken: Vec<_> = operations.take(|_| true).into_iter().map(|(_, (what, _))| what).collect();
        assert_eq!(taken, [failed(7), Occurrence::Recovered]);
        operations.note(lane(2), failed(1), at);
        operations.put_back((lane(2), OccurrenceKind::Recovered), (Occurrence::Recovered, at));
        assert_eq!(operations.keys(), [(lane(2), OccurrenceKind::Failed)], "it fails again by now");
    }

    #[test]
    fn it_holds_no_more_than_it_may() {
        let operations = Operations::default();
        let most = i64::try_from(NOTED_MAX).unwrap();
        assert!((0..most).all(|no| operations.note(lane(no), failed(1), Timestamp::default())));
        assert!(!operations.note(lane(most), failed(1), Timestamp::default()));
        assert!(operations.note(lane(0), failed(2), Timestamp::default()), "that one it holds already");
    }
}
