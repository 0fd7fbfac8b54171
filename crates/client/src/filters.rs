//! What a list is narrowed to. Times are RFC 3339; `since` belongs to the span, `until` does not.

use std::fmt::Display;

use crate::model::DeliveryStatus;

macro_rules! filter {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $setter:ident = $parameter:literal: $value:ty,)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[must_use]
        pub struct $name(pub(crate) Vec<(&'static str, String)>);

        impl $name {
            $($(#[$doc])*
            pub fn $setter(self, value: $value) -> Self {
                Self(set(self.0, $parameter, value))
            })*
        }
    };
}

filter! {
    /// Which events a list shows; all by default.
    EventFilter {
        /// Only of this tenant: for the operator's list over all tenants.
        tenant = "tenant": &str,
        /// Only of this type.
        event_type = "type": &str,
        /// Only accepted at this time or later.
        since = "since": &str,
        /// Only accepted before this time.
        until = "until": &str,
    }
}

filter! {
    /// Which deliveries a list shows; all by default.
    DeliveryFilter {
        /// Only of this tenant: for the operator's list over all tenants.
        tenant = "tenant": &str,
        /// Only to this subscription.
        subscription = "subscription": &str,
        /// Only of this event.
        event = "event": &str,
        /// Only of events of this type.
        event_type = "type": &str,
        /// Only in this status; those that are just being delivered count as queued.
        status = "status": DeliveryStatus,
        /// Only created at this time or later.
        since = "since": &str,
        /// Only created before this time.
        until = "until": &str,
    }
}

filter! {
    /// Which subscriptions the operator's list over all tenants shows; all by default.
    SubscriptionFilter {
        /// Only of this tenant.
        tenant = "tenant": &str,
        /// Only those that are active, or only the others.
        active = "active": bool,
        /// Only those that want this event type.
        event_type = "type": &str,
    }
}

filter! {
    /// Which entries of the audit a list shows; all by default.
    AuditFilter {
        /// Only of this tenant.
        tenant = "tenant": &str,
        /// Only of this actor: `admin`, `system` or the id of a key.
        actor = "actor": &str,
        /// Only of this action: `subscription.changed`.
        action = "action": &str,
        /// Only done at this time or later.
        since = "since": &str,
        /// Only done before this time.
        until = "until": &str,
    }
}

/// The last value of a name counts.
fn set(
    mut pairs: Vec<(&'static str, String)>,
    name: &'static str,
    value: impl Display,
) -> Vec<(&'static str, String)> {
    pairs.retain(|(known, _)| *known != name);
    pairs.push((name, value.to_string()));
    pairs
}
