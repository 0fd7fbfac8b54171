//! New deliveries: their row, their place in the queue, their entry in the listing.

use std::sync::Arc;

use postroad_domain::{Event, Reason, TenantNo, Timestamp};
use postroad_store::{LaneKey, NewDelivery, QueuedDelivery};
use rusqlite::Connection;

use crate::{
    codes,
    error::Fault,
    reading::unlisted::ListingChanges,
    sql::{
        self,
        query::Repeated,
        rows::{Column, Insert, Rows},
    },
    writer::{known::Known, listing::DELIVERY_ENTRY},
};

static DELIVERY: Insert = Insert::of(sql::DELIVERY_CREATE);
static QUEUE: Insert = Insert::of(sql::QUEUE_INSERT);

/// The rows of new deliveries.
pub(crate) struct Places<'a> {
    delivery: Rows<'a, 'static, 6>,
    paused: Repeated<'a>,
    queue: Rows<'a, 'static, 8>,
    listing: Rows<'a, 'static, 2>,
}

/// A delivery that is being created.
pub(crate) struct Placed<'a> {
    /// Whose.
    pub(crate) tenant_no: TenantNo,
    /// Its number.
    pub(crate) delivery_no: i64,
    /// What the caller named.
    pub(crate) new: &'a NewDelivery,
    /// When.
    pub(crate) at: Timestamp,
    /// Its event was accepted earlier than it is created.
    pub(crate) is_late: bool,
}

impl<'a> Places<'a> {
    /// Creates deliveries; when `create` has ended their rows are written.
    pub(crate) fn with<T>(
        db: &'a Connection,
        create: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let (delivery, queue) = (Rows::new(db, &DELIVERY), Rows::new(db, &QUEUE));
        let paused = Repeated::new(db, sql::DELIVERY_CREATE_PAUSED);
        let mut places = Self { delivery, paused, queue, listing: Rows::new(db, &DELIVERY_ENTRY) };
        let created = create(&mut places)?;
        places.delivery.finish()?;
        places.queue.finish()?;
        places.listing.finish()?;
        Ok(created)
    }

    /// Creates a delivery that waits from now on.
    pub(super) fn enqueue(
        &mut self,
        (known, changes): (&mut Known, &mut ListingChanges),
        placed: &Placed<'_>,
        event: &Arc<Event>,
    ) -> Result<QueuedDelivery, Fault> {
        self.place((known, changes), placed, event.data.len() as u64)?;
        let NewDelivery { id, target } = placed.new;
        Ok(QueuedDelivery {
            lane: LaneKey { tenant_no: placed.tenant_no, subscription_no: target.subscription_no },
            id: *id,
            handle: placed.delivery_no,
            subscription_version: target.subscription_version,
            due: placed.at,
            not_before: None,
            expires_at: target.expires_at,
            tries: 0,
            attempts: 0,
            event: Arc::clone(event),
        })
    }

    /// Creates a delivery that waits from now on, of an event with so many bytes of data.
    pub(crate) fn place(
        &mut self,
        (known, changes): (&mut Known, &mut ListingChanges),
        placed: &Placed<'_>,
        bytes: u64,
    ) -> Result<(), Fault> {
        let NewDelivery { target, .. } = placed.new;
        let sub_no = target.subscription_no;
        let generation = known.lanes.get(&sub_no).map_or(0, |lane| lane.generation);
        self.delivery.push([
            placed.delivery_no.into(),
            placed.tenant_no.0.into(),
            sub_no.0.into(),
            target.subscription_version.into(),
            placed.at.as_micros().into(),
            placed.is_late.then_some(placed.at.as_micros()).into(),
        ])?;
        self.list(changes, placed)?;
        let (due, expires_at) = (placed.at.as_micros(), target.expires_at.as_micros());
        self.queue.push([
            placed.tenant_no.0.into(),
            sub_no.0.into(),
            generation.into(),
            due.into(),
            placed.delivery_no.into(),
            0.into(),
            expires_at.into(),
            Column::Null,
        ])?;
        known.entered(sub_no, (due, placed.delivery_no), target.expires_at, bytes);
        Ok(())
    }

    /// Creates a delivery of a step of a large fan-out whose subscription is paused by now: it ends at once.
    pub(super) fn place_paused(
        &mut self,
        changes: &mut ListingChanges,
        placed: &Placed<'_>,
    ) -> Result<(), Fault> {
        let target = placed.new.target;
        self.paused.run((
            placed.delivery_no,
            placed.tenant_no.0,
            target.subscription_no.0,
            target.subscription_version,
            codes::reason_code(Reason::Paused),
            placed.at.as_micros(),
        ))?;
        self.list(changes, placed)
    }

    fn list(&mut self, changes: &mut ListingChanges, placed: &Placed<'_>) -> Result<(), Fault> {
        let target = placed.new.target;
        changes.deliveries.push((placed.tenant_no, target.subscription_no, placed.delivery_no));
        // The batch that lists its event may be under way or done: a late delivery lists itself.
        if placed.is_late {
            self.listing.push([target.subscription_no.0.into(), placed.delivery_no.into()])?;
        }
        Ok(())
    }
}
