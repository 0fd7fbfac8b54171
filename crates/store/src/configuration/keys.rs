//! Operations on the keys of tenants. A key rests as a hash; whoever brings it is found by that.

use postroad_domain::{ApiKey, KeyId, KeySpec, TenantId, TenantNo, Timestamp};

use crate::NewAudit;

/// Keeps a new key.
#[derive(Clone, Debug)]
pub struct CreateKey {
    /// In which tenant.
    pub tenant_no: TenantNo,
    /// Ours.
    pub id: KeyId,
    /// What the operator said of it.
    pub spec: KeySpec,
    /// SHA-256 of the key, or of the access key of a pair.
    pub hash: [u8; 32],
    /// SHA-256 of the secret key of a pair.
    pub secret_hash: Option<[u8; 32]>,
    /// Keys a tenant may have.
    pub max: usize,
    /// Now.
    pub at: Timestamp,
    /// What the audit says of it.
    pub audit: Option<NewAudit>,
}

/// A key with what it is recognised by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// The key; it may be expired or revoked.
    pub key: ApiKey,
    /// The name of its tenant.
    pub tenant: TenantId,
    /// SHA-256 of the key, or of the access key of a pair.
    pub hash: [u8; 32],
    /// SHA-256 of the secret key of a pair.
    pub secret_hash: Option<[u8; 32]>,
}

/// Asks for the keys of a tenant that are not revoked, by id.
#[derive(Clone, Copy, Debug)]
pub struct ListKeys {
    /// Whose.
    pub tenant_no: TenantNo,
    /// Only keys after this one.
    pub after: Option<KeyId>,
    /// At most so many.
    pub limit: usize,
}

/// Revokes a key.
#[derive(Clone, Debug)]
pub struct RevokeKey {
    /// In which tenant.
    pub tenant_no: TenantNo,
    /// Which.
    pub id: KeyId,
    /// Revoked keys of the tenant that stay known.
    pub kept_max: usize,
    /// Now.
    pub at: Timestamp,
    /// What the audit says of it.
    pub audit: Option<NewAudit>,
}

/// A key was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsed {
    /// Whose.
    pub tenant_no: TenantNo,
    /// Which.
    pub id: KeyId,
    /// When.
    pub at: Timestamp,
}
