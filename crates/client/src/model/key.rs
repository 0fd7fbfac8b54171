//! API keys of a tenant.

use serde::{Deserialize, Serialize};

use super::{RateLimit, Secret};
use crate::words::words;

words! {
    /// What a key allows.
    Scope {
        /// Publish events.
        EventsWrite = "events:write",
        /// Read subscriptions, without their secrets.
        SubscriptionsRead = "subscriptions:read",
        /// Create, change, delete and try subscriptions, and handle their secrets.
        SubscriptionsWrite = "subscriptions:write",
        /// Read events and deliveries with their attempts.
        DeliveriesRead = "deliveries:read",
        /// Send deliveries again, and call them off.
        DeliveriesRetry = "deliveries:retry",
        /// Pull events; not built yet.
        Pull = "pull",
    }
}

words! {
    /// Which form a credential has.
    CredentialKind {
        /// One key, for the header `Authorization`.
        Api = "api",
        /// An access key and a secret key, which the compatible API of LeadSquared takes and no other. Only where the tenant's
        /// profile has that API.
        Leadsquared = "leadsquared",
    }
}

/// A key to make.
#[derive(Clone, Debug, Serialize)]
#[must_use]
pub struct NewKey {
    name: String,
    scopes: Vec<Scope>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<CredentialKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_limit: Option<RateLimit>,
}

impl NewKey {
    /// A key with a name that people see and what it allows.
    pub fn new(name: impl Into<String>, scopes: impl IntoIterator<Item = Scope>) -> Self {
        let (name, scopes) = (name.into(), scopes.into_iter().collect());
        Self { name, scopes, expires_at: None, kind: None, rate_limit: None }
    }

    /// Until when it is valid, in RFC 3339.
    pub fn expires_at(self, moment: impl Into<String>) -> Self {
        Self { expires_at: Some(moment.into()), ..self }
    }

    /// Another form than one key.
    pub fn kind(self, kind: CredentialKind) -> Self {
        Self { kind: Some(kind), ..self }
    }

    /// How often it may call.
    pub fn rate_limit(self, count: u32, per: impl Into<String>) -> Self {
        Self { rate_limit: Some(RateLimit::new(count, per)), ..self }
    }
}

/// A key of a tenant.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Key {
    /// Its id.
    pub id: String,
    /// A name that people see.
    #[serde(default)]
    pub name: String,
    /// What it allows.
    #[serde(default)]
    pub scopes: Vec<Scope>,
    /// Its form.
    #[serde(default)]
    pub kind: Option<CredentialKind>,
    /// How often it may call.
    #[serde(default)]
    pub rate_limit: Option<RateLimit>,
    /// When it was made.
    #[serde(default)]
    pub created_at: String,
    /// Until when it is valid; `None` until it is revoked.
    #[serde(default)]
    pub expires_at: Option<String>,
    /// When it was last used, give or take a minute.
    #[serde(default)]
    pub last_used_at: Option<String>,
    /// The key itself; only where it was just made.
    #[serde(default)]
    pub key: Option<Secret>,
    /// The access key of a pair; only where it was just made.
    #[serde(default)]
    pub access_key: Option<Secret>,
    /// The secret key of a pair; only where it was just made.
    #[serde(default)]
    pub secret_key: Option<Secret>,
}
