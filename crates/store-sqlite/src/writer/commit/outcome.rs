//! Outcomes: a delivery leaves its place in the queue, its row says where it stands, the attempt is logged.

use postroad_domain::{Attempt, EndpointUrl, Timestamp, attempt::Answer, delivery::StoredBody};
use postroad_store::{Commit, Next, Outcome, OutcomeResult};
use rusqlite::Connection;

use crate::{
    codec, codes,
    error::Fault,
    sql::{
        self,
        query::{self, Repeated},
        rows::{Insert, Rows},
    },
    writer::{
        failures::{Tallied, Tally},
        known::{Known, Mark},
        notices::Failed,
        waiting,
        work::Work,
    },
};

static ATTEMPT: Insert = Insert::of(sql::ATTEMPT_INSERT);

/// Applies the outcomes of a commit in their order; answers which subscriptions fail and recover by them.
pub(super) fn apply(work: &mut Work<'_>, commit: &Commit) -> Result<(Vec<OutcomeResult>, Tallied), Fault> {
    if commit.outcomes.is_empty() {
        return Ok((Vec::new(), Tallied::default()));
    }
    let mut ledger = Ledger::new(work.db, commit.at);
    let results = commit.outcomes.iter().map(|outcome| ledger.apply(work.known, outcome));
    let results = results.collect::<Result<_, _>>()?;
    ledger.attempts.finish()?;
    let tallied = ledger.tally.finish(work.db, work.known)?;
    ledger.failed.finish(work, commit.at)?;
    Ok((results, tallied))
}

/// The statements that record outcomes.
struct Ledger<'a, 'c> {
    db: &'a Connection,
    at: Timestamp,
    leave: Repeated<'a>,
    enter: Repeated<'a>,
    succeed: Repeated<'a>,
    late_success: Repeated<'a>,
    postpone: Repeated<'a>,
    fail: Repeated<'a>,
    cancel: Repeated<'a>,
    count: Repeated<'a>,
    body: Repeated<'a>,
    attempts: Attempts<'a, 'c>,
    tally: Tally,
    failed: Failed,
}

/// Where an outcome's delivery waits from now on.
struct Place {
    generation: i64,
    due: Timestamp,
    not_before: Option<Timestamp>,
    tries: u32,
}

/// Where an outcome's delivery waited.
enum Waited {
    /// In this generation, which is the lane's current one, due at that moment.
    Current(i64, Timestamp),
    /// In one that was called off.
    CalledOff(Mark),
    /// Nowhere.
    Left,
}

impl<'a, 'c> Ledger<'a, 'c> {
    fn new(db: &'a Connection, at: Timestamp) -> Self {
        Self {
            db,
            at,
            leave: Repeated::new(db, sql::QUEUE_DELETE),
            enter: Repeated::new(db, sql::QUEUE_INSERT),
            succeed: Repeated::new(db, sql::DELIVERY_SUCCEED),
            late_success: Repeated::new(db, sql::DELIVERY_LATE_SUCCESS),
            postpone: Repeated::new(db, sql::DELIVERY_POSTPONE),
            fail: Repeated::new(db, sql::DELIVERY_FAIL),
            cancel: Repeated::new(db, sql::DELIVERY_CANCEL),
            count: Repeated::new(db, sql::DELIVERY_COUNT),
            body: Repeated::new(db, sql::BODY_INSERT),
            attempts: Attempts::new(db),
            tally: Tally::default(),
            failed: Failed::default(),
        }
    }

    fn apply(&mut self, known: &mut Known, outcome: &'c Outcome) -> Result<OutcomeResult, Fault> {
        // The rows of a deleted tenant are being erased: nobody can read what would be written here.
        if !known.tenants.contains_key(&outcome.lane.tenant_no) {
            return Ok(OutcomeResult::NotWaiting);
        }
        let mut stood_at = outcome.due;
        let (result, is_noted) = match self.leave(known, outcome)? {
            Waited::Current(generation, due) => {
                stood_at = due;
                (OutcomeResult::Applied, self.follow(known, outcome, (generation, due))?)
            }
            Waited::CalledOff(mark) => {
                known.ended(outcome.lane.tenant_no, outcome.handle);
                (OutcomeResult::NotWaiting, self.follow_mark(known, outcome, mark)?)
            }
            Waited::Left => (OutcomeResult::NotWaiting, self.note_late(known, outcome)?),
        };
        if let Some(attempt) = outcome.attempt.as_ref().filter(|_| is_noted) {
            self.attempts.log(known, outcome.handle, attempt)?;
        }
        if let Some(stored) = outcome.body.as_deref().filter(|_| is_noted) {
            self.keep_body(known, (outcome, result, stood_at), stored)?;
        }
        Ok(result)
    }

    /// Keeps what the first attempt sent.
    fn keep_body(
        &mut self,
        known: &mut Known,
        (outcome, result, stood_at): (&Outcome, OutcomeResult, Timestamp),
        stored: &StoredBody,
    ) -> Result<(), Fault> {
        let url = stored.url.as_ref().map(EndpointUrl::as_str);
        let row = (outcome.handle, stored.method.as_deref(), url, &stored.body[..]);
        if self.body.run(row)? == 0 {
            return Ok(());
        }
        query::run(self.db, sql::BODY_NOTE, (outcome.handle,))?;
        known.has_extras = true;
        let due = match outcome.next {
            Next::Queued { due, .. } => due,
            Next::InPlace { .. } => stood_at,
            Next::Succeeded | Next::Failed(_) => return Ok(()),
        };
        if result == OutcomeResult::Applied {
            let place = (due.as_micros(), outcome.handle);
            known.grew(outcome.lane.subscription_no, place, stored.body.len() as u64);
        }
        Ok(())
    }

    fn leave(&mut self, known: &Known, outcome: &Outcome) -> Result<Waited, Fault> {
        match self.leave_at(known, outcome, outcome.due)? {
            Waited::Left => {}
            waited => return Ok(waited),
        }
        // It was made due earlier since it was read: sent now, or a group that became full. What was sent again is due later, and what was
        // tried meanwhile has more tries.
        match self.due_now(outcome)? {
            Some(due) if due < outcome.due && self.stands_at(known, outcome, due)? => {
                self.leave_at(known, outcome, due)
            }
            _ => Ok(Waited::Left),
        }
    }

    /// Whether the outcome's delivery waits with that due time, and was not tried since the outcome's attempt.
    fn stands_at(&self, known: &Known, outcome: &Outcome, due: Timestamp) -> Result<bool, Fault> {
        let lane = outcome.lane;
        let current = known.lanes.get(&lane.subscription_no).map(|known| known.generation);
        let called_off = known.marks_of(lane.subscription_no).map(|(generation, _)| generation);
        for generation in current.into_iter().chain(called_off) {
            let place =
                (lane.tenant_no.0, lane.subscription_no.0, generation, due.as_micros(), outcome.handle);
            let tries = query::find(self.db, sql::QUEUE_PLACE, place, |row| Ok(row.get::<_, u32>(0)?))?;
            if tries == Some(outcome.tries) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// When the outcome's delivery is due as its row says it, if it waits or a mark has called it off.
    fn due_now(&self, outcome: &Outcome) -> Result<Option<Timestamp>, Fault> {
        let found = query::find(self.db, sql::DELIVERY_DUE, (outcome.handle,), |row| Ok(row.get(0)?))?;
        Ok(found.map(Timestamp::from_micros))
    }

    fn leave_at(&mut self, known: &Known, outcome: &Outcome, due: Timestamp) -> Result<Waited, Fault> {
        let sub_no = outcome.lane.subscription_no;
        if let Some(lane) = known.lanes.get(&sub_no)
            && self.leave_generation(outcome, due, lane.generation)?
        {
            return Ok(Waited::Current(lane.generation, due));
        }
        for (generation, mark) in known.marks_of(sub_no) {
            if self.leave_generation(outcome, due, generation)? {
                return Ok(Waited::CalledOff(mark));
            }
        }
        Ok(Waited::Left)
    }

    fn leave_generation(
        &mut self,
        outcome: &Outcome,
        due: Timestamp,
        generation: i64,
    ) -> Result<bool, Fault> {
        let lane = outcome.lane;
        let place = (lane.tenant_no.0, lane.subscription_no.0, generation, due.as_micros(), outcome.handle);
        Ok(self.leave.run(place)? == 1)
    }

    fn follow(
        &mut self,
        known: &mut Known,
        outcome: &Outcome,
        (generation, left): (i64, Timestamp),
    ) -> Result<bool, Fault> {
        let place = (left.as_micros(), outcome.handle);
        match outcome.next {
            Next::Succeeded => {
                known.left(outcome.lane.subscription_no, place, None);
                self.succeed(known, outcome)
            }
            Next::Failed(reason) => {
                known.left(outcome.lane.subscription_no, place, None);
                let (attempts, at) = (tried(outcome), self.at.as_micros());
                let row = (outcome.handle, attempts, at, codes::reason_code(reason));
                if outcome.is_failure() {
                    self.tally.failed(known, outcome.lane, self.at);
                }
                self.failed.note(known, outcome.lane, outcome.id);
                Ok(self.fail.run(row)? == 1)
            }
            Next::Queued { due, tries } => {
                self.wait_on(known, outcome, place, Place { generation, due, not_before: None, tries })
            }
            Next::InPlace { not_before, tries } => {
                let (due, not_before) = (left, Some(not_before));
                self.wait_on(known, outcome, place, Place { generation, due, not_before, tries })
            }
        }
    }

    fn wait_on(
        &mut self,
        known: &mut Known,
        outcome: &Outcome,
        left: waiting::Place,
        at: Place,
    ) -> Result<bool, Fault> {
        let (lane, expires_at) = (outcome.lane, outcome.expires_at);
        self.enter.run((
            lane.tenant_no.0,
            lane.subscription_no.0,
            at.generation,
            at.due.as_micros(),
            outcome.handle,
            at.tries,
            expires_at.as_micros(),
            at.not_before.map(Timestamp::as_micros),
        ))?;
        let places = (left, (at.due.as_micros(), outcome.handle));
        known.shifted(lane.subscription_no, places, expires_at);
        Ok(self.postpone.run((outcome.handle, tried(outcome), at.due.as_micros()))? == 1)
    }

    /// The mark called the delivery off and its row does not say so yet. A success did arrive, whatever was decided in
    /// between; anything else is overruled by the mark.
    fn follow_mark(&mut self, known: &mut Known, outcome: &Outcome, mark: Mark) -> Result<bool, Fault> {
        if outcome.next == Next::Succeeded {
            return self.succeed(known, outcome);
        }
        let reason = codes::reason_code(mark.reason);
        Ok(self.cancel.run((outcome.handle, tried(outcome), mark.at.as_micros(), reason))? == 1)
    }

    fn note_late(&mut self, known: &mut Known, outcome: &Outcome) -> Result<bool, Fault> {
        let attempts = tried(outcome);
        if outcome.next == Next::Succeeded
            && self.late_success.run((outcome.handle, attempts, self.at.as_micros()))? == 1
        {
            self.tally.succeeded(known, outcome.lane);
            return Ok(true);
        }
        if outcome.next == Next::Succeeded && self.was_called_off_elsewhere(known, outcome)? {
            return self.succeed(known, outcome);
        }
        Ok(self.count.run((outcome.handle, attempts))? == 1)
    }

    /// Whether the delivery waited at another place than this outcome's, which a mark called off: it had been sent again. It waits there
    /// no more.
    fn was_called_off_elsewhere(&mut self, known: &mut Known, outcome: &Outcome) -> Result<bool, Fault> {
        let sub_no = outcome.lane.subscription_no;
        let generations: Vec<_> = known.marks_of(sub_no).map(|(generation, _)| generation).collect();
        if generations.is_empty() {
            return Ok(false);
        }
        let Some(due) = self.due_now(outcome)? else { return Ok(false) };
        for generation in generations {
            if self.leave_generation(outcome, due, generation)? {
                known.ended(outcome.lane.tenant_no, outcome.handle);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn succeed(&mut self, known: &mut Known, outcome: &Outcome) -> Result<bool, Fault> {
        self.tally.succeeded(known, outcome.lane);
        Ok(self.succeed.run((outcome.handle, tried(outcome), self.at.as_micros()))? == 1)
    }
}

/// By how many the outcome raises the count of attempts.
fn tried(outcome: &Outcome) -> i64 {
    i64::from(outcome.attempt.is_some())
}

/// The rows of attempts.
pub(super) struct Attempts<'a, 'c>(Rows<'a, 'c, 10>);

impl<'a, 'c> Attempts<'a, 'c> {
    pub(super) const fn new(db: &'a Connection) -> Self {
        Self(Rows::new(db, &ATTEMPT))
    }

    /// Appends one.
    pub(super) fn log(
        &mut self,
        known: &mut Known,
        delivery_no: i64,
        attempt: &'c Attempt,
    ) -> Result<(), Fault> {
        let attempt_no = known.next_attempt_no;
        known.next_attempt_no += 1;
        let class = match &attempt.answer {
            Answer::Response(_) => None,
            Answer::Error { class, .. } => Some(codes::error_class_code(*class)),
        };
        self.0.push([
            attempt_no.into(),
            delivery_no.into(),
            i64::from(attempt.number).into(),
            attempt.id.as_bytes()[..].into(),
            attempt.at.as_micros().into(),
            i64::try_from(attempt.duration.as_micros()).unwrap_or(i64::MAX).into(),
            attempt.status().map(i64::from).into(),
            class.into(),
            codec::encode_request(&attempt.request).into(),
            codec::encode_answer(&attempt.answer, attempt.repeated).into(),
        ])
    }

    /// Writes those that wait, as [`Rows::finish`] does.
    pub(super) fn finish(self) -> Result<(), Fault> {
        self.0.finish()
    }
}
