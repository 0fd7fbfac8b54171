//! `GET /v1/tenants/{tenant}/event-types`

use axum::{Json, extract::State};

use super::TenantEventTypeJson;
use crate::{
    caller::Caller,
    path::TenantPath,
    problem::{Problem, Refusals},
    query::List,
    state::ServerState,
};

/// The event types that the tenant added
///
/// Those of its profile are at `GET /v1/profiles/{profile}`.
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/event-types",
    tag = "event types",
    params(("tenant" = String, Path, description = "The tenant's id")),
    responses((status = 200, description = "All of them", body = List<TenantEventTypeJson>), Refusals),
)]
pub(super) async fn list_event_types(
    _: Caller,
    State(state): State<ServerState>,
    TenantPath(tenant): TenantPath,
) -> Result<Json<List<TenantEventTypeJson>>, Problem> {
    let all = state.engine.event_types(&tenant).await;
    let all = all.map_err(|error| Problem::of_lookup(error, "event type"))?;
    let data = all.iter().map(TenantEventTypeJson::of).collect::<Result<_, _>>()?;
    Ok(Json(List { data, next: None }))
}
