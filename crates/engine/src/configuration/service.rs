//! The service of configuration: what its operations share. Each topic adds its operations in a file of its own.
//!
//! **Invariant:** an operation writes to the store and changes no cache and no lane: whoever keeps something hears of a change
//! from the store's feed, before the operation is answered.

use std::sync::{Arc, OnceLock};

use postroad_domain::{
    Clock, EndpointUrl, ErrorClass, Subscription, SubscriptionId, SubscriptionSpec, Tenant, TenantId,
    TenantNo, limits::AUDIT_SAME_WITHIN, tenant::TenantSpec,
};
use postroad_egress::Egress;
use postroad_profile::Profile;
use postroad_store::{NewAudit, RecordAudit, Store, StoreError};

use crate::{
    audit::{AuditedChange, origin::Origin},
    configuration::{
        cache::ConfigCache,
        handshakes::queue::Orders,
        keys::known::{KeyRefusal, KeyRing, KnownKey},
        lookup_error::LookupError,
        options::options_of,
        profiles::{LoadedProfile, Profiles},
        retention::Retention,
        sealed_settings::{open_tenant_or_log, opened, seal_subscription, seal_tenant},
        secret_box::SecretBox,
    },
    ids::IdSource,
};

/// Tenants, subscriptions, event types, profiles and keys.
pub struct ConfigurationService {
    pub(super) store: Arc<dyn Store>,
    pub(super) egress: Arc<dyn Egress>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<IdSource>,
    pub(super) secrets: Arc<SecretBox>,
    pub(super) profiles: Arc<Profiles>,
    pub(super) configs: Arc<ConfigCache>,
    pub(super) keys: Arc<KeyRing>,
    pub(super) handshakes: Orders,
    installation: OnceLock<Retention>,
}

/// What the service is made from.
pub(crate) struct ConfigurationParts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) egress: Arc<dyn Egress>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<IdSource>,
    pub(crate) secrets: Arc<SecretBox>,
    pub(crate) profiles: Arc<Profiles>,
    pub(crate) configs: Arc<ConfigCache>,
    pub(crate) handshakes: Orders,
}

impl ConfigurationService {
    pub(crate) fn new(parts: ConfigurationParts) -> Self {
        let ConfigurationParts { store, egress, clock, ids, secrets, profiles, configs, handshakes } = parts;
        let keys = KeyRing::new(Arc::clone(&store), Arc::clone(&clock), Arc::clone(&configs));
        let (keys, installation) = (Arc::new(keys), OnceLock::new());
        Self { store, egress, clock, ids, secrets, profiles, configs, keys, handshakes, installation }
    }

    /// The profiles in force, by name.
    pub fn profiles(&self) -> Vec<Arc<LoadedProfile>> {
        self.profiles.all().cloned().collect()
    }

    /// The profile in force of that name.
    pub fn profile(&self, name: &str) -> Option<Arc<LoadedProfile>> {
        self.profiles.by_name(name).cloned()
    }

    /// The profile of a tenant.
    pub async fn profile_of(&self, tenant: &TenantId) -> Result<Arc<LoadedProfile>, LookupError> {
        let config = self.configs.by_id(tenant).await?.ok_or(LookupError::NoTenant)?;
        Ok(Arc::clone(&config.profile))
    }

    /// The profile of a tenant, and the value of one of its options: the tenant's own, else the default.
    pub async fn option_of(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<(Arc<LoadedProfile>, Option<serde_json::Value>), LookupError> {
        let config = self.configs.by_id(tenant).await?.ok_or(LookupError::NoTenant)?;
        let own = options_of(&config.tenant.spec.options);
        let value = config.profile.profile.tenant_option(&own, name).cloned();
        Ok((Arc::clone(&config.profile), value))
    }

    /// The tenant's key that a caller brings.
    ///
    /// # Errors
    /// It is not valid now, or calls too often.
    pub async fn key(&self, key: &str) -> Result<Arc<KnownKey>, KeyRefusal> {
        self.keys.key(key).await
    }

    /// The tenant's pair of keys that a caller of the compatible API of LeadSquared brings.
    ///
    /// # Errors
    /// As [`Self::key`]; a secret key that is not the one of the access key is [`KeyRefusal::Unknown`].
    pub async fn key_pair(&self, access_key: &str, secret_key: &str) -> Result<Arc<KnownKey>, KeyRefusal> {
        self.keys.key_pair(access_key, secret_key).await
    }

    /// The keys that were used lately.
    pub(crate) fn key_ring(&self) -> &Arc<KeyRing> {
        &self.keys
    }

    /// How long and how much the installation keeps: a tenant's own limits may not be longer.
    pub(crate) fn installation(&self) -> Retention {
        self.installation.get().copied().unwrap_or_default()
    }

    pub(crate) fn set_installation(&self, retention: Retention) {
        let _ = self.installation.set(retention);
    }

    /// The audit's entry about a change.
    pub(super) fn audit_of(&self, by: &Origin, change: AuditedChange) -> NewAudit {
        change.entry(by, &self.ids)
    }

    /// Writes an entry about something that changes nothing else, such as the reading of a secret. Who does the same again
    /// and again has one entry within [`AUDIT_SAME_WITHIN`].
    pub(super) async fn record(
        &self,
        by: &Origin,
        tenant_no: TenantNo,
        change: AuditedChange,
    ) -> Result<(), StoreError> {
        let (audit, at) = (self.audit_of(by, change), self.clock.now());
        self.store.record_audit(RecordAudit { tenant_no, audit, unless_within: AUDIT_SAME_WITHIN, at }).await
    }

    /// The settings of a subscription as they are stored.
    pub(super) fn sealed_spec(
        &self,
        spec: SubscriptionSpec,
        id: SubscriptionId,
        profile: &Profile,
    ) -> SubscriptionSpec {
        self.ids.with_rng(|rng| seal_subscription(spec, id, profile, &self.secrets, rng))
    }

    /// The settings of a tenant as they are stored.
    pub(super) fn sealed_tenant(&self, spec: TenantSpec, id: &TenantId, profile: &Profile) -> TenantSpec {
        self.ids.with_rng(|rng| seal_tenant(spec, id, profile, &self.secrets, rng))
    }

    /// A subscription as the store gave it, open.
    pub(super) fn opened(&self, subscription: Subscription) -> Subscription {
        opened(subscription, &self.secrets)
    }

    /// A tenant as the store gave it, open.
    pub(super) fn opened_tenant(&self, mut tenant: Tenant) -> Tenant {
        open_tenant_or_log(&mut tenant, &self.secrets);
        tenant
    }
}

/// Why the guard does not let anything be sent to a URL now; `None` where it does, or the name does not resolve.
pub(super) async fn refuse_url(egress: &dyn Egress, url: &EndpointUrl) -> Option<String> {
    let refused = egress.check(url).await.err()?;
    (refused.class == ErrorClass::Blocked).then_some(refused.message)
}
