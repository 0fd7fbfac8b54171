//! `DELETE /v1/tenants/{tenant}/subscriptions/{id}`

use axum::extract::State;
use http::StatusCode;
use postroad_domain::ids::SubscriptionKind;

use crate::{
    caller::{ObjectOf, SubscriptionsWrite},
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
    security(("key" = ["subscriptions:write"])),
    params(TenantPath, ObjectPath<SubscriptionKind>),
    responses((status = 204, description = "It is gone"), Refusals),
)]
pub(super) async fn delete_subscription(
    ObjectOf { tenant, id, by, .. }: ObjectOf<SubscriptionsWrite, SubscriptionKind>,
    State(state): State<ServerState>,
) -> Result<StatusCode, Problem> {
    let deleted = state.engine.configuration().delete_subscription(&by, &tenant, id).await;
    if deleted.map_err(|error| Problem::of_lookup(error, "subscription"))? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::not_found("subscription"))
}
