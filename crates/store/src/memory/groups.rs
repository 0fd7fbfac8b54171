//! Deliveries with more than one event, and stored bodies.

use std::{num::NonZeroU32, sync::Arc};

use postroad_domain::{
    DeliveryId, Event, EventId, TenantNo, Timestamp,
    delivery::StoredBody,
    limits::{DELIVERY_EVENTS_BYTES_MAX, DELIVERY_EVENTS_MAX},
};

use super::state::{DeliveryRow, State};
use crate::{Group, MemberResult, NewMember};

impl State {
    pub(super) fn add_member(&mut self, new: &NewMember, at: Timestamp) -> MemberResult {
        let NewMember { tenant_no, delivery, event } = *new;
        let number = |id| self.event_number(tenant_no, id);
        let (Some(event_no), Some(first_no)) = (number(event), number(delivery.first_event())) else {
            return MemberResult::NotFound;
        };
        let Some(row) = self.delivery_row((tenant_no, delivery)) else { return MemberResult::NotFound };
        let Some(event) = self.events.get(&(tenant_no, event)).map(Arc::clone) else {
            return MemberResult::NotFound;
        };
        if row.carries(event.id) {
            return MemberResult::Added;
        }
        let is_open = row.place.is_some_and(|place| place.due > at)
            && row.attempts.is_empty()
            && self.mark_over(row).is_none();
        let has_room = (row.event_count() as usize) < DELIVERY_EVENTS_MAX
            && row.event_bytes() + event.data.len() as u64 <= DELIVERY_EVENTS_BYTES_MAX;
        if event_no < first_no || !is_open || !has_room {
            return MemberResult::Refused;
        }
        if let Some(row) = self.deliveries.get_mut(&(tenant_no, delivery)) {
            row.members.push(event);
        }
        MemberResult::Added
    }

    pub(super) fn delivery_events(&self, tenant_no: TenantNo, id: DeliveryId) -> Vec<Event> {
        let row = self.delivery_row((tenant_no, id));
        row.into_iter().flat_map(DeliveryRow::events).map(|event| Event::clone(event)).collect()
    }

    pub(super) fn stored_body(&self, tenant_no: TenantNo, id: DeliveryId) -> Option<Arc<StoredBody>> {
        self.delivery_row((tenant_no, id))?.body.clone()
    }

    /// The deliveries that carry an event, in the order of their creation.
    pub(super) fn carrying(&self, tenant_no: TenantNo, id: EventId) -> impl Iterator<Item = &DeliveryRow> {
        let range = (tenant_no, id.delivery(0))..=(tenant_no, id.delivery(u16::MAX));
        self.joined(tenant_no, id).chain(self.deliveries.range(range).map(|(_, row)| row))
    }

    /// The deliveries of other events that an event was added to.
    pub(super) fn joined(&self, tenant_no: TenantNo, id: EventId) -> impl Iterator<Item = &DeliveryRow> {
        let rows = self.deliveries.values().filter(move |row| row.lane.tenant_no == tenant_no);
        rows.filter(move |row| row.members.iter().any(|member| member.id == id))
    }
}

impl DeliveryRow {
    /// Its events, in the order in which they are sent.
    pub(super) fn events(&self) -> impl Iterator<Item = &Arc<Event>> {
        std::iter::once(&self.event).chain(&self.members)
    }

    pub(super) fn event_count(&self) -> u32 {
        u32::try_from(1 + self.members.len()).unwrap_or(u32::MAX)
    }

    /// Bytes of the events' data and of a stored body.
    pub(super) fn bytes(&self) -> u64 {
        self.event_bytes() + self.body.as_ref().map_or(0, |stored| stored.body.len() as u64)
    }

    pub(super) fn group(&self) -> Option<Group> {
        let events = NonZeroU32::new(self.event_count()).filter(|_| !self.members.is_empty())?;
        Some(Group { events, bytes: self.event_bytes() })
    }

    fn carries(&self, id: EventId) -> bool {
        self.events().any(|event| event.id == id)
    }

    fn event_bytes(&self) -> u64 {
        self.events().map(|event| event.data.len() as u64).sum()
    }
}
