//! Lists, newest first, page by page.

use std::cmp::Reverse;

use postroad_domain::{
    Event, EventId, Tenant, TenantId,
    delivery::Delivery,
    limits::{DELIVERY_EVENTS_LISTED_MAX, PAGE_ROWS_SCANNED_MAX},
};

use super::state::State;
use crate::{EventFilter, ListDeliveries, ListEvents, ListTenants, Page, StoreError};

impl State {
    pub(super) fn list_tenants(&self, list: &ListTenants) -> Page<Tenant, TenantId> {
        let mut living: Vec<_> = self
            .tenants
            .values()
            .filter(|row| !row.deleted)
            .map(|row| row.tenant.clone())
            .filter(|tenant| list.profile.as_ref().is_none_or(|profile| tenant.spec.profile == *profile))
            .filter(|tenant| list.after.as_ref().is_none_or(|after| tenant.id > *after))
            .collect();
        living.sort_by(|one, other| one.id.cmp(&other.id));
        page(living.into_iter(), list.limit, |_| true, |tenant| tenant.id.clone())
    }

    pub(super) fn list_events(&self, list: &ListEvents) -> Page<Event, EventId> {
        let passes = |event: &Event| event_passes(&list.filter, event);
        let of_tenant = self.events.iter().rev().filter(|((tenant_no, id), _)| {
            *tenant_no == list.tenant_no
                && self.tenant_by_no(*tenant_no).is_some()
                && list.after.is_none_or(|after| *id < after)
        });
        page(of_tenant.map(|(_, event)| Event::clone(event)), list.limit, passes, |event| event.id)
    }

    pub(super) fn list_deliveries(
        &self,
        list: &ListDeliveries,
    ) -> Result<Page<Delivery, String>, StoreError> {
        let after = list.after.as_deref().map(Position::parse).transpose()?;
        let mut rows: Vec<_> = self
            .deliveries
            .iter()
            .filter(|((tenant_no, _), _)| {
                *tenant_no == list.tenant_no && self.tenant_by_no(*tenant_no).is_some()
            })
            .map(|(_, row)| (Position { event_id: row.event.id, delivery_no: row.no }, row))
            .filter(|(position, _)| after.is_none_or(|after| *position < after))
            .collect();
        rows.sort_by_key(|(position, _)| Reverse(*position));
        let read = rows.into_iter().filter_map(|(position, row)| Some((position, self.read(row)?)));
        let found = page(
            read,
            list.limit,
            |(_, delivery)| list.filter.lets_through(delivery),
            |(position, _)| position.to_cursor(),
        );
        let listed = found.items.into_iter().map(|(_, delivery)| as_listed(delivery)).collect();
        Ok(Page { items: listed, next: found.next })
    }
}

/// A delivery as lists show it: with its first events only.
pub(super) fn as_listed(mut delivery: Delivery) -> Delivery {
    delivery.events.truncate(DELIVERY_EVENTS_LISTED_MAX);
    delivery
}

/// Whether a filter lets an event through.
pub(super) fn event_passes(filter: &EventFilter, event: &Event) -> bool {
    filter.event_type.as_ref().is_none_or(|wanted| *wanted == event.event_type)
        && filter.since.is_none_or(|since| event.accepted_at >= since)
        && filter.until.is_none_or(|until| event.accepted_at < until)
}

/// Where a delivery stands in the list; its text is the cursor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) event_id: EventId,
    pub(super) delivery_no: i64,
}

impl Position {
    pub(super) fn to_cursor(self) -> String {
        format!("{}.{}", self.event_id, self.delivery_no)
    }

    pub(super) fn parse(cursor: &str) -> Result<Self, StoreError> {
        let (event_id, delivery_no) = cursor.split_once('.').ok_or(StoreError::BadCursor)?;
        Ok(Self {
            event_id: event_id.parse().map_err(|_| StoreError::BadCursor)?,
            delivery_no: delivery_no.parse().map_err(|_| StoreError::BadCursor)?,
        })
    }
}

/// Takes a page off `rows`. It goes on behind the last row that was looked at, whether that one passed or not.
pub(super) fn page<T, C>(
    rows: impl Iterator<Item = T>,
    limit: usize,
    passes: impl Fn(&T) -> bool,
    cursor: impl Fn(&T) -> C,
) -> Page<T, C> {
    let mut rows = rows.peekable();
    let mut items = Vec::new();
    let mut next = None;
    for _ in 0..PAGE_ROWS_SCANNED_MAX {
        if items.len() == limit {
            break;
        }
        let Some(row) = rows.next() else {
            break;
        };
        next = Some(cursor(&row));
        if passes(&row) {
            items.push(row);
        }
    }
    Page { items, next: next.filter(|_| rows.peek().is_some()) }
}
