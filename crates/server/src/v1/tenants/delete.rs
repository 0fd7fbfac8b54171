//! `DELETE /v1/tenants/{tenant}`

use axum::extract::State;
use http::StatusCode;

use crate::{
    caller::Operator,
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
    security(("key" = ["admin"])),
    params(TenantPath),
    responses((status = 204, description = "It is gone"), Refusals),
)]
pub(super) async fn delete_tenant(
    Operator { by }: Operator,
    State(state): State<ServerState>,
    TenantPath(tenant): TenantPath,
) -> Result<StatusCode, Problem> {
    if state.engine.configuration().delete_tenant(&by, &tenant).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::not_found("tenant"))
}
