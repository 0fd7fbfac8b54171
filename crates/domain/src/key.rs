//! API keys of a tenant: what each may do, how often, until when.
//!
//! Here is only what is said of a key. The key itself is shown once, when it is made; what rests of it is a hash, which the
//! store keeps beside this.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    ids::KeyId,
    invalid::Invalid,
    limits::{LEADSQUARED_CALLS_MAX, LEADSQUARED_CALLS_SPAN},
    subscription::RateLimit,
    tenant::TenantNo,
    time::Timestamp,
};

/// What a key allows; the words of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// Publish events.
    #[serde(rename = "events:write")]
    EventsWrite,
    /// Read subscriptions, without their secrets.
    #[serde(rename = "subscriptions:read")]
    SubscriptionsRead,
    /// Create, change, delete and try subscriptions, and handle their secrets.
    #[serde(rename = "subscriptions:write")]
    SubscriptionsWrite,
    /// Read events and deliveries with their attempts.
    #[serde(rename = "deliveries:read")]
    DeliveriesRead,
    /// Send deliveries again, and call them off.
    #[serde(rename = "deliveries:retry")]
    DeliveriesRetry,
    /// Pull events; not built yet.
    #[serde(rename = "pull")]
    Pull,
}

impl Scope {
    /// Every scope, in the order of the contract.
    pub const ALL: [Self; 6] = [
        Self::EventsWrite,
        Self::SubscriptionsRead,
        Self::SubscriptionsWrite,
        Self::DeliveriesRead,
        Self::DeliveriesRetry,
        Self::Pull,
    ];

    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EventsWrite => "events:write",
            Self::SubscriptionsRead => "subscriptions:read",
            Self::SubscriptionsWrite => "subscriptions:write",
            Self::DeliveriesRead => "deliveries:read",
            Self::DeliveriesRetry => "deliveries:retry",
            Self::Pull => "pull",
        }
    }

    /// Reads the word.
    ///
    /// # Errors
    /// It is none; the sentence lists all of them.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let known = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        known
            .ok_or_else(|| Invalid::new(format!("must be one of {}", Self::ALL.map(Self::as_str).join(", "))))
    }
}

/// The API of a product, which is served beside our own to tenants whose profile names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompatibleApi {
    /// `/v2/Webhook.svc` of LeadSquared.
    Leadsquared,
}

impl CompatibleApi {
    /// Every one.
    pub const ALL: [Self; 1] = [Self::Leadsquared];

    /// The word in profiles.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Leadsquared => "leadsquared",
        }
    }

    /// How many calls it takes from one credential in any span of time of that length.
    pub const fn calls_max(self) -> RateLimit {
        match self {
            Self::Leadsquared => RateLimit { count: LEADSQUARED_CALLS_MAX, per: LEADSQUARED_CALLS_SPAN },
        }
    }
}

/// Which form the credential has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// One key, for the header `Authorization`.
    #[default]
    Api,
    /// An access key and a secret key, for the compatible API of LeadSquared.
    Leadsquared,
}

impl CredentialKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Api, Self::Leadsquared];

    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Leadsquared => "leadsquared",
        }
    }

    /// The API that takes it, and no other: `None` for our own.
    pub const fn compatible_api(self) -> Option<CompatibleApi> {
        match self {
            Self::Api => None,
            Self::Leadsquared => Some(CompatibleApi::Leadsquared),
        }
    }

    /// Reads the word.
    ///
    /// # Errors
    /// It is none; the sentence lists all of them.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let known = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        known
            .ok_or_else(|| Invalid::new(format!("must be one of {}", Self::ALL.map(Self::as_str).join(", "))))
    }
}

/// What the operator said of a key; checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySpec {
    /// A name that people see.
    pub name: String,
    /// The form of the credential.
    pub kind: CredentialKind,
    /// What it allows; at least one.
    pub scopes: BTreeSet<Scope>,
    /// How often it may call; `None` for as often as the server answers.
    pub rate_limit: Option<RateLimit>,
    /// Until when it is valid; `None` until it is revoked.
    pub expires_at: Option<Timestamp>,
}

/// A stored key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Public id.
    pub id: KeyId,
    /// Whose it is.
    pub tenant_no: TenantNo,
    /// What the operator said.
    pub spec: KeySpec,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, give or take a minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether its time is over.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.spec.expires_at.is_some_and(|end| end <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_is_written_as_the_contract_writes_it() {
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()), Ok(scope));
            assert_eq!(serde_json::to_string(&scope).unwrap(), format!("\"{}\"", scope.as_str()));
        }
        let refused = Scope::parse("events:read").unwrap_err().to_string();
        assert!(refused.contains("events:write, subscriptions:read"), "{refused}");
    }
}
