//! What subscriptions were when an event came.
//!
//! Each change of a subscription notes the number of the next event: the first that finds it so. An event whose tenant
//! changed since it was matched is not accepted, so this is exact, whatever the clocks of the two commits said.
//!
//! What was there before this history was kept has one row: from number 0 on where it never changed, otherwise from the
//! event on that came next.

use std::collections::HashMap;

use postroad_domain::{
    Event, SubscriptionId, SubscriptionNo, TenantNo, Timestamp,
    limits::{PAGE_BYTES_MAX, PAGE_ROWS_SCANNED_MAX},
};
use postroad_store::{ListSubscriptionsThen, Page, SubscriptionThen, Then};
use rusqlite::Connection;

use crate::{
    codes::{self, Standing},
    error::Fault,
    numbers::DELIVERY_BITS,
    reading::{deliveries, events, fanouts, groups, subscriptions, tenants},
    sql::{self, query},
};

/// Subscriptions read at a time.
const CHUNK: usize = 256;

/// What each subscription was when the event came; `None` when there is no such event.
pub(crate) fn page(
    db: &Connection,
    list: &ListSubscriptionsThen,
) -> Result<Option<Page<SubscriptionThen, SubscriptionId>>, Fault> {
    if !tenants::lives(db, list.tenant_no)? {
        return Ok(None);
    }
    let Some(event_no) = events::number(db, list.tenant_no, list.event)? else { return Ok(None) };
    let Some(event) = events::by_number(db, event_no)? else { return Ok(None) };
    let number = |id: SubscriptionId| subscriptions::number(db, list.tenant_no, id);
    let mut after = list.after.map(number).transpose()?.flatten().unwrap_or_default();
    let reading = Reading::of(db, list.tenant_no, event_no, &event)?;
    let mut page = Page { items: Vec::new(), next: None };
    let (mut looks, mut bytes) = (0, 0);
    loop {
        let rows = query::list(db, sql::SUBSCRIPTIONS_EVER, (list.tenant_no.0, after, CHUNK), |row| {
            Ok(Row {
                no: SubscriptionNo(row.get(0)?),
                id: SubscriptionId::from_bytes(row.get(1)?),
                created_at: Timestamp::from_micros(row.get(2)?),
                deleted_at: row.get::<_, Option<i64>>(3)?.map(Timestamp::from_micros),
            })
        })?;
        for row in &rows {
            if page.items.len() == list.limit || looks == PAGE_ROWS_SCANNED_MAX || bytes >= PAGE_BYTES_MAX {
                return Ok(Some(page));
            }
            looks += 1;
            (after, page.next) = (row.no.0, Some(row.id));
            if let Some((spec_bytes, found)) = reading.of_subscription(row)? {
                bytes += spec_bytes;
                page.items.push(found);
            }
        }
        if rows.len() < CHUNK {
            page.next = None;
            return Ok(Some(page));
        }
    }
}

/// A subscription, maybe a deleted one.
struct Row {
    no: SubscriptionNo,
    id: SubscriptionId,
    created_at: Timestamp,
    deleted_at: Option<Timestamp>,
}

/// What is read once for all subscriptions.
struct Reading<'a> {
    db: &'a Connection,
    tenant_no: TenantNo,
    event_no: i64,
    accepted_at: Timestamp,
    /// The numbers of the deliveries that carry the event, oldest first.
    deliveries: HashMap<SubscriptionNo, Vec<i64>>,
    /// Those that a later commit will serve.
    to_come: Vec<SubscriptionNo>,
}

impl<'a> Reading<'a> {
    fn of(db: &'a Connection, tenant_no: TenantNo, event_no: i64, event: &Event) -> Result<Self, Fault> {
        let range = (event_no << DELIVERY_BITS, (event_no + 1) << DELIVERY_BITS);
        let mut deliveries = HashMap::<_, Vec<_>>::new();
        for joined in groups::joined(db, event_no)? {
            deliveries.entry(joined.sub_no).or_default().push(joined.delivery_no);
        }
        for (delivery_no, sub_no) in query::list(db, sql::PRUNE_DELIVERIES, range, |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        })? {
            deliveries.entry(SubscriptionNo(sub_no)).or_default().push(delivery_no);
        }
        let to_come = fanouts::targets_left(db, event_no)?;
        let to_come = to_come.iter().map(|target| target.subscription_no).collect();
        let accepted_at = event.accepted_at;
        Ok(Self { db, tenant_no, event_no, accepted_at, deliveries, to_come })
    }

    /// With the bytes of its settings; `None` for one that had been deleted by then, or came later and has been deleted since.
    fn of_subscription(&self, row: &Row) -> Result<Option<(usize, SubscriptionThen)>, Fault> {
        let Some((bytes, then)) = self.then(row)? else { return Ok(None) };
        if then == Then::NotCreated && row.deleted_at.is_some() {
            return Ok(None);
        }
        let numbers = self.deliveries.get(&row.no).map(Vec::as_slice).unwrap_or_default();
        let found = SubscriptionThen {
            no: row.no,
            id: row.id,
            created_at: row.created_at,
            deleted_at: row.deleted_at,
            then,
            deliveries: deliveries::by_numbers(self.db, numbers)?,
            is_to_come: self.to_come.contains(&row.no),
        };
        Ok(Some((bytes, found)))
    }

    /// With the bytes of its settings; `None` when it had been deleted by then.
    fn then(&self, row: &Row) -> Result<Option<(usize, Then)>, Fault> {
        let came_later = row.created_at > self.accepted_at;
        let noted = query::find(self.db, sql::HISTORY_AT, (row.no.0, self.event_no), |row| {
            let standing = codes::standing_of(row.get(2)?)?;
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, standing, Timestamp::from_micros(row.get(3)?)))
        })?;
        let Some((noted_from, version, standing, at)) = noted else {
            let began =
                query::find(self.db, sql::HISTORY_FIRST, (row.no.0,), |row| Ok(row.get::<_, i64>(0)?))?;
            // The first note is that of its creation, unless it was there before notes were.
            let is_creation = began == Some(row.created_at.as_micros());
            return Ok(Some((0, if is_creation || came_later { Then::NotCreated } else { Then::Unknown })));
        };
        let inactive = match standing {
            _ if noted_from == 0 && came_later => return Ok(Some((0, Then::NotCreated))),
            Standing::Deleted => return Ok(None),
            Standing::Active => None,
            Standing::Inactive(reason) => Some((reason, at)),
        };
        let known = subscriptions::version_with_bytes(self.db, self.tenant_no, row.no, version)?;
        let missing = || Fault::Corrupt("a noted version of a subscription is not there");
        let (bytes, known) = known.ok_or_else(missing)?;
        let mut spec = Box::new(known.spec);
        spec.active = inactive.is_none();
        Ok(Some((bytes, Then::Known { version, spec, inactive })))
    }
}
