//! A tenant: one customer account of the product that embeds Postroad.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    invalid::Invalid,
    limits::{MAIL_CHARS_MAX, TENANT_ID_CHARS_MAX},
    time::Timestamp,
};

/// The tenant's number inside the store; never reused, never shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantNo(pub i64);

/// The number of a stored profile: one content, known by its digest. Never reused, never shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfileNo(pub i64);

/// The caller's own name for the tenant: `[A-Za-z0-9][A-Za-z0-9_.-]{0,127}`; or the operator's ([`TenantId::operations`]).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(String);

impl TenantId {
    /// Checks a tenant's id.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let mut bytes = text.bytes();
        let starts_well = bytes.next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let goes_on_well = bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
        if (starts_well && goes_on_well && text.len() <= TENANT_ID_CHARS_MAX) || text == OPERATIONS {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new(format!(
            "must be 1 to {TENANT_ID_CHARS_MAX} letters, digits, '_', '.' or '-', and begin with a letter or digit"
        )))
    }

    /// The operator's own tenant: what happens to the deliveries of all others comes to it as events. It is no tenant of a caller:
    /// nothing else may be called like it.
    pub fn operations() -> Self {
        Self(OPERATIONS.to_owned())
    }

    /// Whether it is [`Self::operations`].
    pub fn is_operations(&self) -> bool {
        self.0 == OPERATIONS
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Begins as no caller's own name may.
const OPERATIONS: &str = "_postroad";

impl fmt::Display for TenantId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl TryFrom<String> for TenantId {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<TenantId> for String {
    fn from(id: TenantId) -> Self {
        id.0
    }
}

/// Checks a mail address. Whether mail arrives, only mail can tell; this catches what can never be an address.
///
/// # Errors
///
/// It is none.
pub fn check_mail_address(text: &str) -> Result<(), Invalid> {
    let plausible = text.rsplit_once('@').is_some_and(|(who, host)| !who.is_empty() && !host.is_empty());
    let plain = !text.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    if plausible && plain && text.len() <= MAIL_CHARS_MAX {
        return Ok(());
    }
    Err(Invalid::new("must be a mail address such as jo@example.com"))
}

/// What a caller may set of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantSpec {
    /// Name of the profile: the product whose wire format this tenant's receivers expect.
    pub profile: String,
    /// A name that people see.
    pub name: Option<String>,
    /// Mail addresses of those who look after it: they are told when a subscription becomes inactive by itself, and where it asks for it
    /// of deliveries that fail.
    pub contacts: Vec<String>,
    /// The profile's own options, as JSON text.
    pub options: String,
    /// How long its events are kept, where that is shorter than what the installation and the profile say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Duration>,
    /// Bytes of its events' data that are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_bytes: Option<u64>,
    /// At rest only: the values of the secret options, encrypted, as of a subscription's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
}

/// One customer account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Number inside the store.
    pub no: TenantNo,
    /// The caller's name for it.
    pub id: TenantId,
    /// What the caller set.
    pub spec: TenantSpec,
    /// 1 at first, grows each time the caller sets the tenant: events name the one that they are shaped with.
    pub version: i64,
    /// Grows with every change of the tenant or of one of its subscriptions
    /// or event types: with it, an accept statement sees whether
    /// the subscriptions it was matched against are still the true ones.
    pub config_version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenants_id_is_the_callers_own_within_the_contracts_alphabet() {
        for text in ["a", "0", "Acme-1.eu_x", &"a".repeat(128)] {
            assert_eq!(TenantId::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "-a", ".a", "_a", "a b", "a/b", "é", &"a".repeat(129)] {
            TenantId::parse(text).unwrap_err();
        }
        assert!(TenantId::parse("_postroad").unwrap().is_operations());
        TenantId::parse("_postroad2").unwrap_err();
    }
}
