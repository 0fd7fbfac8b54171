//! Operations on tenants.

use postroad_domain::{Tenant, TenantId, tenant::TenantSpec};
use postroad_profile::FieldProblem;
use postroad_store::{DeleteTenant, ListTenants, Page, PutTenant, StoreError};
use thiserror::Error;

use crate::{Engine, shaping::options_of};

/// Failures of [`Engine::put_tenant`].
#[derive(Clone, Debug, Error)]
pub enum PutTenantError {
    /// There is no such profile.
    #[error("there is no profile of that name")]
    UnknownProfile {
        /// Those that there are.
        known: Vec<String>,
    },
    /// Options that the profile does not take.
    #[error("options are not valid")]
    Invalid(Vec<FieldProblem>),
    /// The tenant's subscriptions were made for another profile.
    #[error("the profile of a tenant that has subscriptions cannot be changed")]
    HasSubscriptions,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// Creates or replaces a tenant; answers it and whether it is new.
    pub async fn put_tenant(&self, id: TenantId, spec: TenantSpec) -> Result<(Tenant, bool), PutTenantError> {
        let Some(profile) = self.profiles.by_name(&spec.profile) else {
            let known = self.profiles.all().map(|loaded| loaded.profile.name.clone()).collect();
            return Err(PutTenantError::UnknownProfile { known });
        };
        let problems = profile.profile.check_tenant_options(&options_of(&spec.options));
        if !problems.is_empty() {
            return Err(PutTenantError::Invalid(problems));
        }
        let before = self.configs.by_id(&id).await?;
        if before.is_some_and(|old| old.tenant.spec.profile != spec.profile && old.has_subscriptions()) {
            return Err(PutTenantError::HasSubscriptions);
        }
        let (tenant, is_new) = self.store.put_tenant(PutTenant { id, spec, at: self.clock.now() }).await?;
        self.configs.forget(&tenant.id, tenant.no);
        Ok((tenant, is_new))
    }

    /// One tenant.
    pub async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>, StoreError> {
        Ok(self.configs.by_id(id).await?.map(|config| config.tenant.clone()))
    }

    /// Tenants by id.
    pub async fn list_tenants(
        &self,
        after: Option<TenantId>,
        limit: usize,
    ) -> Result<Page<Tenant, TenantId>, StoreError> {
        self.store.list_tenants(ListTenants { after, limit }).await
    }

    /// Hides a tenant at once and erases it in the background. Answers whether there was one.
    pub async fn delete_tenant(&self, id: &TenantId) -> Result<bool, StoreError> {
        let config = self.configs.by_id(id).await?;
        let deleted = self.store.delete_tenant(DeleteTenant { id: id.clone(), at: self.clock.now() }).await?;
        if let Some(config) = config {
            self.configs.forget(id, config.tenant.no);
            config.lanes().for_each(|lane| self.dispatcher.drop_ready(lane));
        }
        self.sweep_soon();
        Ok(deleted)
    }
}
