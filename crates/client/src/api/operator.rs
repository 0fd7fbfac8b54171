//! `/v1/events`, `/v1/deliveries`, `/v1/subscriptions`, `/v1/audit`: over all tenants.

use super::Caller;
use crate::{
    filters::{AuditFilter, DeliveryFilter, EventFilter, SubscriptionFilter},
    model::{AuditEntry, Delivery, Event, Subscription},
    page::Listing,
};

/// Lists over all tenants, newest first; the admin key only.
#[derive(Clone, Debug)]
pub struct Operator {
    caller: Caller,
}

impl Operator {
    pub(super) fn new(caller: Caller) -> Self {
        Self { caller }
    }

    /// Events.
    pub fn events(&self, filter: EventFilter) -> Listing<Event> {
        Listing::new(&self.caller, "/v1/events".to_owned(), filter.0)
    }

    /// Deliveries without their attempts.
    pub fn deliveries(&self, filter: DeliveryFilter) -> Listing<Delivery> {
        Listing::new(&self.caller, "/v1/deliveries".to_owned(), filter.0)
    }

    /// Subscriptions.
    pub fn subscriptions(&self, filter: SubscriptionFilter) -> Listing<Subscription> {
        Listing::new(&self.caller, "/v1/subscriptions".to_owned(), filter.0)
    }

    /// Who changed what, when and from where.
    pub fn audit(&self, filter: AuditFilter) -> Listing<AuditEntry> {
        Listing::new(&self.caller, "/v1/audit".to_owned(), filter.0)
    }
}
