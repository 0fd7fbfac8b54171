//! The numbers of events and deliveries. Events are numbered in the order of their commits; a delivery's number holds its
//! event's.

use postroad_domain::{DeliveryId, EventId};

/// A delivery's number is its event's, moved up by these bits, and its own number within the event.
pub(crate) const DELIVERY_BITS: u32 = 12;
/// Deliveries an event may have; they are numbered from 1.
pub(crate) const DELIVERIES_PER_EVENT_MAX: u32 = (1 << DELIVERY_BITS) - 1;

/// The number of an event's delivery.
pub(crate) fn delivery_no(event_no: i64, id: DeliveryId) -> i64 {
    (event_no << DELIVERY_BITS) | i64::from(id.number())
}

/// The id of a delivery, from its event's and its number.
pub(crate) fn delivery_id(event: EventId, delivery_no: i64) -> DeliveryId {
    let low_bits = delivery_no & i64::from(DELIVERIES_PER_EVENT_MAX);
    event.delivery(u16::try_from(low_bits).unwrap_or_default())
}
