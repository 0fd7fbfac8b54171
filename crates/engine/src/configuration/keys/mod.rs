//! Keys of tenants: made, listed and revoked here; what one may be in `draft`; recognised in `known`, paced in `pace`.

pub(crate) mod draft;
pub(crate) mod known;
mod pace;

use postroad_domain::{
    ApiKey, AuditAction, CredentialKind, KeyId, TenantId,
    limits::{KEYS_PER_TENANT_MAX, KEYS_REVOKED_KEPT_MAX},
};
use postroad_profile::FieldProblem;
use postroad_store::{CreateKey, CreateKeyError, ListKeys, Page, RevokeKey, StoreError};
use thiserror::Error;
use zeroize::Zeroizing;

use self::draft::KeyDraft;
use crate::{
    audit::{AuditedChange, fields::fields_of_key, origin::Origin},
    configuration::{
        credential::{Purpose, generate, hash_key},
        lookup_error::LookupError,
        service::ConfigurationService,
    },
};

/// A credential in plain: only for the answer that makes it.
pub enum Credential {
    /// One key.
    Key(Zeroizing<String>),
    /// A pair for the compatible API of LeadSquared.
    Pair {
        /// Names it.
        access_key: Zeroizing<String>,
        /// Proves it.
        secret_key: Zeroizing<String>,
    },
}

/// Failures of [`ConfigurationService::create_key`].
#[derive(Clone, Debug, Error)]
pub enum CreateKeyFailure {
    /// There is no such tenant.
    #[error("there is no such tenant")]
    NoTenant,
    /// The tenant has as many as it may have.
    #[error("the tenant has {max} keys, which is the most it may have")]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// Fields that cannot be.
    #[error("fields are not valid")]
    Invalid(Vec<FieldProblem>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ConfigurationService {
    /// Makes a key of a tenant; it is answered in plain this once.
    pub async fn create_key(
        &self,
        by: &Origin,
        tenant: &TenantId,
        draft: impl Into<KeyDraft>,
    ) -> Result<(ApiKey, Credential), CreateKeyFailure> {
        let at = self.clock.now();
        let config = self.configs.by_id(tenant).await?.ok_or(CreateKeyFailure::NoTenant)?;
        let spec = draft.into().check(&config.profile.profile, at).map_err(CreateKeyFailure::Invalid)?;
        let (id, credential) = (self.ids.key(), self.ids.with_rng(|rng| make(spec.kind, rng)));
        let change = AuditedChange::of(AuditAction::KeyCreated, id).after(fields_of_key(&spec));
        let create = CreateKey {
            tenant_no: config.tenant.no,
            id,
            hash: hash_key(credential.name()),
            secret_hash: credential.secret().map(hash_key),
            max: KEYS_PER_TENANT_MAX,
            at,
            audit: Some(self.audit_of(by, change)),
            spec,
        };
        match self.store.create_key(create).await {
            Ok(key) => Ok((key, credential)),
            Err(CreateKeyError::NoTenant) => Err(CreateKeyFailure::NoTenant),
            Err(CreateKeyError::TooMany { max }) => Err(CreateKeyFailure::TooMany { max }),
            Err(CreateKeyError::Store(error)) => Err(error.into()),
        }
    }

    /// Keys of a tenant that are not revoked, by id.
    pub async fn list_keys(
        &self,
        tenant: &TenantId,
        after: Option<KeyId>,
        limit: usize,
    ) -> Result<Page<ApiKey, KeyId>, LookupError> {
        let config = self.configs.by_id(tenant).await?.ok_or(LookupError::NoTenant)?;
        Ok(self.store.list_keys(ListKeys { tenant_no: config.tenant.no, after, limit }).await?)
    }

    /// Revokes a key: on this node it is refused from the answer on, on others as soon as they hear of it. Answers whether there was one.
    pub async fn revoke_key(&self, by: &Origin, tenant: &TenantId, id: KeyId) -> Result<bool, LookupError> {
        let config = self.configs.by_id(tenant).await?.ok_or(LookupError::NoTenant)?;
        let change = AuditedChange::of(AuditAction::KeyRevoked, id);
        let revoke = RevokeKey {
            tenant_no: config.tenant.no,
            id,
            kept_max: KEYS_REVOKED_KEPT_MAX,
            at: self.clock.now(),
            audit: Some(self.audit_of(by, change)),
        };
        Ok(self.store.revoke_key(revoke).await?)
    }
}

impl Credential {
    /// What it is found by.
    fn name(&self) -> &str {
        match self {
            Self::Key(key) => key,
            Self::Pair { access_key, .. } => access_key,
        }
    }

    fn secret(&self) -> Option<&str> {
        match self {
            Self::Key(_) => None,
            Self::Pair { secret_key, .. } => Some(secret_key),
        }
    }
}

fn make(kind: CredentialKind, rng: &mut impl rand::Rng) -> Credential {
    match kind {
        CredentialKind::Api => Credential::Key(generate(Purpose::Key, rng)),
        CredentialKind::Leadsquared => Credential::Pair {
            access_key: generate(Purpose::AccessKey, rng),
            secret_key: generate(Purpose::SecretKey, rng),
        },
    }
}
