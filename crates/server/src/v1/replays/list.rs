//! `GET /v1/tenants/{tenant}/replays`

use axum::{Json, extract::State};
use postroad_domain::ReplayId;

use super::ReplayJson;
use crate::{
    caller::{DeliveriesRead, InTenant},
    path::TenantPath,
    problem::{Problem, Refusals},
    query::{Asked, List, NoFilter, PageParams},
    state::ServerState,
};

/// Replays, newest first
///
/// Those that run, and the last ones that have ended: a tenant's newest 1,000.
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/replays",
    tag = "replays",
    security(("key" = ["deliveries:read"])),
    params(TenantPath, PageParams),
    responses((status = 200, description = "A page", body = List<ReplayJson>), Refusals),
)]
pub(super) async fn list_replays(
    InTenant { tenant, .. }: InTenant<DeliveriesRead>,
    State(state): State<ServerState>,
    asked: Asked<NoFilter, ReplayId>,
) -> Result<Json<List<ReplayJson>>, Problem> {
    let page = state.engine.history().list_replays(&tenant, asked.after, asked.limit).await;
    let page = page.map_err(|error| Problem::of_lookup(error, "replay"))?;
    let data = page.items.iter().map(ReplayJson::of).collect();
    Ok(asked.of.page(data, page.next))
}
