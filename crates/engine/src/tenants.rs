//! Operations on tenants.

use postroad_domain::{Tenant, TenantId, tenant::TenantSpec};
use postroad_store::{DeleteTenant, ListTenants, Page, PutTenant, StoreError};
use thiserror::Error;

use crate::Engine;

/// The one profile that is built in until profile files come.
const STANDARD_PROFILE: &str = "standard";

/// Failures of [`Engine::put_tenant`].
#[derive(Clone, Debug, Error)]
pub enum PutTenantError {
    /// There is no such profile.
    #[error("there is no profile of that name")]
    UnknownProfile {
        /// Those that there are.
        known: Vec<String>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// Creates or replaces a tenant; answers it and whether it is new.
    pub async fn put_tenant(&self, id: TenantId, spec: TenantSpec) -> Result<(Tenant, bool), PutTenantError> {
        if spec.profile != STANDARD_PROFILE {
            return Err(PutTenantError::UnknownProfile { known: vec![STANDARD_PROFILE.to_owned()] });
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
