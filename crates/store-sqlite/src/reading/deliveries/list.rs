//! Lists of deliveries, newest event first, and within an event the last created first.
//!
//! A list walks down the numbers of deliveries, by the shortest way that its filter allows: those that carry one event, those of
//! one subscription, the failed ones, or event after event of the tenant; over all tenants it is every delivery. A page ends when
//! it is full or has looked at [`PAGE_ROWS_SCANNED_MAX`] rows; its cursor is the last number that was looked at.

use std::{cmp::Reverse, collections::VecDeque, time::Duration};

use postroad_domain::{
    Status, TenantNo,
    delivery::Delivery,
    limits::{DELIVERY_EVENTS_LISTED_MAX, PAGE_ROWS_SCANNED_MAX},
};
use postroad_store::{DeliveryFilter, ListDeliveries, Owned, Page};
use rusqlite::Connection;

use super::{Found, by_no, name_events, standing::Marks};
use crate::{
    error::Fault,
    numbers::{DELIVERIES_PER_EVENT_MAX, DELIVERY_BITS},
    reading::{all_tenants::Names, events, groups, subscriptions, tenants, unlisted::Tail},
    sql::{self, query},
};

/// Numbers read at a time.
const CHUNK: usize = 256;
/// A delivery of a large fan-out is not looked for when it was created so much later than its event was accepted: only a store that
/// could not write for as long makes one.
const FANOUT_TIME_MAX: Duration = Duration::from_secs(24 * 3600);

/// The number that a cursor stands for; `None` when it is not one of ours.
pub(crate) fn parse_cursor(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('d')?;
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    i64::from_str_radix(digits, 16).ok().filter(|_| is_plain)
}

/// One page; `before` is the number that the cursor of the page before stood for, `tail` the newest numbers of the
/// listing that is walked.
pub(crate) fn page(
    db: &Connection,
    list: &ListDeliveries,
    before: Option<i64>,
    tail: Tail,
) -> Result<Page<Delivery, String>, Fault> {
    let nothing = Page { items: Vec::new(), next: None };
    if !tenants::lives(db, list.tenant_no)? {
        return Ok(nothing);
    }
    let Some(walk) = Walk::of(db, list, before, tail)? else { return Ok(nothing) };
    // A walk along one event comes to nothing else; the event need not be among those that a group names here.
    let filter = DeliveryFilter { event: None, ..list.filter.clone() };
    look(db, walk, (&filter, list.limit), |found| Ok(Some(found.delivery)))
}

/// The same over all tenants, where the filter names neither an event nor a subscription.
pub(crate) fn page_of_all(
    db: &Connection,
    filter: &DeliveryFilter,
    before: Option<i64>,
    limit: usize,
) -> Result<Page<Owned<Delivery>, String>, Fault> {
    let (first, end) = edges(db, filter)?;
    let top = before.map_or(end, |before| before.min(end));
    let mut names = Names::new(db);
    let walk = Walk::new(Source::All, Tail::default(), first, top);
    look(db, walk, (filter, limit), |found| names.owned(found.lane.tenant_no, found.delivery))
}

/// Walks until the page is full. The events of a group are read only where the filter lets it through, and each is a row that was
/// looked at.
fn look<T>(
    db: &Connection,
    mut walk: Walk,
    (filter, limit): (&DeliveryFilter, usize),
    mut show: impl FnMut(Found) -> Result<Option<T>, Fault>,
) -> Result<Page<T, String>, Fault> {
    let mut page = Page { items: Vec::new(), next: None };
    let mut marks = Marks::new(db);
    let mut looked_at = None;
    let mut looks = 0;
    while let Some(step) = walk.next(db)? {
        if page.items.len() == limit || looks >= PAGE_ROWS_SCANNED_MAX {
            page.next = looked_at.map(|number| format!("d{number:x}"));
            break;
        }
        looks += 1;
        looked_at = Some(step.number());
        let Step::Delivery(delivery_no) = step else { continue };
        let Some(mut found) = by_no(db, delivery_no, 1)? else { continue };
        marks.show(&mut found)?;
        if filter.lets_through(&found.delivery) {
            name_events(db, &mut found, DELIVERY_EVENTS_LISTED_MAX)?;
            looks += found.delivery.events.len() - 1;
            page.items.extend(show(found)?);
        }
    }
    Ok(page)
}

/// The numbers that a filter's span of time leaves: from the first up to but not including the second.
fn edges(db: &Connection, filter: &DeliveryFilter) -> Result<(i64, i64), Fault> {
    let since = filter.since.map(|since| since.before(FANOUT_TIME_MAX));
    let first = events::first_since(db, since)? << DELIVERY_BITS;
    Ok((first, events::end_before(db, filter.until)? << DELIVERY_BITS))
}

/// Where the numbers come from.
#[derive(Clone, Copy)]
enum Source {
    /// Of one event: its own up to but not including a number, and what it was added to.
    Event {
        tenant_no: i64,
        event_no: i64,
        own_end: i64,
    },
    Subscription {
        sub_no: i64,
    },
    Failed {
        tenant_no: i64,
    },
    Tenant {
        tenant_no: i64,
    },
    All,
}

/// Something that was looked at.
#[derive(Clone, Copy)]
enum Step {
    Delivery(i64),
    /// An event whose deliveries come next; it may have none.
    Event(i64),
}

impl Step {
    /// Everything below this number comes later.
    fn number(self) -> i64 {
        match self {
            Self::Delivery(delivery_no) => delivery_no,
            Self::Event(event_no) => (event_no + 1) << DELIVERY_BITS,
        }
    }
}

/// A walk down a range of delivery numbers.
struct Walk {
    source: Source,
    /// The newest numbers of the source.
    tail: Tail,
    first: i64,
    /// Where the walk began.
    top: i64,
    /// Where the next chunk begins.
    end: i64,
    steps: VecDeque<Step>,
    is_at_end: bool,
}

impl Walk {
    /// The shortest walk for a filter; `None` when it names something the tenant does not have.
    fn of(
        db: &Connection,
        list: &ListDeliveries,
        before: Option<i64>,
        tail: Tail,
    ) -> Result<Option<Self>, Fault> {
        let (filter, tenant_no) = (&list.filter, list.tenant_no);
        let (mut first, mut end) = edges(db, filter)?;
        let source = if let Some(event) = filter.event {
            let Some(event_no) = events::number(db, tenant_no, event)? else { return Ok(None) };
            first = first.max(event_no << DELIVERY_BITS);
            let own_end = end.min((event_no + 1) << DELIVERY_BITS);
            end = i64::MAX;
            Source::Event { tenant_no: tenant_no.0, event_no, own_end }
        } else if let Some(subscription) = filter.subscription {
            let Some(sub_no) = subscriptions::number(db, tenant_no, subscription)? else { return Ok(None) };
            Source::Subscription { sub_no }
        } else if filter.status == Some(Status::Failed) {
            Source::Failed { tenant_no: tenant_no.0 }
        } else {
            Source::Tenant { tenant_no: tenant_no.0 }
        };
        let top = before.map_or(end, |before| before.min(end));
        Ok(Some(Self::new(source, tail, first, top)))
    }

    fn new(source: Source, tail: Tail, first: i64, top: i64) -> Self {
        Self { source, tail, first, top, end: top, steps: VecDeque::new(), is_at_end: false }
    }

    fn next(&mut self, db: &Connection) -> Result<Option<Step>, Fault> {
        if self.steps.is_empty() && !self.is_at_end {
            self.read_on(db)?;
        }
        match self.steps.pop_front() {
            Some(Step::Event(event_no)) => {
                self.enter(db, event_no)?;
                Ok(Some(Step::Event(event_no)))
            }
            other => Ok(other),
        }
    }

    /// Reads the next chunk of numbers.
    fn read_on(&mut self, db: &Connection) -> Result<(), Fault> {
        let numbers_up_to = |end: i64, text: &str, key: i64| {
            query::list(db, text, (key, self.first, end, CHUNK), |row| Ok(Step::Delivery(row.get(0)?)))
        };
        let delivery_numbers = |text: &str, key: i64| numbers_up_to(self.end, text, key);
        let steps = match self.source {
            Source::Event { tenant_no, event_no, own_end } => {
                let end = own_end.min(self.end);
                let own = numbers_up_to(end, sql::DELIVERY_LISTING_OF_EVENT, tenant_no)?;
                self.with_joined(db, event_no, own)?
            }
            Source::Subscription { sub_no } => self.of_subscription(db, sub_no)?,
            Source::Failed { tenant_no } => delivery_numbers(sql::DELIVERY_LISTING_OF_FAILED, tenant_no)?,
            Source::Tenant { tenant_no } => self.event_numbers(db, tenant_no)?,
            Source::All => self.of_all(db)?,
        };
        self.is_at_end = steps.len() < CHUNK;
        if let Some(last) = steps.last() {
            self.end = match last {
                Step::Delivery(delivery_no) => *delivery_no,
                Step::Event(event_no) => event_no << DELIVERY_BITS,
            };
        }
        self.steps.extend(steps);
        Ok(())
    }

    fn of_subscription(&self, db: &Connection, sub_no: i64) -> Result<Vec<Step>, Fault> {
        let numbers = self.tail.numbers(self.first, self.end, CHUNK, |end, limit| {
            let range = (sub_no, self.first, end, limit);
            query::list(db, sql::DELIVERY_LISTING, range, |row| Ok(row.get(0)?))
        })?;
        Ok(numbers.into_iter().map(Step::Delivery).collect())
    }

    /// An event's own deliveries and what it was added to, also where that is outside of the span of time that the numbers tell: the
    /// filter looks at each.
    fn with_joined(&self, db: &Connection, event_no: i64, mut own: Vec<Step>) -> Result<Vec<Step>, Fault> {
        let joined = groups::joined(db, event_no)?.into_iter().map(|joined| joined.delivery_no);
        own.extend(joined.filter(|delivery_no| *delivery_no < self.end).map(Step::Delivery));
        own.sort_by_key(|step| Reverse(step.number()));
        own.truncate(CHUNK);
        Ok(own)
    }

    fn of_all(&self, db: &Connection) -> Result<Vec<Step>, Fault> {
        let range = (self.first, self.end, CHUNK);
        query::list(db, sql::DELIVERY_LIST_ALL, range, |row| Ok(Step::Delivery(row.get(0)?)))
    }

    fn event_numbers(&self, db: &Connection, tenant_no: i64) -> Result<Vec<Step>, Fault> {
        let (first, end) = (self.first >> DELIVERY_BITS, ((self.end - 1) >> DELIVERY_BITS) + 1);
        let numbers = events::numbers(db, (TenantNo(tenant_no), &self.tail), first, end, CHUNK)?;
        Ok(numbers.into_iter().map(Step::Event).collect())
    }

    /// Puts the deliveries of an event before everything else.
    fn enter(&mut self, db: &Connection, event_no: i64) -> Result<(), Fault> {
        let Source::Tenant { tenant_no } = self.source else { return Ok(()) };
        let (first, end) = (event_no << DELIVERY_BITS, (event_no + 1) << DELIVERY_BITS);
        let range = (tenant_no, first, end.min(self.top), DELIVERIES_PER_EVENT_MAX);
        let numbers =
            query::list(db, sql::DELIVERY_LISTING_OF_EVENT, range, |row| Ok(row.get::<_, i64>(0)?))?;
        for delivery_no in numbers.into_iter().rev() {
            self.steps.push_front(Step::Delivery(delivery_no));
        }
        Ok(())
    }
}
