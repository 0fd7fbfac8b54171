//! When failures make a subscription inactive, and which subscriptions are to be looked at.

use std::{collections::BTreeMap, time::Duration};

use parking_lot::Mutex;
use postroad_domain::{Timestamp, subscription::Failures};
use postroad_store::LaneKey;
use tokio::sync::Notify;

/// Deliveries of a subscription that failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failed {
    pub(super) failures: Failures,
    /// Until when, as far as is known.
    pub(super) until: Timestamp,
}

/// When failures make a subscription inactive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// Its profile's: so many.
    pub(super) failures: Option<u32>,
    /// The operator's: for so long.
    pub(super) after: Option<Duration>,
}

impl Rule {
    pub(super) fn is_met_by(self, failed: Failed) -> bool {
        let Failed { failures: Failures { count, since }, until } = failed;
        self.failures.is_some_and(|failures| count >= failures)
            || self.after.is_some_and(|after| until >= since.after(after))
    }

    /// Whether half of it is met: what its contacts are warned of. One failure is never half of anything.
    pub(super) fn is_half_met_by(self, failed: Failed) -> bool {
        let half = Self {
            failures: self.failures.filter(|failures| *failures > 1).map(|failures| failures.div_ceil(2)),
            after: self.after.map(|after| after / 2),
        };
        failed.failures.count > 1 && half.is_met_by(failed)
    }
}

/// Subscriptions to judge, each with the latest that is known of it.
#[derive(Default)]
pub(super) struct ToJudge {
    lanes: Mutex<BTreeMap<LaneKey, Failed>>,
    noted: Notify,
    /// The failures of which contacts were warned, by their first moment; forgotten when there are too many, as the store knows too.
    warned: Mutex<BTreeMap<LaneKey, Timestamp>>,
}

/// Warnings that are remembered.
const WARNED_MAX: usize = 10_000;

impl ToJudge {
    pub(super) fn note(&self, lane: LaneKey, failed: Failed) {
        self.lanes.lock().insert(lane, failed);
        self.noted.notify_one();
    }

    /// Contacts were warned of these failures.
    pub(super) fn warned(&self, lane: LaneKey, failed: Failed) {
        let mut warned = self.warned.lock();
        if warned.len() >= WARNED_MAX {
            warned.clear();
        }
        warned.insert(lane, failed.failures.since);
    }

    pub(super) fn was_warned(&self, lane: LaneKey, failed: Failed) -> bool {
        self.warned.lock().get(&lane) == Some(&failed.failures.since)
    }

    pub(super) async fn next(&self) -> (LaneKey, Failed) {
        loop {
            let next = self.lanes.lock().pop_first();
            match next {
                Some(next) => return next,
                None => self.noted.notified().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use postroad_domain::{SubscriptionNo, TenantNo};

    use super::*;

    fn failed(count: u32, since_secs: u64, until_secs: u64) -> Failed {
        let at = |secs| Timestamp::default().after(Duration::from_secs(secs));
        Failed { failures: Failures { count, since: at(since_secs) }, until: at(until_secs) }
    }

    #[test]
    fn a_rule_is_met_by_so_many_failures_or_by_a_failure_after_so_long() {
        let hour = Some(Duration::from_secs(3_600));
        for (failures, after, failed, is_met) in [
            (None, None, failed(1_000, 0, 1 << 40), false),
            (Some(3), None, failed(2, 0, 1 << 40), false),
            (Some(3), None, failed(3, 7, 7), true),
            (Some(3), None, failed(4, 7, 7), true),
            (None, hour, failed(1, 100, 100), false),
            (None, hour, failed(1_000, 100, 3_699), false),
            (None, hour, failed(2, 100, 3_700), true),
            (Some(3), hour, failed(2, 100, 3_700), true),
            (Some(3), hour, failed(3, 100, 101), true),
        ] {
            assert_eq!(
                Rule { failures, after }.is_met_by(failed),
                is_met,
                "{failures:?} {after:?} {failed:?}"
            );
        }
    }

    #[test]
    fn half_of_a_rule_is_met_before_the_whole() {
        let hour = Some(Duration::from_secs(3_600));
        for (failures, after, failed, is_half_met) in [
            (Some(10), None, failed(4, 0, 0), false),
            (Some(10), None, failed(5, 0, 0), true),
            (Some(3), None, failed(2, 0, 0), true),
            (Some(1), None, failed(2, 0, 0), false),
            (None, hour, failed(2, 100, 1_899), false),
            (None, hour, failed(2, 100, 1_900), true),
            (None, hour, failed(1, 100, 1_900), false),
            (None, None, failed(1_000, 0, 1 << 40), false),
        ] {
            let rule = Rule { failures, after };
            assert_eq!(rule.is_half_met_by(failed), is_half_met, "{rule:?} {failed:?}");
        }
    }

    #[tokio::test]
    async fn a_subscription_is_judged_once_by_the_latest_that_is_known() {
        let lane = |no| LaneKey { tenant_no: TenantNo(1), subscription_no: SubscriptionNo(no) };
        let to_judge = ToJudge::default();
        for (no, count) in [(1, 3), (2, 5), (1, 4)] {
            to_judge.note(lane(no), failed(count, 0, 0));
        }
        for (no, count) in [(1, 4), (2, 5)] {
            let (next, failed) = to_judge.next().await;
            assert_eq!((next, failed.failures.count), (lane(no), count));
        }
        assert!(to_judge.lanes.lock().is_empty());
    }
}
