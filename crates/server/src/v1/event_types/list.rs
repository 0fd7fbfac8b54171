//! `GET /v1/tenants/{tenant}/event-types`

use axum::{Json, extract::State};
use postroad_domain::EventType;

use super::TenantEventTypeJson;
use crate::{
    caller::{AnyScope, InTenant},
    path::TenantPath,
    problem::{Problem, Refusals},
    query::{Asked, List, NoFilter, PageParams, cut},
    state::ServerState,
};

/// The event types that the tenant added, by name
///
/// Those of its profile are at `GET /v1/profiles/{profile}`.
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/event-types",
    tag = "event types",
    params(TenantPath, PageParams),
    responses((status = 200, description = "A page", body = List<TenantEventTypeJson>), Refusals),
)]
pub(super) async fn list_event_types(
    InTenant { tenant, .. }: InTenant<AnyScope>,
    State(state): State<ServerState>,
    asked: Asked<NoFilter, EventType>,
) -> Result<Json<List<TenantEventTypeJson>>, Problem> {
    let all = state.engine.configuration().event_types(&tenant).await;
    let all = all.map_err(|error| Problem::of_lookup(error, "event type"))?;
    let (page, next) = cut(all, (asked.after.as_ref(), asked.limit), |known| known.name.clone());
    let data = page.iter().map(TenantEventTypeJson::of).collect::<Result<_, _>>()?;
    Ok(asked.of.page(data, next))
}
