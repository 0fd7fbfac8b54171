//! Operations on tenants.

use std::sync::Arc;

use postroad_domain::{AuditAction, Tenant, TenantId, tenant::TenantSpec};
use postroad_profile::FieldProblem;
use postroad_store::{DeleteTenant, ListTenants, Page, PutTenant, StoreError};
use thiserror::Error;

use crate::{
    audit::{AuditedChange, fields::fields_of_tenant, origin::Origin},
    configuration::{
        cache::TenantConfig,
        options::options_of,
        profiles::LoadedProfile,
        retention::{self, Schedule},
        service::ConfigurationService,
    },
};

/// Failures of [`ConfigurationService::put_tenant`].
#[derive(Clone, Debug, Error)]
pub enum PutTenantError {
    /// There is no such profile.
    #[error("there is no profile of that name")]
    UnknownProfile {
        /// Those that there are.
        known: Vec<String>,
    },
    /// Options that the profile does not take, or limits that are too long or too short.
    #[error("options or limits are not valid")]
    Invalid(Vec<FieldProblem>),
    /// The tenant's subscriptions were made for another profile.
    #[error("the profile of a tenant that has subscriptions cannot be changed")]
    HasSubscriptions,
    /// It is not what the caller expects.
    #[error("the tenant is not what it was expected to be")]
    Stale,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ConfigurationService {
    /// Creates or replaces a tenant; answers it and whether it is new. One that is set to what it is already stays as it is.
    pub async fn put_tenant(
        &self,
        by: &Origin,
        id: TenantId,
        spec: TenantSpec,
    ) -> Result<(Tenant, bool), PutTenantError> {
        self.put_tenant_if(by, id, spec, |_| true).await
    }

    /// The same, if the tenant that is there now, or that there is none, is what the caller expects.
    pub async fn put_tenant_if(
        &self,
        by: &Origin,
        id: TenantId,
        spec: TenantSpec,
        is_expected: impl FnOnce(Option<&Tenant>) -> bool,
    ) -> Result<(Tenant, bool), PutTenantError> {
        let profile = self.profile_to_be(&spec)?;
        let _alone = self.configs.changing(&id).await;
        let before = self.configs.by_id(&id).await?;
        if !is_expected(before.as_ref().map(|before| &before.tenant)) {
            return Err(PutTenantError::Stale);
        }
        if let Some(before) = before.as_ref().filter(|before| before.tenant.spec == spec) {
            return Ok((before.tenant.clone(), false));
        }
        self.check_replacement(before.as_deref(), &profile, &spec)?;
        let change = match &before {
            Some(old) => AuditedChange::of(AuditAction::TenantChanged, &id)
                .before(fields_of_tenant(&old.tenant.spec, &old.profile.profile)),
            None => AuditedChange::of(AuditAction::TenantCreated, &id),
        };
        let audit = Some(self.audit_of(by, change.after(fields_of_tenant(&spec, &profile.profile))));
        let spec = self.sealed_tenant(spec, &id, &profile.profile);
        let put = PutTenant { id, spec, at: self.clock.now(), audit };
        let (tenant, is_new) = self.store.put_tenant(put).await?;
        Ok((self.opened_tenant(tenant), is_new))
    }

    /// The profile that a tenant names, which takes its options.
    fn profile_to_be(&self, spec: &TenantSpec) -> Result<Arc<LoadedProfile>, PutTenantError> {
        let Some(profile) = self.profiles.by_name(&spec.profile) else {
            let known = self.profiles.all().map(|loaded| loaded.profile.name.clone()).collect();
            return Err(PutTenantError::UnknownProfile { known });
        };
        let problems = profile.profile.check_tenant_options(&options_of(&spec.options));
        if problems.is_empty() { Ok(Arc::clone(profile)) } else { Err(PutTenantError::Invalid(problems)) }
    }

    /// Whether what is there already goes with what is to be.
    fn check_replacement(
        &self,
        before: Option<&TenantConfig>,
        profile: &LoadedProfile,
        spec: &TenantSpec,
    ) -> Result<(), PutTenantError> {
        let is_other = |old: &TenantConfig| old.tenant.spec.profile != spec.profile;
        if before.is_some_and(|old| is_other(old) && old.has_subscriptions()) {
            return Err(PutTenantError::HasSubscriptions);
        }
        let mut schedules = vec![Schedule::of(&profile.profile)];
        schedules.extend(before.iter().flat_map(|old| old.schedules()));
        let problems = retention::check_tenant(self.installation(), &profile.profile, spec, &schedules);
        if problems.is_empty() { Ok(()) } else { Err(PutTenantError::Invalid(problems)) }
    }

    /// One tenant.
    pub async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>, StoreError> {
        Ok(self.configs.by_id(id).await?.map(|config| config.tenant.clone()))
    }

    /// Tenants by id, all of them or those of a profile.
    pub async fn list_tenants(
        &self,
        profile: Option<String>,
        after: Option<TenantId>,
        limit: usize,
    ) -> Result<Page<Tenant, TenantId>, StoreError> {
        let page = self.store.list_tenants(ListTenants { profile, after, limit }).await?;
        let items = page.items.into_iter().map(|tenant| self.opened_tenant(tenant)).collect();
        Ok(Page { items, next: page.next })
    }

    /// Hides a tenant at once and erases it in the background. Answers whether there was one.
    pub async fn delete_tenant(&self, by: &Origin, id: &TenantId) -> Result<bool, StoreError> {
        let _alone = self.configs.changing(id).await;
        let audit = Some(self.audit_of(by, AuditedChange::of(AuditAction::TenantDeleted, id)));
        self.store.delete_tenant(DeleteTenant { id: id.clone(), at: self.clock.now(), audit }).await
    }
}
