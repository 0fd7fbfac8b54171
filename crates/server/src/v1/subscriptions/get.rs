//! `GET /v1/tenants/{tenant}/subscriptions/{id}`

use axum::{Json, extract::State, response::IntoResponse};
use postroad_domain::ids::SubscriptionKind;

use super::{SubscriptionJson, etag};
use crate::{
    caller::{ObjectOf, SubscriptionsRead},
    path::{ObjectPath, TenantPath},
    problem::{Problem, Refusals},
    state::ServerState,
};

/// One subscription
///
/// With `********` for its secret and, unless the key has `subscriptions:write`, for the values of its headers and its
/// `authorization`. `ETag` names its version.
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/subscriptions/{id}",
    tag = "subscriptions",
    security(("key" = ["subscriptions:read"])),
    params(TenantPath, ObjectPath<SubscriptionKind>),
    responses((status = 200, description = "The subscription", body = SubscriptionJson), Refusals),
)]
pub(super) async fn get_subscription(
    ObjectOf { tenant, id, rights, .. }: ObjectOf<SubscriptionsRead, SubscriptionKind>,
    State(state): State<ServerState>,
) -> Result<impl IntoResponse, Problem> {
    let lookup = |error| Problem::of_lookup(error, "subscription");
    let found = state.engine.configuration().subscription(&tenant, id).await.map_err(lookup)?;
    let loaded = state.engine.configuration().profile_of(&tenant).await.map_err(lookup)?;
    Ok((etag(&found), Json(SubscriptionJson::of(&tenant, &found, &loaded.profile, &rights))))
}
