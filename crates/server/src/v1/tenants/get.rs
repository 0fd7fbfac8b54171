//! `GET /v1/tenants/{tenant}`

use axum::{Json, extract::State, response::IntoResponse};

use super::{TenantJson, etag};
use crate::{
    caller::Operator,
    path::TenantPath,
    problem::{Problem, Refusals},
    state::ServerState,
};

/// One tenant
///
/// `ETag` names its version.
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}",
    tag = "tenants",
    security(("key" = ["admin"])),
    params(TenantPath),
    responses((status = 200, description = "The tenant", body = TenantJson), Refusals),
)]
pub(super) async fn get_tenant(
    _: Operator,
    State(state): State<ServerState>,
    TenantPath(tenant): TenantPath,
) -> Result<impl IntoResponse, Problem> {
    let tenant =
        state.engine.configuration().tenant(&tenant).await?.ok_or_else(|| Problem::not_found("tenant"))?;
    Ok((etag(&tenant), Json(TenantJson::of(tenant, &state.engine))))
}
