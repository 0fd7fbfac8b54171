//! The audit: who changed what, when and from where.

use std::{fmt, net::IpAddr, str::FromStr};

use crate::{
    ids::{AuditId, KeyId},
    invalid::Invalid,
    tenant::TenantId,
    time::Timestamp,
};

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// Whoever holds the admin key.
    Admin,
    /// Whoever holds this key.
    Key(KeyId),
    /// Postroad itself.
    System,
}

/// `admin`, `system`, or the id of a key.
impl fmt::Display for Actor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admin => out.write_str("admin"),
            Self::Key(id) => fmt::Display::fmt(id, out),
            Self::System => out.write_str("system"),
        }
    }
}

impl FromStr for Actor {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "admin" => Ok(Self::Admin),
            "system" => Ok(Self::System),
            id => id
                .parse()
                .map(Self::Key)
                .map_err(|_| Invalid::new("must be admin, system or the id of a key")),
        }
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// What was done; the words of the API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum AuditAction {
            $($(#[$doc])* $name,)*
        }

        impl AuditAction {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word in the API and in the store.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

actions! {
    /// A tenant is new.
    TenantCreated = "tenant.created";
    /// A tenant was replaced.
    TenantChanged = "tenant.changed";
    /// A tenant was deleted with all that was its.
    TenantDeleted = "tenant.deleted";
    /// A key was made.
    KeyCreated = "key.created";
    /// A key was revoked.
    KeyRevoked = "key.revoked";
    /// A subscription is new.
    SubscriptionCreated = "subscription.created";
    /// A subscription was changed.
    SubscriptionChanged = "subscription.changed";
    /// A subscription was deleted.
    SubscriptionDeleted = "subscription.deleted";
    /// A receiver said that it is gone, so its subscription became inactive.
    SubscriptionGone = "subscription.gone";
    /// Deliveries of a subscription kept failing, so it became inactive.
    SubscriptionFailing = "subscription.failing";
    /// A test was sent to a subscription.
    SubscriptionTested = "subscription.tested";
    /// Somebody had the handshakes of a subscription made; or, by the system, they passed and it became active.
    SubscriptionVerified = "subscription.verified";
    /// What waited for it was made due at once.
    SubscriptionSentNow = "subscription.sent_now";
    /// A secret was shown.
    SecretRead = "secret.read";
    /// A subscription has a new secret.
    SecretRotated = "secret.rotated";
    /// A subscription has no secret any more.
    SecretRemoved = "secret.removed";
    /// An event type is new.
    EventTypeCreated = "event_type.created";
    /// An event type was replaced.
    EventTypeChanged = "event_type.changed";
    /// An event type was deleted.
    EventTypeDeleted = "event_type.deleted";
    /// A delivery that had ended was sent again.
    DeliveryRetried = "delivery.retried";
    /// A waiting delivery was called off.
    DeliveryCancelled = "delivery.cancelled";
    /// A replay was started.
    ReplayStarted = "replay.started";
    /// A replay was called off.
    ReplayCancelled = "replay.cancelled";
}

impl AuditAction {
    /// Reads the word.
    ///
    /// # Errors
    /// It is none; the sentence lists all of them.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let known = Self::ALL.iter().copied().find(|action| action.as_str() == text);
        known.ok_or_else(|| {
            let words: Vec<_> = Self::ALL.iter().map(|action| action.as_str()).collect();
            Invalid::new(format!("must be one of {}", words.join(", ")))
        })
    }
}

/// One entry of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Public id.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// Of which tenant; it may be deleted by now.
    pub tenant: Option<TenantId>,
    /// Who.
    pub actor: Actor,
    /// From which address; `None` when it came over no network.
    pub address: Option<IpAddr>,
    /// What.
    pub action: AuditAction,
    /// The id or name of what it was done to.
    pub object: String,
    /// The fields that changed, each before and after, as JSON; `None` where there are none, or where they were the data of
    /// a tenant that is deleted.
    pub changes: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_and_actor_reads_back_as_it_is_written() {
        for action in AuditAction::ALL {
            assert_eq!(AuditAction::parse(action.as_str()), Ok(*action));
        }
        for actor in [Actor::Admin, Actor::System, Actor::Key(KeyId::from_bytes([7; 16]))] {
            assert_eq!(actor.to_string().parse(), Ok(actor));
        }
        assert!("root".parse::<Actor>().unwrap_err().to_string().contains("the id of a key"));
        assert!(AuditAction::parse("x").unwrap_err().to_string().contains("tenant.created"));
    }
}
