//! `GET /v1/tenants/{tenant}`

use axum::{Json, extract::State};

use super::TenantJson;
use crate::{
    caller::Caller,
    path::TenantPath,
    problem::{Problem, Refusals},
    state::ServerState,
};

/// One tenant
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}",
    tag = "tenants",
    params(("tenant" = String, Path, description = "The tenant's id")),
    responses((status = 200, description = "The tenant", body = TenantJson), Refusals),
)]
pub(super) async fn get_tenant(
    _: Caller,
    State(state): State<ServerState>,
    TenantPath(tenant): TenantPath,
) -> Result<Json<TenantJson>, Problem> {
    let tenant = state.engine.tenant(&tenant).await?.ok_or_else(|| Problem::not_found("tenant"))?;
    Ok(Json(TenantJson::of(tenant, &state.engine)))
}
