//! `DELETE /v1/tenants/{tenant}`

use axum::extract::State;
use http::StatusCode;

use crate::{
    caller::Caller,
    path::TenantPath,
    problem::{Problem, Refusals},
    state::ServerState,
};

/// Delete a tenant with all that is its
///
/// It is gone at once; its subscriptions, events and deliveries are erased in the background. There is no way back.
#[utoipa::path(
    delete,
    path = "/v1/tenants/{tenant}",
    tag = "tenants",
    params(("tenant" = String, Path, description = "The tenant's id")),
    responses((status = 204, description = "It is gone"), Refusals),
)]
pub(super) async fn delete_tenant(
    _: Caller,
    State(state): State<ServerState>,
    TenantPath(tenant): TenantPath,
) -> Result<StatusCode, Problem> {
    if state.engine.delete_tenant(&tenant).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::not_found("tenant"))
}
