//! `DELETE /v1/tenants/{tenant}/keys/{id}`

use axum::extract::State;
use http::StatusCode;
use postroad_domain::ids::KeyKind;

use crate::{
    caller::Operator,
    path::{ObjectPath, TenantPath},
    problem::{Problem, Refusals},
    state::ServerState,
};

/// Revoke a key
///
/// It is refused from this answer on. There is no way back: make a new one.
#[utoipa::path(
    delete,
    path = "/v1/tenants/{tenant}/keys/{id}",
    tag = "keys",
    security(("key" = ["admin"])),
    params(TenantPath, ObjectPath<KeyKind>),
    responses((status = 204, description = "It is revoked"), Refusals),
)]
pub(super) async fn revoke_key(
    Operator { by }: Operator,
    State(state): State<ServerState>,
    TenantPath(tenant): TenantPath,
    ObjectPath(id): ObjectPath<KeyKind>,
) -> Result<StatusCode, Problem> {
    let revoked = state.engine.configuration().revoke_key(&by, &tenant, id).await;
    if revoked.map_err(|error| Problem::of_lookup(error, "key"))? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::not_found("key"))
}
