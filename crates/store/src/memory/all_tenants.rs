//! Lists over all tenants.

use std::cmp::Reverse;

use postroad_domain::{Event, EventId, Subscription, SubscriptionNo, TenantNo, delivery::Delivery};

use super::{
    lists::{Position, as_listed, event_passes, page},
    state::State,
};
use crate::{ListAllDeliveries, ListAllEvents, ListAllSubscriptions, Owned, Page, StoreError};

impl State {
    pub(super) fn list_all_events(&self, list: &ListAllEvents) -> Page<Owned<Event>, EventId> {
        let mut all: Vec<_> = self
            .events
            .iter()
            .filter(|((_, id), _)| list.after.is_none_or(|after| *id < after))
            .filter_map(|((tenant_no, _), event)| self.owned(*tenant_no, Event::clone(event)))
            .collect();
        all.sort_by_key(|owned| Reverse(owned.item.id));
        let passes = |owned: &Owned<Event>| event_passes(&list.filter, &owned.item);
        page(all.into_iter(), list.limit, passes, |owned| owned.item.id)
    }

    pub(super) fn list_all_deliveries(
        &self,
        list: &ListAllDeliveries,
    ) -> Result<Page<Owned<Delivery>, String>, StoreError> {
        let after = list.after.as_deref().map(Position::parse).transpose()?;
        let mut all: Vec<_> = self
            .deliveries
            .iter()
            .map(|((tenant_no, _), row)| {
                (Position { event_id: row.event.id, delivery_no: row.no }, *tenant_no, row)
            })
            .filter(|(position, ..)| after.is_none_or(|after| *position < after))
            .collect();
        all.sort_by_key(|(position, ..)| Reverse(*position));
        let read = all.into_iter().filter_map(|(position, tenant_no, row)| {
            Some((position, self.owned(tenant_no, self.read(row)?)?))
        });
        let passes = |(_, owned): &(_, Owned<Delivery>)| list.filter.lets_through(&owned.item);
        let found = page(read, list.limit, passes, |(position, _)| position.to_cursor());
        let listed = found.items.into_iter();
        let listed = listed.map(|(_, owned)| Owned { item: as_listed(owned.item), ..owned }).collect();
        Ok(Page { items: listed, next: found.next })
    }

    pub(super) fn list_all_subscriptions(
        &self,
        list: &ListAllSubscriptions,
    ) -> Page<Owned<Subscription>, SubscriptionNo> {
        let living = self.subscriptions.values().filter(|row| !row.deleted).map(|row| &row.subscription);
        let mut all: Vec<_> = living
            .filter(|subscription| list.after.is_none_or(|after| subscription.no < after))
            .filter_map(|subscription| self.owned(subscription.tenant_no, subscription.clone()))
            .collect();
        all.sort_by_key(|owned| Reverse(owned.item.no));
        let passes = |owned: &Owned<Subscription>| list.filter.lets_through(&owned.item);
        page(all.into_iter(), list.limit, passes, |owned| owned.item.no)
    }

    /// A thing with its tenant, unless that was deleted.
    fn owned<T>(&self, tenant_no: TenantNo, item: T) -> Option<Owned<T>> {
        let tenant = self.tenant_by_no(tenant_no)?.id.clone();
        Some(Owned { tenant, tenant_no, item })
    }
}
