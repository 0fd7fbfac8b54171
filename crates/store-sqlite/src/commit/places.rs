//! New deliveries: their row, their place in the queue, their entry in the listing.

use std::sync::Arc;

use postroad_domain::{Event, Reason, Status, TenantNo, Timestamp};
use postroad_store::{LaneKey, NewDelivery, QueuedDelivery};
use rusqlite::{CachedStatement, Connection};

use crate::{codes, error::Fault, known::Known, sql, unlisted::Changes};

/// The statements that create deliveries.
pub(crate) struct Places<'a> {
    delivery: CachedStatement<'a>,
    queue: CachedStatement<'a>,
    listing: CachedStatement<'a>,
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
    /// Prepares them.
    pub(crate) fn prepare(db: &'a Connection) -> Result<Self, Fault> {
        Ok(Self {
            delivery: db.prepare_cached(sql::DELIVERY_INSERT)?,
            queue: db.prepare_cached(sql::QUEUE_INSERT)?,
            listing: db.prepare_cached(sql::DELIVERY_LISTING_INSERT)?,
        })
    }

    /// Creates a delivery that waits from now on.
    pub(super) fn enqueue(
        &mut self,
        (known, changes): (&mut Known, &mut Changes),
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
        (known, changes): (&mut Known, &mut Changes),
        placed: &Placed<'_>,
        bytes: u64,
    ) -> Result<(), Fault> {
        let NewDelivery { target, .. } = placed.new;
        let sub_no = target.subscription_no;
        let generation = known.lanes.get(&sub_no).map_or(0, |lane| lane.generation);
        self.insert(changes, placed, Status::Queued, None)?;
        let (due, expires_at) = (placed.at.as_micros(), target.expires_at.as_micros());
        self.queue.execute((
            placed.tenant_no.0,
            sub_no.0,
            generation,
            due,
            placed.delivery_no,
            0,
            expires_at,
            None::<i64>,
        ))?;
        known.entered(sub_no, (due, placed.delivery_no), target.expires_at, bytes);
        Ok(())
    }

    /// Creates a delivery that ends at once.
    pub(super) fn cancelled(
        &mut self,
        changes: &mut Changes,
        placed: &Placed<'_>,
        reason: Reason,
    ) -> Result<(), Fault> {
        self.insert(changes, placed, Status::Cancelled, Some(reason))
    }

    fn insert(
        &mut self,
        changes: &mut Changes,
        placed: &Placed<'_>,
        status: Status,
        reason: Option<Reason>,
    ) -> Result<(), Fault> {
        let target = placed.new.target;
        self.delivery.execute((
            placed.delivery_no,
            placed.tenant_no.0,
            target.subscription_no.0,
            target.subscription_version,
            codes::status_code(status),
            reason.map(codes::reason_code),
            placed.at.as_micros(),
            placed.is_late.then_some(placed.at.as_micros()),
        ))?;
        changes.deliveries.push((placed.tenant_no, target.subscription_no, placed.delivery_no));
        // The batch that lists its event may be under way or done: a late delivery lists itself.
        if placed.is_late {
            self.listing.execute((target.subscription_no.0, placed.delivery_no))?;
        }
        Ok(())
    }
}
