//! Deliveries with more than one event, and stored bodies.

use std::{num::NonZeroU32, sync::Arc};

use postroad_domain::{DeliveryId, Event, EventId, TenantNo, Timestamp, delivery::StoredBody};

use super::{
    rows::OpenGroup,
    state::{DeliveryRow, Place, State},
};
use crate::{Change, FanoutTarget, Group, GroupTarget, LaneKey};

impl State {
    /// Adds an event to the group that takes it; `false` when none does.
    pub(super) fn join(
        &mut self,
        lane: LaneKey,
        event: &Arc<Event>,
        (target, group): (FanoutTarget, GroupTarget),
        at: Timestamp,
    ) -> bool {
        let Some(open) = self.open_groups.get(&(lane, group.key)).copied() else { return false };
        let key = (lane.tenant_no, open.delivery);
        let Some((row, place)) = self.delivery_row(key).and_then(|row| Some((row, row.place?))) else {
            return false;
        };
        // At another due time it was sent now, or tried.
        let is_open = open.closes_at > at
            && place.due == open.due()
            && row.attempts.is_empty()
            && self.mark_over(row).is_none();
        if !is_open {
            return false;
        }
        if row.event_bytes() + event.data.len() as u64 > u64::from(group.bytes_max) {
            self.close(lane, group, at);
            return false;
        }
        let open = OpenGroup { ready_at: open.ready_at.max(target.due), ..open };
        let expires_at = place.expires_at.max(target.expires_at);
        if let Some(row) = self.deliveries.get_mut(&key) {
            row.members.push(Arc::clone(event));
        }
        self.open_groups.insert((lane, group.key), open);
        self.wait_elsewhere(key, Place { due: open.due(), expires_at, ..place });
        self.close_if_full(lane, group, at);
        true
    }

    /// Closes the group with this key when it has all that it may have.
    pub(super) fn close_if_full(&mut self, lane: LaneKey, group: GroupTarget, at: Timestamp) {
        let open = self.open_groups.get(&(lane, group.key));
        let row = open.and_then(|open| self.deliveries.get(&(lane.tenant_no, open.delivery)));
        let is_full = |row: &DeliveryRow| {
            row.event_count() >= u32::from(group.events_max)
                || row.event_bytes() >= u64::from(group.bytes_max)
        };
        if row.is_some_and(is_full) {
            self.close(lane, group, at);
        }
    }

    /// The group takes no more, and is due before its window is over.
    fn close(&mut self, lane: LaneKey, group: GroupTarget, at: Timestamp) {
        let Some(open) = self.open_groups.remove(&(lane, group.key)) else { return };
        let key = (lane.tenant_no, open.delivery);
        if let Some(place) = self.deliveries.get(&key).and_then(|row| row.place) {
            self.wait_elsewhere(key, Place { due: open.ready_at.max(at), ..place });
            self.announced.push(Change::Lane(lane));
        }
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

    fn event_bytes(&self) -> u64 {
        self.events().map(|event| event.data.len() as u64).sum()
    }
}
