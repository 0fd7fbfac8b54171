//! What a replay comes to on its way, and what is to be done about it. Only reads: steps and counts go the same way.

use std::collections::VecDeque;

use postroad_domain::{
    EventId, EventType, Reason, Status, SubscriptionNo, SubscriptionSpec, TenantNo, Timestamp,
    limits::FANOUT_PER_COMMIT_MAX,
    matching,
    replay::{ReplayDecision, ReplaySelection, has_failed},
};
use rusqlite::Connection;

use crate::{
    codec, codes,
    commit::{DELIVERIES_PER_EVENT_MAX, DELIVERY_BITS},
    error::Fault,
    events, query, sql,
    unlisted::Tail,
};

/// Numbers read at a time.
const CHUNK: usize = 256;

/// Where a walk begins and before which number it ends; `end` is the number of the next event.
pub(super) fn edges(
    db: &Connection,
    selection: ReplaySelection,
    (since, until): (Timestamp, Option<Timestamp>),
    end: i64,
) -> Result<(i64, i64), Fault> {
    let first = events::first_since(db, Some(since))?;
    let stop = if until.is_some() { events::end_before(db, until)?.min(end) } else { end };
    Ok(match selection {
        ReplaySelection::Failed => (first << DELIVERY_BITS, stop << DELIVERY_BITS),
        ReplaySelection::Missing | ReplaySelection::All => (first, stop),
    })
}

/// The way of one replay.
pub(super) struct Walk<'a> {
    db: &'a Connection,
    lane: (TenantNo, SubscriptionNo),
    /// What the subscription matches now.
    spec: &'a SubscriptionSpec,
    selection: ReplaySelection,
    /// The newest events of the tenant and the newest deliveries of the subscription.
    tails: (Tail, Tail),
    /// Everything below this number was read.
    position: i64,
    stop: i64,
    found: VecDeque<Found>,
    is_at_end: bool,
}

/// Something that a walk came to.
pub(super) struct Found {
    /// Its number.
    pub(super) number: i64,
    /// Rows that were looked at.
    pub(super) rows: usize,
    /// What is to be done.
    pub(super) chore: Chore,
}

/// What is to be done about an event or a delivery.
pub(super) enum Chore {
    /// Nothing.
    Skip,
    /// It must be looked at still.
    Look,
    /// These deliveries are sent again.
    Retry(EventId, Vec<i64>),
    /// A delivery with this number within the event is created. The event's data has so many bytes.
    Create { event_no: i64, event: EventId, number: u16, bytes: u64 },
}

impl Chore {
    /// How many deliveries it queues.
    pub(super) fn deliveries(&self) -> u64 {
        match self {
            Self::Skip | Self::Look => 0,
            Self::Retry(_, numbers) => numbers.len() as u64,
            Self::Create { .. } => 1,
        }
    }
}

impl<'a> Walk<'a> {
    /// A walk from `position` up to but not including `stop`.
    pub(super) fn new(
        db: &'a Connection,
        lane: (TenantNo, SubscriptionNo),
        (selection, spec): (ReplaySelection, &'a SubscriptionSpec),
        tails: (Tail, Tail),
        (position, stop): (i64, i64),
    ) -> Self {
        let found = VecDeque::new();
        Self { db, lane, spec, selection, tails, position, stop, found, is_at_end: false }
    }

    /// The next thing on the way; `None` at its end.
    pub(super) fn next(&mut self) -> Result<Option<Found>, Fault> {
        if self.found.is_empty() && !self.is_at_end {
            self.read_on()?;
        }
        let Some(mut found) = self.found.pop_front() else { return Ok(None) };
        if matches!(found.chore, Chore::Look) {
            found.chore = self.look(found.number, &mut found.rows)?;
        }
        Ok(Some(found))
    }

    fn read_on(&mut self) -> Result<(), Fault> {
        let found = match self.selection {
            ReplaySelection::Failed => self.failed_deliveries()?,
            ReplaySelection::Missing | ReplaySelection::All => self.events()?,
        };
        self.is_at_end = found.len() < CHUNK;
        self.position = found.last().map_or(self.stop, |last| last.number + 1);
        self.found.extend(found);
        Ok(())
    }

    fn failed_deliveries(&self) -> Result<Vec<Found>, Fault> {
        let range = (self.lane.1.0, self.position, self.stop, CHUNK);
        query::list(self.db, sql::REPLAY_FAILED, range, |row| {
            let (number, event) = (row.get(0)?, EventId::from_bytes(row.get(1)?));
            let is_test: bool = row.get(2)?;
            let status = standing(row, 3)?;
            let is_wanted = has_failed(status.0, status.1) && !is_test;
            let chore = if is_wanted { Chore::Retry(event, vec![number]) } else { Chore::Skip };
            Ok(Found { number, rows: 2, chore })
        })
    }

    fn events(&self) -> Result<Vec<Found>, Fault> {
        let first = self.position;
        let mut numbers = self.tails.0.numbers_from(first, CHUNK, |end| {
            let range = (self.lane.0.0, first, end.min(self.stop), CHUNK);
            query::list(self.db, sql::REPLAY_EVENTS, range, |row| Ok(row.get(0)?))
        })?;
        numbers.retain(|number| *number < self.stop);
        Ok(numbers.into_iter().map(|number| Found { number, rows: 1, chore: Chore::Look }).collect())
    }

    /// What is to be done about an event.
    fn look(&self, event_no: i64, rows: &mut usize) -> Result<Chore, Fault> {
        let Some(event) = query::find(self.db, sql::REPLAY_EVENT, (event_no,), read_event)? else {
            return Ok(Chore::Skip);
        };
        let deliveries = self.deliveries_of(event_no)?;
        *rows += deliveries.len();
        let standings: Vec<_> = deliveries.iter().map(|(_, standing)| *standing).collect();
        match self.selection.decide(&standings) {
            _ if event.is_test => Ok(Chore::Skip),
            ReplayDecision::Skip => Ok(Chore::Skip),
            ReplayDecision::Retry => {
                let failed =
                    deliveries.into_iter().filter(|(_, standing)| has_failed(standing.0, standing.1));
                Ok(Chore::Retry(event.id, failed.map(|(delivery_no, _)| delivery_no).collect()))
            }
            ReplayDecision::Create => self.create(event_no, &event),
            ReplayDecision::CreateIfWanted => {
                let is_wanted = matching::wants(self.spec, &event.event_type, &event.tags);
                if is_wanted && !self.is_to_come(event_no, &event)? {
                    self.create(event_no, &event)
                } else {
                    Ok(Chore::Skip)
                }
            }
        }
    }

    /// The event's deliveries to the subscription, with where they stand.
    fn deliveries_of(&self, event_no: i64) -> Result<Vec<(i64, Standing)>, Fault> {
        let (first, end) = (event_no << DELIVERY_BITS, (event_no + 1) << DELIVERY_BITS);
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

    /// Whether a large fan-out will create its delivery.
    fn is_to_come(&self, event_no: i64, event: &Met) -> Result<bool, Fault> {
        if event.deliveries as usize <= FANOUT_PER_COMMIT_MAX {
            return Ok(false);
        }
        let targets = query::find(self.db, sql::FANOUT_FIND, (event_no,), |row| {
            codec::decode_targets(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)
        })?;
        Ok(targets.unwrap_or_default().iter().any(|target| target.subscription_no == self.lane.1))
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
