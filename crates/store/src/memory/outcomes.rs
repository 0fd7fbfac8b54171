//! What becomes of a delivery after an attempt, and what that says of its subscription.

use std::collections::BTreeSet;

use postroad_domain::{Status, Timestamp, delivery::Input, subscription::Failures};

use super::state::{Place, State};
use crate::{Failing, LaneKey, ListFailing, Next, Outcome, OutcomeResult, SessionId};

impl State {
    pub(super) fn record(&mut self, outcome: &Outcome, session: SessionId, at: Timestamp) -> OutcomeResult {
        if !self.holds(session, outcome.lane, at) {
            return OutcomeResult::Fenced;
        }
        let key = (outcome.lane.tenant_no, outcome.id);
        if self.delivery_row(key).is_none() {
            return OutcomeResult::NotWaiting;
        }
        self.make_real(key);
        let Some(row) = self.deliveries.get_mut(&key) else {
            return OutcomeResult::NotWaiting;
        };
        row.attempts.extend(outcome.attempt.clone());
        row.attempts.sort_by_key(|attempt| attempt.number);
        if row.body.is_none() {
            row.body.clone_from(&outcome.body);
        }
        // The due time tells the outcome of this place from one of a place the delivery had before a retry, which is due later. It may
        // have been made due earlier since it was read: sent now, or a group that became full.
        let is_its = |place: &Place| {
            place.due == outcome.due || place.due < outcome.due && place.tries == outcome.tries
        };
        let place = row.place.filter(|place| is_its(place) && row.lane == outcome.lane);
        let had_ended_otherwise = matches!(row.status.get(), Status::Cancelled | Status::Failed);
        let input = outcome.next.input();
        match (place, outcome.next) {
            (Some(_), Next::Succeeded) => self.finish(key, input, None, at),
            (Some(_), Next::Failed(reason)) => {
                self.finish(key, input, Some(reason), at);
                self.notice_failure(outcome.lane, outcome.id, at);
            }
            (Some(place), Next::Queued { due, tries }) => {
                self.wait_at(key, input, Place { due, not_before: None, tries, ..place });
            }
            (Some(place), Next::InPlace { not_before, tries }) => {
                self.wait_at(key, input, Place { not_before: Some(not_before), tries, ..place });
            }
            (None, Next::Succeeded) if had_ended_otherwise => self.finish(key, Input::Succeed, None, at),
            (None, _) => {}
        }
        if outcome.next == Next::Succeeded && (place.is_some() || had_ended_otherwise) {
            self.change_failures(outcome.lane, |_| None);
        }
        if place.is_some() && outcome.is_failure() {
            self.change_failures(outcome.lane, |before| {
                let (count, since) = before.map_or((0, at), |before| (before.count, before.since));
                Some(Failures { count: count.saturating_add(1), since })
            });
        }
        if place.is_some() { OutcomeResult::Applied } else { OutcomeResult::NotWaiting }
    }

    /// The subscriptions whose failures these outcomes have counted, and that no success has cleared behind that.
    pub(super) fn failing_by(&self, outcomes: &[Outcome], results: &[OutcomeResult]) -> Vec<Failing> {
        let failed = outcomes
            .iter()
            .zip(results)
            .filter(|(outcome, result)| outcome.is_failure() && **result == OutcomeResult::Applied);
        let lanes: BTreeSet<_> = failed.map(|(outcome, _)| outcome.lane).collect();
        lanes.into_iter().filter_map(|lane| self.failing(lane)).collect()
    }

    /// An active subscription with failures.
    fn failing(&self, lane: LaneKey) -> Option<Failing> {
        let row = self.subscriptions.get(&lane).filter(|_| self.may_send(lane))?;
        row.subscription.failures.map(|failures| Failing { lane, failures })
    }

    pub(super) fn failing_subscriptions(&self, list: ListFailing) -> Vec<Failing> {
        let mut failing: Vec<_> = self.subscriptions.keys().filter_map(|lane| self.failing(*lane)).collect();
        failing.retain(|failing| {
            failing.failures.count >= list.count_min && Some(failing.lane.subscription_no) > list.after
        });
        failing.sort_by_key(|failing| failing.lane.subscription_no);
        failing.truncate(list.limit);
        failing
    }

    fn change_failures(&mut self, lane: LaneKey, change: impl FnOnce(Option<Failures>) -> Option<Failures>) {
        if self.may_send(lane)
            && let Some(row) = self.subscriptions.get_mut(&lane)
        {
            let before = row.subscription.failures;
            row.subscription.failures = change(before);
            match (before, row.subscription.failures) {
                (Some(_), None) => {
                    self.recovered.insert(lane);
                }
                (_, Some(_)) => {
                    self.recovered.remove(&lane);
                }
                (None, None) => {}
            }
        }
    }
}
