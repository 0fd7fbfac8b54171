//! Lists over all tenants: down the rows as they were written.

use std::collections::HashMap;

use postroad_domain::{
    Event, EventId, Subscription, SubscriptionNo, TenantId, TenantNo,
    limits::{PAGE_BYTES_MAX, PAGE_ROWS_SCANNED_MAX},
};
use postroad_store::{DeliveryFilter, ListAllEvents, ListAllSubscriptions, Owned, Page, SubscriptionFilter};
use rusqlite::{Connection, Row};

use crate::{
    error::Fault,
    reading::{
        events::{self, Head},
        subscriptions,
    },
    sql::{self, query},
};

/// The names of the tenants that a page meets, each looked up once.
pub(crate) struct Names<'a> {
    db: &'a Connection,
    known: HashMap<TenantNo, Option<TenantId>>,
}

impl<'a> Names<'a> {
    /// Names as of this picture of the database.
    pub(crate) fn new(db: &'a Connection) -> Self {
        Self { db, known: HashMap::new() }
    }

    /// A thing with its tenant's name, unless that tenant was deleted.
    pub(crate) fn owned<T>(&mut self, tenant_no: TenantNo, item: T) -> Result<Option<Owned<T>>, Fault> {
        Ok(self.of(tenant_no)?.map(|tenant| Owned { tenant, tenant_no, item }))
    }

    fn of(&mut self, no: TenantNo) -> Result<Option<TenantId>, Fault> {
        if let Some(known) = self.known.get(&no) {
            return Ok(known.clone());
        }
        let name = query::find(self.db, sql::TENANT_NAME, (no.0,), |row| {
            let id = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
            TenantId::parse(id).map_err(|_| Fault::Corrupt("a tenant has an id that is none"))
        })?;
        self.known.insert(no, name.clone());
        Ok(name)
    }
}

/// Events, newest first.
pub(crate) fn events(db: &Connection, list: &ListAllEvents) -> Result<Page<Owned<Event>, EventId>, Fault> {
    let first = events::first_since(db, list.filter.since)?;
    let mut end = events::end_before(db, list.filter.until)?;
    if let Some(after) = list.after {
        end = end.min(events::place_of_any(db, after)?);
    }
    let mut names = Names::new(db);
    let read = |row: &Row<'_>| {
        if !Head::read(row)?.passes(&list.filter) {
            return Ok((0, None));
        }
        let tenant_no = TenantNo(row.get(4)?);
        let Some(tenant) = names.of(tenant_no)? else { return Ok((0, None)) };
        let found = events::by_number(db, row.get(3)?)?;
        let bytes = found.as_ref().map_or(0, Event::bytes);
        Ok((bytes, found.map(|item| Owned { tenant, tenant_no, item })))
    };
    let cursor = |row: &Row<'_>| Ok(EventId::from_bytes(row.get(0)?));
    walk(db, sql::EVENT_LIST_ALL, (first, end), list.limit, read, cursor)
}

/// Subscriptions, newest first.
pub(crate) fn subscriptions(
    db: &Connection,
    list: &ListAllSubscriptions,
) -> Result<Page<Owned<Subscription>, SubscriptionNo>, Fault> {
    let end = list.after.map_or(i64::MAX, |after| after.0);
    let mut names = Names::new(db);
    let read = |row: &Row<'_>| {
        let bytes = subscriptions::bytes_of(row)?;
        let passes = subscription_passes(&list.filter, row)?;
        let owned = passes.map(|subscription| names.owned(subscription.tenant_no, subscription));
        Ok((bytes, owned.transpose()?.flatten()))
    };
    let cursor = |row: &Row<'_>| Ok(SubscriptionNo(row.get(0)?));
    walk(db, sql::SUBSCRIPTION_LIST_ALL, (0, end), list.limit, read, cursor)
}

/// The tenant whose list holds everything that a filter lets through, where it names an event or a subscription.
/// `Some(None)` when there is nothing of that name.
pub(crate) fn owner(db: &Connection, filter: &DeliveryFilter) -> Result<Option<Option<TenantNo>>, Fault> {
    let read = |row: &Row<'_>| Ok(TenantNo(row.get(0)?));
    match (filter.event, filter.subscription) {
        (Some(event), _) => query::find(db, sql::EVENT_OWNER, (event.as_bytes(),), read).map(Some),
        (None, Some(id)) => query::find(db, sql::SUBSCRIPTION_OWNER, (id.as_bytes(),), read).map(Some),
        (None, None) => Ok(None),
    }
}

/// The name of a tenant that was not deleted.
pub(crate) fn name(db: &Connection, no: TenantNo) -> Result<Option<TenantId>, Fault> {
    Names::new(db).of(no)
}

/// Walks down the numbers from `end` to `first`, at most as many rows as a page may look at, and bytes. What is read comes with the
/// bytes that were read for it, whether it passes or not.
fn walk<T, C>(
    db: &Connection,
    text: &str,
    (first, end): (i64, i64),
    limit: usize,
    mut read: impl FnMut(&Row<'_>) -> Result<(usize, Option<T>), Fault>,
    cursor: impl Fn(&Row<'_>) -> Result<C, Fault>,
) -> Result<Page<T, C>, Fault> {
    let mut statement = db.prepare_cached(text)?;
    // One row more than may be looked at tells whether there is a next page.
    let mut rows = statement.query((first, end, PAGE_ROWS_SCANNED_MAX + 1))?;
    let mut page = Page { items: Vec::new(), next: None };
    let (mut looks, mut looked_at, mut bytes) = (0, None, 0);
    while let Some(row) = rows.next()? {
        if page.items.len() == limit || looks == PAGE_ROWS_SCANNED_MAX || bytes >= PAGE_BYTES_MAX {
            page.next = looked_at;
            break;
        }
        looks += 1;
        looked_at = Some(cursor(row)?);
        let (row_bytes, item) = read(row)?;
        bytes += row_bytes;
        page.items.extend(item);
    }
    Ok(page)
}

fn subscription_passes(filter: &SubscriptionFilter, row: &Row<'_>) -> Result<Option<Subscription>, Fault> {
    let is_deleted: bool = row.get(13)?;
    if is_deleted {
        return Ok(None);
    }
    let subscription = subscriptions::read(row)?;
    Ok(Some(subscription).filter(|subscription| filter.lets_through(subscription)))
}
