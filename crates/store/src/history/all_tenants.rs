//! Lists over all tenants, for the operator: newest first, by the order of commits.
//!
//! There is no index over all tenants and none is wanted: a list walks down the rows as they were written, and a page looks
//! at a bounded number of them. So a rare filter gives short pages with a `next`, and holds nobody.

use postroad_domain::{EventId, EventType, Subscription, SubscriptionNo, TenantId, TenantNo};

use super::read::{DeliveryFilter, EventFilter};

/// Something with the tenant it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned<T> {
    /// The tenant's name.
    pub tenant: TenantId,
    /// Its number.
    pub tenant_no: TenantNo,
    /// The thing.
    pub item: T,
}

/// Asks for events of all tenants.
#[derive(Clone, Debug)]
pub struct ListAllEvents {
    /// Which.
    pub filter: EventFilter,
    /// Only events before this one.
    pub after: Option<EventId>,
    /// At most so many.
    pub limit: usize,
}

/// Asks for deliveries of all tenants.
#[derive(Clone, Debug)]
pub struct ListAllDeliveries {
    /// Which.
    pub filter: DeliveryFilter,
    /// The `next` of the page before.
    pub after: Option<String>,
    /// At most so many.
    pub limit: usize,
}

/// Which subscriptions.
#[derive(Clone, Debug, Default)]
pub struct SubscriptionFilter {
    /// Active or inactive ones.
    pub active: Option<bool>,
    /// Those that want events of this type.
    pub event_type: Option<EventType>,
}

/// Asks for subscriptions of all tenants.
#[derive(Clone, Debug)]
pub struct ListAllSubscriptions {
    /// Which.
    pub filter: SubscriptionFilter,
    /// Only subscriptions before this one.
    pub after: Option<SubscriptionNo>,
    /// At most so many.
    pub limit: usize,
}

impl SubscriptionFilter {
    /// Whether a subscription passes.
    pub fn lets_through(&self, subscription: &Subscription) -> bool {
        let events = &subscription.spec.events;
        self.active.is_none_or(|active| active == subscription.spec.active)
            && self.event_type.as_ref().is_none_or(|wanted| events.is_empty() || events.contains(wanted))
    }
}
