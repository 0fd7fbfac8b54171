//! Single deliveries: how they read, retry and cancel.

use postroad_domain::{
    Attempt, Event, EventId, Reason, Status, TenantNo,
    delivery::{Delivery, Input},
    ids::DeliveryId,
};

use super::state::{DeliveryKey, DeliveryRow, Place, State};
use crate::{CancelDelivery, CancelDeliveryError, Change, LaneKey, RetryDelivery, RetryDeliveryError};

impl State {
    pub(super) fn event(&self, tenant_no: TenantNo, id: EventId) -> Option<Event> {
        self.tenant_by_no(tenant_no)?;
        self.events.get(&(tenant_no, id)).map(|event| Event::clone(event))
    }

    pub(super) fn delivery(&self, tenant_no: TenantNo, id: DeliveryId) -> Option<Delivery> {
        self.read(self.delivery_row((tenant_no, id))?)
    }

    pub(super) fn attempts(&self, tenant_no: TenantNo, id: DeliveryId) -> Vec<Attempt> {
        self.delivery_row((tenant_no, id)).map(|row| row.attempts.clone()).unwrap_or_default()
    }

    pub(super) fn retry_delivery(&mut self, retry: RetryDelivery) -> Result<Delivery, RetryDeliveryError> {
        let key = (retry.tenant_no, retry.id);
        let delivery = self.delivery(retry.tenant_no, retry.id).ok_or(RetryDeliveryError::NotFound)?;
        let lane = self.delivery_row(key).ok_or(RetryDeliveryError::NotFound)?.lane;
        if !delivery.status.is_final() {
            return Err(RetryDeliveryError::Waiting);
        }
        if !self.may_send(lane) {
            return Err(RetryDeliveryError::Inactive);
        }
        // The new place lies behind every mark.
        self.make_real(key);
        let entry = self.next_number();
        let (due, expires_at) = (retry.at, retry.expires_at);
        self.wait_at(key, Input::Retry, Place { entry, due, not_before: None, tries: 0, expires_at });
        self.announced.push(Change::Lane(lane));
        self.note(retry.tenant_no, retry.at, retry.audit);
        self.delivery(retry.tenant_no, retry.id).ok_or(RetryDeliveryError::NotFound)
    }

    pub(super) fn cancel_delivery(&mut self, cancel: CancelDelivery) -> Result<LaneKey, CancelDeliveryError> {
        let key = (cancel.tenant_no, cancel.id);
        let row = self.delivery_row(key).ok_or(CancelDeliveryError::NotFound)?;
        if row.place.is_none() || self.mark_over(row).is_some() {
            return Err(CancelDeliveryError::Finished);
        }
        let lane = row.lane;
        self.finish(key, Input::Cancel, Some(Reason::Operator), cancel.at);
        self.announced.push(Change::Lane(lane));
        self.note(cancel.tenant_no, cancel.at, cancel.audit);
        Ok(lane)
    }

    /// A delivery as it is, also when a mark changed it and its row does not say so yet.
    pub(super) fn read(&self, row: &DeliveryRow) -> Option<Delivery> {
        let mark = self.mark_over(row);
        Some(Delivery {
            id: row.id,
            subscription: self.subscriptions.get(&row.lane)?.subscription.id,
            subscription_no: row.lane.subscription_no,
            subscription_version: row.subscription_version,
            events: row.events().map(|event| event.id).collect(),
            event_count: row.event_count(),
            event_type: row.event.event_type.clone(),
            status: mark.map_or(row.status.get(), |_| Status::Cancelled),
            reason: mark.map_or(row.reason, |mark| Some(mark.reason)),
            attempts: row.attempts_made(),
            created_at: row.created_at,
            due_at: row.place.filter(|_| mark.is_none()).map(|place| place.not_before.unwrap_or(place.due)),
            finished_at: mark.map_or(row.finished_at, |mark| Some(mark.at)),
            test: row.event.test,
        })
    }

    pub(super) fn erase_delivery(&mut self, key: DeliveryKey) {
        if let Some(row) = self.deliveries.remove(&key)
            && let Some(place) = row.place
        {
            self.queue.remove(&(row.lane, place.due, row.no));
        }
    }
}
