//! What only some deliveries have: more than one event, and the body that their first attempt sent.
//!
//! **Invariant:** whether a delivery has any of it is told by its own row ([`Extras`]), so nothing here is asked for one that has
//! not.

use std::{num::NonZeroU32, sync::Arc};

use bytes::Bytes;
use postroad_domain::{EndpointUrl, Event, EventId, Reason, Status, SubscriptionNo, delivery::StoredBody};
use postroad_store::Group;
use rusqlite::Connection;

use crate::{
    codes::{self, Extras},
    error::Fault,
    reading::events,
    sql::{self, query},
};

/// Goes nowhere: no name under `.invalid` is ever given out (RFC 2606).
const NO_ENDPOINT: &str = "https://unreadable-url.invalid/";

/// How large a group is; `None` for a delivery of one event.
pub(crate) fn group(db: &Connection, delivery_no: i64, extras: Extras) -> Result<Option<Group>, Fault> {
    if !extras.members {
        return Ok(None);
    }
    query::find(db, sql::MEMBER_LAST, (delivery_no,), |row| {
        let events = NonZeroU32::new(row.get(0)?).ok_or(Fault::Corrupt("a group has no events"))?;
        Ok(Group { events, bytes: row.get(1)? })
    })
}

/// What the first attempt of a delivery sent.
pub(crate) fn body(
    db: &Connection,
    delivery_no: i64,
    extras: Extras,
) -> Result<Option<Arc<StoredBody>>, Fault> {
    if !extras.body {
        return Ok(None);
    }
    query::find(db, sql::BODY_FIND, (delivery_no,), |row| {
        let url = row.get::<_, Option<String>>(1)?.map(|url| endpoint(&url, delivery_no)).transpose()?;
        Ok(Arc::new(StoredBody { method: row.get(0)?, url, body: Bytes::from(row.get::<_, Vec<u8>>(2)?) }))
    })
}

/// The URL of a stored body. What was written is one. Another text becomes [`NO_ENDPOINT`]: its delivery fails alone, goes to no
/// other receiver, and holds up nothing else in its lane.
fn endpoint(url: &str, delivery_no: i64) -> Result<EndpointUrl, Fault> {
    EndpointUrl::parse(url).or_else(|error| {
        tracing::error!(delivery_no, %error, "a stored body goes to a URL that is none: its delivery will fail");
        EndpointUrl::parse(NO_ENDPOINT).map_err(|_| Fault::Corrupt("a stored body goes to a URL that is none"))
    })
}

/// Bytes that a delivery has beside the data of its first event, which has so many itself.
pub(crate) fn extra_bytes(
    db: &Connection,
    (delivery_no, extras): (i64, Extras),
    first_bytes: u64,
) -> Result<u64, Fault> {
    let group = group(db, delivery_no, extras)?;
    let of_events = group.map_or(0, |group| group.bytes.saturating_sub(first_bytes));
    let of_body = if extras.body {
        query::find(db, sql::BODY_BYTES, (delivery_no,), |row| Ok(row.get::<_, u64>(0)?))?.unwrap_or_default()
    } else {
        0
    };
    Ok(of_events + of_body)
}

/// The ids of the first events of a delivery, at most so many, and how many it has in all.
pub(crate) fn event_ids(
    db: &Connection,
    (delivery_no, extras): (i64, Extras),
    first: EventId,
    limit: usize,
) -> Result<(Vec<EventId>, u32), Fault> {
    let mut ids = vec![first];
    let Some(group) = group(db, delivery_no, extras)? else { return Ok((ids, 1)) };
    let key = (delivery_no, limit.saturating_sub(1));
    ids.extend(query::list(db, sql::MEMBER_IDS, key, |row| Ok(EventId::from_bytes(row.get(0)?)))?);
    Ok((ids, group.events.get()))
}

/// The events that were added to a delivery, in the order in which they are sent.
pub(crate) fn members(db: &Connection, delivery_no: i64) -> Result<Vec<Event>, Fault> {
    query::list(db, sql::MEMBER_EVENTS, (delivery_no,), events::read)
}

/// A delivery that an event was added to.
pub(crate) struct Joined {
    /// Its number. It is lower than any of the event's own deliveries, unless a later step of a large fan-out added the event to a
    /// group that a younger one had opened.
    pub(crate) delivery_no: i64,
    /// To which subscription.
    pub(crate) sub_no: SubscriptionNo,
    /// Where its row says that it stands.
    pub(crate) standing: (Status, Option<Reason>),
}

/// The deliveries that an event was added to, in the order of their creation.
pub(crate) fn joined(db: &Connection, event_no: i64) -> Result<Vec<Joined>, Fault> {
    query::list(db, sql::MEMBER_OF, (event_no,), |row| {
        let reason = row.get::<_, Option<i64>>(3)?.map(codes::reason_of).transpose()?;
        Ok(Joined {
            delivery_no: row.get(0)?,
            sub_no: SubscriptionNo(row.get(1)?),
            standing: (codes::status_of(row.get(2)?)?, reason),
        })
    })
}

/// Whether any delivery has more than one event.
pub(crate) fn are_any(db: &Connection) -> Result<bool, Fault> {
    Ok(query::find(db, sql::MEMBER_ANY, (), |_| Ok(()))?.is_some())
}

/// Whether any delivery has more than one event or a stored body.
pub(crate) fn are_any_extras(db: &Connection) -> Result<bool, Fault> {
    Ok(are_any(db)? || query::find(db, sql::BODY_ANY, (), |_| Ok(()))?.is_some())
}

/// What a delivery has beside its one event.
pub(crate) fn extras(db: &Connection, delivery_no: i64) -> Result<Extras, Fault> {
    let found = query::find(db, sql::DELIVERY_EXTRAS, (delivery_no,), |row| codes::attempts_of(row.get(0)?))?;
    Ok(found.map(|(_, extras)| extras).unwrap_or_default())
}
