//! Tenants: the customer accounts of the product.

mod delete;
mod get;
mod list;
mod put;
mod settings;

use http::{HeaderName, header};
use postroad_domain::Tenant;
use postroad_engine::Engine;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::settings::TenantSettings;
use crate::state::ServerState;

/// The routes of this folder.
pub(crate) fn routes() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new().routes(routes!(list::list_tenants)).routes(routes!(
        put::put_tenant,
        get::get_tenant,
        delete::delete_tenant
    ))
}

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tenant)]
pub(crate) struct TenantJson {
    /// The caller's own name for it.
    id: String,
    #[serde(flatten)]
    settings: TenantSettings,
    /// When it was created.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Names a tenant's version.
fn tag_of(tenant: &Tenant) -> String {
    format!("v{}", tenant.version)
}

/// The header that does.
fn etag(tenant: &Tenant) -> [(HeaderName, String); 1] {
    [(header::ETAG, format!("\"{}\"", tag_of(tenant)))]
}

impl TenantJson {
    fn of(tenant: Tenant, engine: &Engine) -> Self {
        let loaded = engine.configuration().profile(&tenant.spec.profile);
        Self {
            id: tenant.id.to_string(),
            settings: TenantSettings::of(tenant.spec, loaded.as_ref().map(|loaded| &loaded.profile)),
            created_at: tenant.created_at.to_string(),
            updated_at: tenant.updated_at.to_string(),
        }
    }
}
