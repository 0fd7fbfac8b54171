//! Single deliveries: how they read, retry and cancel.

use std::time::Duration;

use postroad_domain::{
    Attempt, Event, EventId, Reason, Status, TenantNo, Timestamp,
    delivery::{Delivery, Input},
    ids::DeliveryId,
};

use super::state::{DeliveryKey, DeliveryRow, Place, State};
use crate::{
    CancelDelivery, CancelDeliveryError, Change, LaneKey, RetryDelivery, RetryDeliveryError, SendNow,
    SendNowError, SentNow, SentNowPlace,
};

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
        if !self.may_send(lane) {
            return Err(RetryDeliveryError::Inactive);
        }
        let waits_at =
            self.delivery_row(key).and_then(|row| row.place).filter(|_| !delivery.status.is_final());
        if let Some(place) = waits_at {
            self.make_due(key, place, retry.at);
        } else {
            // The new place lies behind every mark.
            self.make_real(key);
            let entry = self.next_number();
            let (due, expires_at) = (retry.at, retry.expires_at);
            self.wait_at(key, Input::Retry, Place { entry, due, not_before: None, tries: 0, expires_at });
        }
        self.announced.push(Change::Lane(lane));
        self.note(retry.tenant_no, retry.at, retry.audit);
        self.delivery(retry.tenant_no, retry.id).ok_or(RetryDeliveryError::NotFound)
    }

    pub(super) fn send_now(&mut self, send: SendNow) -> Result<SentNow, SendNowError> {
        let lane = self.subscriptions.iter().find_map(|(lane, row)| {
            let is_it = row.subscription.id == send.subscription && !row.deleted;
            (is_it && lane.tenant_no == send.tenant_no).then_some(*lane)
        });
        let lane = lane.filter(|lane| self.tenant_by_no(lane.tenant_no).is_some());
        let lane = lane.ok_or(SendNowError::NotFound)?;
        if !self.may_send(lane) {
            return Err(SendNowError::Inactive);
        }
        let waiting = self.waiting_in(lane).filter(|row| self.mark_over(row).is_none());
        let waiting: Vec<_> = waiting.filter_map(|row| Some((row.id, row.no, row.place?))).collect();
        let place_of = |(_, no, place): &(DeliveryId, i64, Place)| (place.due, *no);
        let paused = waiting.first().filter(|(_, _, place)| send.after.is_none() && place.due <= send.at);
        let behind = send.after.map_or((send.at, i64::MAX), |after| after.last);
        let not_due: Vec<_> = waiting.iter().filter(|row| place_of(row) > behind).take(send.limit).collect();
        let mut looked_at = send.after.map_or(0, |after| after.looked_at);
        let mut count = 0;
        if let Some((id, _, place)) = paused {
            count += u64::from(self.make_due((lane.tenant_no, *id), *place, send.at));
        }
        for (id, _, place) in &not_due {
            let due = send.at.after(Duration::from_micros(looked_at));
            looked_at += 1;
            count += u64::from(self.make_due((lane.tenant_no, *id), *place, due));
        }
        let next = not_due.last().filter(|_| not_due.len() == send.limit);
        let next = next.map(|row| SentNowPlace { looked_at, last: place_of(row) });
        if count > 0 {
            self.announced.push(Change::Lane(lane));
        }
        if send.after.is_none() {
            self.note(send.tenant_no, send.at, send.audit);
        }
        Ok(SentNow { lane, count, next })
    }

    /// Lets a delivery that waits be tried from a moment on; `false` where it is anyway.
    fn make_due(&mut self, key: DeliveryKey, place: Place, at: Timestamp) -> bool {
        let waits = place.due > at || place.not_before.is_some_and(|until| until > at);
        if waits {
            let due = place.due.min(at);
            self.wait_elsewhere(key, Place { due, not_before: None, ..place });
        }
        waits
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
