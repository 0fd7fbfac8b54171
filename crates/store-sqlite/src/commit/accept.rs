//! Events on their way in.

use std::sync::Arc;

use postroad_domain::{Event, Timestamp};
use postroad_store::{AcceptResult, Commit, NewEvent};
use rusqlite::{CachedStatement, Connection};

use super::{
    DELIVERIES_PER_EVENT_MAX, delivery_no, idempotency,
    places::{Placed, Places},
};
use crate::{codec, error::Fault, known::Known, query, sql, unlisted::Changes, writer::Work};

/// Accepts the events of a commit in their order.
pub(super) fn accept(work: &mut Work<'_>, commit: &Commit) -> Result<Vec<AcceptResult>, Fault> {
    if commit.events.is_empty() {
        return Ok(Vec::new());
    }
    let mut door = Door::prepare(work.db, commit.at)?;
    commit.events.iter().map(|new| door.accept(work.known, &mut work.changes, new)).collect()
}

/// The statements that accept events.
struct Door<'a> {
    db: &'a Connection,
    at: Timestamp,
    event: CachedStatement<'a>,
    places: Places<'a>,
}

impl<'a> Door<'a> {
    fn prepare(db: &'a Connection, at: Timestamp) -> Result<Self, Fault> {
        let event = db.prepare_cached(sql::EVENT_INSERT)?;
        Ok(Self { db, at, event, places: Places::prepare(db)? })
    }

    fn accept(
        &mut self,
        known: &mut Known,
        changes: &mut Changes,
        new: &NewEvent,
    ) -> Result<AcceptResult, Fault> {
        let Some(config_version) = known.tenants.get(&new.tenant_no) else {
            return Ok(AcceptResult::NoTenant);
        };
        // A repeat is a repeat whatever became of the subscriptions since: it is answered before the version is.
        if *config_version != new.config_version {
            let repeat = idempotency::answer_of_repeat(self.db, new, self.at)?;
            return Ok(repeat.unwrap_or(AcceptResult::Stale));
        }
        let deliveries = new.deliveries.len() + new.fanout.len();
        let deliveries = u32::try_from(deliveries).unwrap_or(u32::MAX);
        if deliveries > DELIVERIES_PER_EVENT_MAX {
            return Err(Fault::Corrupt("an event has more deliveries than numbers for them"));
        }
        if let Some(repeat) = idempotency::remember(self.db, new, deliveries, self.at)? {
            return Ok(repeat);
        }
        self.insert((known, changes), new, deliveries)
    }

    fn insert(
        &mut self,
        (known, changes): (&mut Known, &mut Changes),
        new: &NewEvent,
        deliveries: u32,
    ) -> Result<AcceptResult, Fault> {
        let event_no = known.next_event_no;
        known.next_event_no += 1;
        self.insert_event(event_no, new, deliveries)?;
        let event = Arc::new(self.accepted(new, deliveries));
        let tenant_no = new.tenant_no;
        changes.events.push((tenant_no, event_no));
        let queued = new.deliveries.iter().map(|new| {
            let delivery_no = delivery_no(event_no, new.id);
            let placed = Placed { tenant_no, delivery_no, new, at: self.at, is_late: false };
            self.places.enqueue((known, changes), &placed, &event)
        });
        let queued = queued.collect::<Result<Vec<_>, _>>()?;
        if !new.fanout.is_empty() {
            let targets = codec::encode_targets(&new.fanout);
            query::run(self.db, sql::FANOUT_INSERT, (event_no, tenant_no.0, queued.len() + 1, targets))?;
        }
        Ok(AcceptResult::Accepted { deliveries: queued })
    }

    fn insert_event(&mut self, event_no: i64, new: &NewEvent, deliveries: u32) -> Result<(), Fault> {
        self.event.execute((
            event_no,
            new.tenant_no.0,
            new.id.as_bytes(),
            new.event_type.as_str(),
            self.at.as_micros(),
            new.occurred_at.map(Timestamp::as_micros),
            deliveries,
            codec::encode_tags(&new.tags),
            (!new.attributes.is_empty()).then_some(&new.attributes[..]),
            &new.data[..],
        ))?;
        Ok(())
    }

    fn accepted(&self, new: &NewEvent, deliveries: u32) -> Event {
        Event {
            id: new.id,
            event_type: new.event_type.clone(),
            accepted_at: self.at,
            occurred_at: new.occurred_at,
            tags: new.tags.clone(),
            attributes: new.attributes.clone(),
            data: new.data.clone(),
            deliveries,
        }
    }
}
