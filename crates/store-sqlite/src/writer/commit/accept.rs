//! Events on their way in.

use std::sync::Arc;

use postroad_domain::{Event, TenantNo, Timestamp, TraceContext};
use postroad_store::{AcceptResult, Change, Commit, NewEvent};
use rusqlite::{CachedStatement, Connection};

use super::{
    fanout, idempotency,
    places::{Placed, Places},
};
use crate::{
    codec, codes,
    error::Fault,
    numbers::{DELIVERIES_PER_EVENT_MAX, delivery_no},
    reading::unlisted::{ListingChanges, Unlisted},
    sql,
    writer::{known::Known, work::Work},
};

/// Accepts the events of a commit in their order.
pub(super) fn accept(work: &mut Work<'_>, commit: &Commit) -> Result<Vec<AcceptResult>, Fault> {
    if commit.events.is_empty() {
        return Ok(Vec::new());
    }
    let results: Vec<_> = Places::with(work.db, |places| {
        let event = work.db.prepare_cached(sql::EVENT_INSERT)?;
        let mut door = Door { db: work.db, unlisted: work.unlisted, at: commit.at, event, places };
        let accept = |new| door.accept(work.known, &mut work.listings, new);
        let results = commit.events.iter().map(accept).collect::<Result<_, _>>()?;
        work.announced.append(&mut places.announced);
        Ok(results)
    })?;
    if work.wants_events {
        announce(work, commit, &results);
    }
    Ok(results)
}

/// Tells whose events were accepted.
fn announce(work: &mut Work<'_>, commit: &Commit, results: &[AcceptResult]) {
    for (new, result) in commit.events.iter().zip(results) {
        if matches!(result, AcceptResult::Accepted { .. }) {
            work.announced.push(Change::Events(new.tenant_no));
        }
    }
}

/// What accepts events.
struct Door<'a, 'p> {
    db: &'a Connection,
    unlisted: &'a Unlisted,
    at: Timestamp,
    event: CachedStatement<'a>,
    places: &'p mut Places<'a>,
}

impl Door<'_, '_> {
    fn accept(
        &mut self,
        known: &mut Known,
        changes: &mut ListingChanges,
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
        (known, changes): (&mut Known, &mut ListingChanges),
        new: &NewEvent,
        deliveries: u32,
    ) -> Result<AcceptResult, Fault> {
        let event = Arc::new(self.accepted(new, deliveries));
        let tenant_no = new.tenant_no;
        let event_no =
            insert_event(&mut self.event, (self.db, self.unlisted), (known, changes), tenant_no, &event)?;
        let queued = new.deliveries.iter().filter_map(|new| {
            let delivery_no = delivery_no(event_no, new.id);
            let placed = Placed { tenant_no, delivery_no, new, at: self.at, is_late: false };
            self.places.enqueue((known, changes), &placed, &event).transpose()
        });
        let queued = queued.collect::<Result<Vec<_>, _>>()?;
        if !new.fanout.is_empty() {
            fanout::open(self.db, (tenant_no, event_no), new.deliveries.len() + 1, &new.fanout)?;
        }
        Ok(AcceptResult::Accepted { deliveries: queued })
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
            profile: Some(new.profile),
            tenant_version: new.tenant_version,
            trace: new.trace.clone(),
            test: false,
        }
    }
}

/// Appends an event by `statement`, with its place in the log; answers its number.
pub(super) fn insert_event(
    statement: &mut CachedStatement<'_>,
    (db, unlisted): (&Connection, &Unlisted),
    (known, changes): (&mut Known, &mut ListingChanges),
    tenant_no: TenantNo,
    event: &Event,
) -> Result<i64, Fault> {
    let event_no = known.next_event_no;
    known.next_event_no += 1;
    let place = known.logs.give((db, unlisted), (tenant_no, event_no), event)?;
    statement.execute((
        event_no,
        tenant_no.0,
        event.id.as_bytes(),
        event.event_type.as_str(),
        event.accepted_at.as_micros(),
        event.occurred_at.map(Timestamp::as_micros),
        codes::deliveries_code(event.deliveries, event.test, place.log_no),
        codec::encode_tags(&event.tags),
        (!event.attributes.is_empty()).then_some(&event.attributes[..]),
        &event.data[..],
        event.profile.map(|profile| profile.0),
        event.tenant_version,
        event.trace.as_deref().map(TraceContext::to_text),
    ))?;
    changes.events.push((tenant_no, event_no, place));
    known.prune.accepted(tenant_no, event.data.len());
    Ok(event_no)
}
