//! The audit: who changed what, when and from where.

use serde::Deserialize;
use serde_json::Value;

/// One entry of the audit.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct AuditEntry {
    /// Its id.
    #[serde(default)]
    pub id: String,
    /// When.
    pub at: String,
    /// Of which tenant; it may be deleted by now.
    #[serde(default)]
    pub tenant: Option<String>,
    /// Who: `admin`, `system` or the id of a key.
    #[serde(default)]
    pub actor: String,
    /// From which address.
    #[serde(default)]
    pub address: Option<String>,
    /// What: `subscription.changed`.
    pub action: String,
    /// The id or name of what it was done to.
    #[serde(default)]
    pub object: String,
    /// The fields that changed, each before and after, secrets masked.
    #[serde(default)]
    pub changes: Option<Value>,
}
