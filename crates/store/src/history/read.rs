//! Reading events and deliveries.

use postroad_domain::{EventId, EventType, Status, SubscriptionId, TenantNo, Timestamp, delivery::Delivery};

/// One page of a list. It may hold fewer items than asked for and still have a `next`: a page looks at
/// [`postroad_domain::limits::PAGE_ROWS_SCANNED_MAX`] rows at most, so that a rare filter cannot hold the store.
#[derive(Clone, Debug)]
pub struct Page<T, C> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; `None` when this is the last.
    pub next: Option<C>,
}

/// Which events.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Of this type.
    pub event_type: Option<EventType>,
    /// Accepted at this moment or later.
    pub since: Option<Timestamp>,
    /// Accepted before this moment.
    pub until: Option<Timestamp>,
}

/// Asks for events, newest first.
#[derive(Clone, Debug)]
pub struct ListEvents {
    /// Whose.
    pub tenant_no: TenantNo,
    /// Which.
    pub filter: EventFilter,
    /// Only events before this one.
    pub after: Option<EventId>,
    /// At most so many.
    pub limit: usize,
}

/// Which deliveries.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// To this subscription.
    pub subscription: Option<SubscriptionId>,
    /// Of this event, also where it was added to a delivery of another one.
    pub event: Option<EventId>,
    /// Of a first event of this type.
    pub event_type: Option<EventType>,
    /// In this status; [`Status::Delivering`] means [`Status::Queued`] here.
    pub status: Option<Status>,
    /// Created at this moment or later.
    pub since: Option<Timestamp>,
    /// Created before this moment.
    pub until: Option<Timestamp>,
}

/// Asks for deliveries, newest event first.
#[derive(Clone, Debug)]
pub struct ListDeliveries {
    /// Whose.
    pub tenant_no: TenantNo,
    /// Which.
    pub filter: DeliveryFilter,
    /// The `next` of the page before.
    pub after: Option<String>,
    /// At most so many.
    pub limit: usize,
}

impl DeliveryFilter {
    /// Whether a delivery passes, which must name all its events. A store may answer with less reading; this is what it must
    /// agree with.
    pub fn lets_through(&self, delivery: &Delivery) -> bool {
        let wanted_status =
            self.status.map(|status| if status == Status::Delivering { Status::Queued } else { status });
        self.subscription.is_none_or(|wanted| wanted == delivery.subscription)
            && self.event.is_none_or(|wanted| delivery.events.contains(&wanted))
            && self.event_type.as_ref().is_none_or(|wanted| *wanted == delivery.event_type)
            && wanted_status.is_none_or(|wanted| wanted == delivery.status)
            && self.since.is_none_or(|since| delivery.created_at >= since)
            && self.until.is_none_or(|until| delivery.created_at < until)
    }
}
