//! New deliveries: their row, their place in the queue, their entry in the listing.

use std::sync::Arc;

use postroad_domain::{Event, Reason, TenantNo, Timestamp};
use postroad_store::{Change, LaneKey, NewDelivery, QueuedDelivery};
use rusqlite::{Connection, params_from_iter};

use super::groups::{self, Joining};
use crate::{
    codes,
    error::Fault,
    numbers::DELIVERY_BITS,
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
    db: &'a Connection,
    /// Lanes in which something became due.
    pub(super) announced: Vec<Change>,
}

/// The rows of a delivery that is due at a moment: its own, and its place in the queue.
fn rows(known: &Known, placed: &Placed<'_>, due: Timestamp) -> ([Column<'static>; 6], [Column<'static>; 8]) {
    let target = placed.new.target;
    let sub_no = target.subscription_no;
    let generation = known.lanes.get(&sub_no).map_or(0, |lane| lane.generation);
    let delivery = [
        placed.delivery_no.into(),
        placed.tenant_no.0.into(),
        sub_no.0.into(),
        target.subscription_version.into(),
        due.as_micros().into(),
        placed.is_late.then_some(placed.at.as_micros()).into(),
    ];
    let queue = [
        placed.tenant_no.0.into(),
        sub_no.0.into(),
        generation.into(),
        due.as_micros().into(),
        placed.delivery_no.into(),
        0.into(),
        target.expires_at.as_micros().into(),
        Column::Null,
    ];
    (delivery, queue)
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
        let listing = Rows::new(db, &DELIVERY_ENTRY);
        let mut places = Self { delivery, paused, queue, listing, db, announced: Vec::new() };
        let created = create(&mut places)?;
        places.delivery.finish()?;
        places.queue.finish()?;
        places.listing.finish()?;
        Ok(created)
    }

    /// Creates a delivery that waits from now on, or adds the event to a group that does: then there is none.
    pub(super) fn enqueue(
        &mut self,
        (known, changes): (&mut Known, &mut ListingChanges),
        placed: &Placed<'_>,
        event: &Arc<Event>,
    ) -> Result<Option<QueuedDelivery>, Fault> {
        let NewDelivery { id, target } = *placed.new;
        let lane = LaneKey { tenant_no: placed.tenant_no, subscription_no: target.subscription_no };
        let bytes = event.data.len() as u64;
        let due = match target.group {
            None => {
                self.place((known, changes), placed, bytes)?;
                target.due.max(placed.at)
            }
            Some(group) => {
                let event_no = placed.delivery_no >> DELIVERY_BITS;
                let joining = Joining { lane, event_no, bytes, target, group, at: placed.at };
                if groups::join(self.db, (known, &mut self.announced), &joining)? {
                    return Ok(None);
                }
                self.place_group((known, changes), placed, &joining)?
            }
        };
        Ok(Some(QueuedDelivery {
            lane,
            id,
            handle: placed.delivery_no,
            subscription_version: target.subscription_version,
            due,
            not_before: None,
            expires_at: target.expires_at,
            tries: 0,
            attempts: 0,
            event: Arc::clone(event),
            group: None,
            body: None,
        }))
    }

    /// Creates a delivery that waits from now on, of an event with so many bytes of data.
    pub(crate) fn place(
        &mut self,
        (known, changes): (&mut Known, &mut ListingChanges),
        placed: &Placed<'_>,
        bytes: u64,
    ) -> Result<(), Fault> {
        let target = placed.new.target;
        let due = target.due.max(placed.at);
        let (delivery, queue) = rows(known, placed, due);
        self.delivery.push(delivery)?;
        self.list(changes, placed)?;
        self.queue.push(queue)?;
        let place = (due.as_micros(), placed.delivery_no);
        known.entered(target.subscription_no, place, target.expires_at, bytes);
        Ok(())
    }

    /// Creates a group with its first event; answers when it is due. Its rows are written at once, as the next event of the commit may
    /// join it.
    fn place_group(
        &mut self,
        (known, changes): (&mut Known, &mut ListingChanges),
        placed: &Placed<'_>,
        joining: &Joining,
    ) -> Result<Timestamp, Fault> {
        let target = placed.new.target;
        let due = joining.group.closes_at(placed.at).max(target.due);
        let (delivery, queue) = rows(known, placed, due);
        self.db.prepare_cached(sql::DELIVERY_CREATE)?.execute(params_from_iter(&delivery))?;
        self.db.prepare_cached(sql::QUEUE_INSERT)?.execute(params_from_iter(&queue))?;
        self.list(changes, placed)?;
        let place = (due.as_micros(), placed.delivery_no);
        known.entered(target.subscription_no, place, target.expires_at, joining.bytes);
        groups::open(self.db, (known, &mut self.announced), joining, placed.delivery_no)
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
