//! What a replay comes to on its way, and what is to be done about it. Only reads: steps and counts go the same way.
//!
//! A place on the way is the number of a delivery, whether the walk goes over deliveries or over events: so it may stop within
//! an event and go on there, however many of its deliveries are sent again.

use std::collections::VecDeque;

use postroad_domain::{
    EventId, EventType, Reason, Status, SubscriptionNo, SubscriptionSpec, TenantNo, Timestamp,
    limits::DELIVERIES_WITH_EVENT_MAX,
    matching,
    replay::{ReplayDecision, ReplaySelection, has_failed},
};
use rusqlite::Connection;

use crate::{
    codec, codes,
    error::Fault,
    numbers::{DELIVERIES_PER_EVENT_MAX, DELIVERY_BITS},
    reading::{events, fanouts, groups, unlisted::Tail},
    sql::{self, query},
};

/// Numbers read at a time.
const CHUNK: usize = 256;

/// The place where a walk begins and before which it ends; `end` is the number of the next event.
pub(crate) fn edges(
    db: &Connection,
    (since, until): (Timestamp, Option<Timestamp>),
    end: i64,
) -> Result<(i64, i64), Fault> {
    let first = events::first_since(db, Some(since))?;
    let stop = if until.is_some() { events::end_before(db, until)?.min(end) } else { end };
    Ok((first << DELIVERY_BITS, stop << DELIVERY_BITS))
}

/// The way of one replay.
pub(crate) struct Walk<'a> {
    db: &'a Connection,
    lane: (TenantNo, SubscriptionNo),
    /// What the subscription matches now.
    spec: &'a SubscriptionSpec,
    selection: ReplaySelection,
    /// The newest events of the tenant and the newest deliveries of the subscription.
    tails: (Tail, Tail),
    /// Everything before this place was read.
    position: i64,
    stop: i64,
    steps: VecDeque<Step>,
    is_at_end: bool,
    /// Whether any delivery has more than one event, as soon as it was asked.
    has_groups: Option<bool>,
}

/// What comes next on the way.
enum Step {
    /// An event that must be looked at still, from this place on.
    Event(i64),
    /// Something that was looked at.
    Found(Found),
}

/// Something that a walk came to.
pub(crate) struct Found {
    /// The place behind it.
    pub(crate) next: i64,
    /// It goes on with an event that was begun before.
    pub(crate) is_rest: bool,
    /// Rows that were looked at.
    pub(crate) rows: usize,
    /// What is to be done.
    pub(crate) chore: Chore,
}

/// What is to be done about an event or a delivery.
pub(crate) enum Chore {
    /// Nothing.
    Skip,
    /// The delivery with this number is sent again.
    Retry(EventId, i64),
    /// A delivery with this number within the event is created. The event's data has so many bytes.
    Create { event_no: i64, event: EventId, number: u16, bytes: u64 },
}

impl Chore {
    /// How many deliveries it queues.
    pub(crate) fn deliveries(&self) -> u64 {
        match self {
            Self::Skip => 0,
            Self::Retry(..) | Self::Create { .. } => 1,
        }
    }
}

impl<'a> Walk<'a> {
    /// A walk from `position` up to but not including `stop`.
    pub(crate) fn new(
        db: &'a Connection,
        lane: (TenantNo, SubscriptionNo),
        (selection, spec): (ReplaySelection, &'a SubscriptionSpec),
        tails: (Tail, Tail),
        (position, stop): (i64, i64),
    ) -> Self {
        let steps = VecDeque::new();
        Self { db, lane, spec, selection, tails, position, stop, steps, is_at_end: false, has_groups: None }
    }

    /// The next thing on the way; `None` at its end.
    pub(crate) fn next(&mut self) -> Result<Option<Found>, Fault> {
        loop {
            if self.steps.is_empty() && !self.is_at_end {
                self.read_on()?;
            }
            match self.steps.pop_front() {
                None => return Ok(None),
                Some(Step::Found(found)) => return Ok(Some(found)),
                Some(Step::Event(place)) => {
                    if self.has_groups.is_none() {
                        self.has_groups = Some(groups::are_any(self.db)?);
                    }
                    for found in self.look(place)?.into_iter().rev() {
                        self.steps.push_front(Step::Found(found));
                    }
                }
            }
        }
    }

    fn read_on(&mut self) -> Result<(), Fault> {
        let steps = match self.selection {
            ReplaySelection::Failed => self.failed_deliveries()?,
            ReplaySelection::Missing | ReplaySelection::All => self.events()?,
        };
        self.is_at_end = steps.len() < CHUNK;
        self.position = match steps.last() {
            None => self.stop,
            Some(Step::Found(last)) => last.next,
            Some(Step::Event(place)) => behind_event(*place),
        };
        self.steps.extend(steps);
        Ok(())
    }

    fn failed_deliveries(&self) -> Result<Vec<Step>, Fault> {
        let range = (self.lane.1.0, self.position, self.stop, CHUNK);
        query::list(self.db, sql::REPLAY_FAILED, range, |row| {
            let (number, event) = (row.get::<_, i64>(0)?, EventId::from_bytes(row.get(1)?));
            let is_test: bool = row.get(2)?;
            let status = standing(row, 3)?;
            let is_wanted = has_failed(status.0, status.1) && !is_test;
            let chore = if is_wanted { Chore::Retry(event, number) } else { Chore::Skip };
            Ok(Step::Found(Found { next: number + 1, is_rest: false, rows: 2, chore }))
        })
    }

    fn events(&self) -> Result<Vec<Step>, Fault> {
        let (first, stop) = (self.position >> DELIVERY_BITS, self.stop >> DELIVERY_BITS);
        let mut numbers = self.tails.0.numbers_from(first, CHUNK, |end| {
            let range = (self.lane.0.0, first, end.min(stop), CHUNK);
            query::list(self.db, sql::REPLAY_EVENTS, range, |row| Ok(row.get(0)?))
        })?;
        numbers.retain(|number| *number < stop);
        let place = |number: i64| self.position.max(number << DELIVERY_BITS);
        Ok(numbers.into_iter().map(|number| Step::Event(place(number))).collect())
    }

    /// What is to be done about an event from a place on.
    fn look(&self, place: i64) -> Result<Vec<Found>, Fault> {
        let event_no = place >> DELIVERY_BITS;
        let is_rest = place > event_no << DELIVERY_BITS;
        let of_event = |rows, chore| Ok(vec![Found { next: behind_event(place), is_rest, rows, chore }]);
        let event = query::find(self.db, sql::REPLAY_EVENT, (event_no,), read_event)?;
        let Some(event) = event.filter(|event| !event.is_test) else { return of_event(1, Chore::Skip) };
        let deliveries = self.deliveries_from(place)?;
        let rows = 1 + deliveries.len();
        if is_rest {
            return Ok(failed_of(&event, &deliveries, is_rest));
        }
        let mut standings: Vec<_> = deliveries.iter().map(|(_, standing)| *standing).collect();
        standings.extend(self.joined(event_no)?);
        let chore = match self.selection.decide(&standings) {
            ReplayDecision::Retry => match failed_of(&event, &deliveries, is_rest) {
                failed if failed.is_empty() => Chore::Skip,
                failed => return Ok(failed),
            },
            ReplayDecision::Skip => Chore::Skip,
            ReplayDecision::Create => self.create(event_no, &event)?,
            ReplayDecision::CreateIfWanted => {
                let is_wanted = matching::wants(self.spec, &event.event_type, &event.tags);
                if is_wanted && !self.is_to_come(event_no, &event)? {
                    self.create(event_no, &event)?
                } else {
                    Chore::Skip
                }
            }
        };
        of_event(rows, chore)
    }

    /// The event's deliveries to the subscription from a place on, with where they stand.
    fn deliveries_from(&self, first: i64) -> Result<Vec<(i64, Standing)>, Fault> {
        let end = behind_event(first);
        let most = DELIVERIES_PER_EVENT_MAX as usize;
        let numbers = self.tails.1.numbers(first, end, most, |end, limit| {
            let range = (self.lane.1.0, first, end, limit);
            query::list(self.db, sql::DELIVERY_LISTING, range, |row| Ok(row.get::<_, i64>(0)?))
        })?;
        let mut found = Vec::with_capacity(numbers.len());
        for delivery_no in numbers.into_iter().rev() {
            let standing =
                query::find(self.db, sql::REPLAY_DELIVERY, (delivery_no,), |row| standing(row, 0))?;
            found.extend(standing.map(|standing| (delivery_no, standing)));
        }
        Ok(found)
    }

    /// Where the deliveries of other events to the subscription stand that the event was added to. They decide with its own
    /// ones, but are sent again where their first event is.
    fn joined(&self, event_no: i64) -> Result<Vec<Standing>, Fault> {
        if self.has_groups == Some(false) {
            return Ok(Vec::new());
        }
        let joined = groups::joined(self.db, event_no)?.into_iter();
        Ok(joined.filter(|joined| joined.sub_no == self.lane.1).map(|joined| joined.standing).collect())
    }

    /// Whether a large fan-out will create its delivery.
    fn is_to_come(&self, event_no: i64, event: &Met) -> Result<bool, Fault> {
        if event.deliveries as usize <= DELIVERIES_WITH_EVENT_MAX {
            return Ok(false);
        }
        let targets = fanouts::targets_left(self.db, event_no)?;
        Ok(targets.iter().any(|target| target.subscription_no == self.lane.1))
    }

    /// A new delivery behind all that the event has or will have. It has numbers for so many only.
    fn create(&self, event_no: i64, event: &Met) -> Result<Chore, Fault> {
        let range = (event_no << DELIVERY_BITS, (event_no + 1) << DELIVERY_BITS);
        let last = query::find(self.db, sql::REPLAY_LAST_DELIVERY, range, |row| Ok(row.get::<_, i64>(0)?))?;
        let last = last.map_or(0, |last| last & i64::from(DELIVERIES_PER_EVENT_MAX));
        let number = last.max(i64::from(event.deliveries)) + 1;
        Ok(match u16::try_from(number).ok().filter(|_| number <= i64::from(DELIVERIES_PER_EVENT_MAX)) {
            Some(number) => Chore::Create { event_no, event: event.id, number, bytes: event.bytes },
            None => Chore::Skip,
        })
    }
}

/// The place behind the event in which a place is.
fn behind_event(place: i64) -> i64 {
    ((place >> DELIVERY_BITS) + 1) << DELIVERY_BITS
}

/// Those deliveries of an event that are sent again, each with the rows that were looked at since the one before. Of the
/// rest of an event there may be none.
fn failed_of(event: &Met, deliveries: &[(i64, Standing)], mut is_rest: bool) -> Vec<Found> {
    let mut found = Vec::new();
    let mut rows = 1;
    for (delivery_no, (status, reason)) in deliveries {
        rows += 1;
        if has_failed(*status, *reason) {
            let chore = Chore::Retry(event.id, *delivery_no);
            found.push(Found { next: delivery_no + 1, is_rest, rows, chore });
            (rows, is_rest) = (0, true);
        }
    }
    found
}

/// Where a delivery stands.
type Standing = (Status, Option<Reason>);

/// What of an event decides.
struct Met {
    id: EventId,
    event_type: EventType,
    tags: Vec<String>,
    deliveries: u32,
    is_test: bool,
    bytes: u64,
}

fn read_event(row: &rusqlite::Row<'_>) -> Result<Met, Fault> {
    let (deliveries, is_test) = codes::deliveries_of(row.get(3)?)?;
    Ok(Met {
        id: EventId::from_bytes(row.get(0)?),
        event_type: events::event_type(row, 1)?,
        tags: codec::decode_tags(row.get_ref(2)?.as_blob_or_null().map_err(rusqlite::Error::from)?)?,
        deliveries,
        is_test,
        bytes: row.get(4)?,
    })
}

/// Status and reason, which stand side by side in the row.
fn standing(row: &rusqlite::Row<'_>, column: usize) -> Result<Standing, Fault> {
    let reason = row.get::<_, Option<i64>>(column + 1)?.map(codes::reason_of).transpose()?;
    Ok((codes::status_of(row.get(column)?)?, reason))
}
