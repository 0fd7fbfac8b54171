//! What subscriptions were when an event came: what `explain` is answered from.

use postroad_domain::{
    EventId, SubscriptionId, SubscriptionNo, SubscriptionSpec, TenantNo, Timestamp, delivery::Delivery,
    subscription::InactiveReason,
};

/// Asks what each subscription was when an event came, in the order of their creation.
#[derive(Clone, Copy, Debug)]
pub struct ListSubscriptionsThen {
    /// Whose.
    pub tenant_no: TenantNo,
    /// The event.
    pub event: EventId,
    /// Only subscriptions after this one.
    pub after: Option<SubscriptionId>,
    /// At most so many.
    pub limit: usize,
}

/// A subscription and what it was when an event came. Those that had been deleted by then are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionThen {
    /// Its number.
    pub no: SubscriptionNo,
    /// Its id.
    pub id: SubscriptionId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was deleted, if it has been since.
    pub deleted_at: Option<Timestamp>,
    /// What it was.
    pub then: Then,
    /// The deliveries to it that carry the event, in the order of their creation.
    pub deliveries: Vec<Delivery>,
    /// A later commit will create its delivery: the event goes to very many.
    pub is_to_come: bool,
}

/// What a subscription was at some event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// It was not there yet.
    NotCreated,
    /// It was changed between then and the first version of Postroad that kept this history.
    Unknown,
    /// It was this.
    Known {
        /// Its version.
        version: i64,
        /// What the customer had configured; `active` tells whether it was.
        spec: Box<SubscriptionSpec>,
        /// Why it was not active, and since when.
        inactive: Option<(InactiveReason, Timestamp)>,
    },
}
