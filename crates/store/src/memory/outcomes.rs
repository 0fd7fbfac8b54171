//! What becomes of a delivery after an attempt.

use postroad_domain::{Status, Timestamp, delivery::Input};

use super::state::{Place, State};
use crate::{Next, Outcome, OutcomeResult, SessionId};

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
        // The due time tells the outcome of this place from one of a place the delivery had before a retry.
        let place = row.place.filter(|place| place.due == outcome.due && row.lane == outcome.lane);
        let had_ended_otherwise = matches!(row.status.get(), Status::Cancelled | Status::Failed);
        let input = outcome.next.input();
        match (place, outcome.next) {
            (Some(_), Next::Succeeded) => self.finish(key, input, None, at),
            (Some(_), Next::Failed(reason)) => self.finish(key, input, Some(reason), at),
            (Some(place), Next::Queued { due, tries }) => {
                self.wait_at(key, input, Place { due, not_before: None, tries, ..place });
            }
            (Some(place), Next::InPlace { not_before, tries }) => {
                self.wait_at(key, input, Place { not_before: Some(not_before), tries, ..place });
            }
            (None, Next::Succeeded) if had_ended_otherwise => self.finish(key, Input::Succeed, None, at),
            (None, _) => {}
        }
        if place.is_some() { OutcomeResult::Applied } else { OutcomeResult::NotWaiting }
    }
}
