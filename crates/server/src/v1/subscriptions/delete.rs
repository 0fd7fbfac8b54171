//! `DELETE /v1/tenants/{tenant}/subscriptions/{id}`

use axum::extract::State;
use http::StatusCode;
use postroad_domain::ids::SubscriptionKind;

use crate::{
    caller::Caller,
    path::{ObjectPath, TenantPath},
    problem::{Problem, Refusals},
    state::ServerState,
};

/// Delete a subscription
///
/// What waits is cancelled with the reason `deleted`; its deliveries stay in the log.
#[utoipa::path(
    delete,
    path = "/v1/tenants/{tenant}/subscriptions/{id}",
    tag = "subscriptions",
    params(
        ("tenant" = String, Path, description = "The tenant's id"),
        ("id" = String, Path, description = "The subscription's id"),
    ),
    responses((status = 204, description = "It is gone"), Refusals),
)]
pub(super) async fn delete_subscription(
    _: Caller,
    State(state): State<ServerState>,
    TenantPath(tenant): TenantPath,
    ObjectPath(id): ObjectPath<SubscriptionKind>,
) -> Result<StatusCode, Problem> {
    let deleted = state.engine.delete_subscription(&tenant, id).await;
    if deleted.map_err(|error| Problem::of_lookup(error, "subscription"))? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::not_found("subscription"))
}
