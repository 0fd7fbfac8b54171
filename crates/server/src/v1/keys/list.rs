//! `GET /v1/tenants/{tenant}/keys`

use axum::{Json, extract::State};
use postroad_domain::KeyId;

use super::KeyJson;
use crate::{
    caller::Operator,
    path::TenantPath,
    problem::{Problem, Refusals},
    query::{Asked, List, NoFilter, PageParams},
    state::ServerState,
};

/// The tenant's keys, oldest first
///
/// Those that were revoked are not among them.
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/keys",
    tag = "keys",
    security(("key" = ["admin"])),
    params(TenantPath, PageParams),
    responses((status = 200, description = "A page", body = List<KeyJson>), Refusals),
)]
pub(super) async fn list_keys(
    _: Operator,
    State(state): State<ServerState>,
    TenantPath(tenant): TenantPath,
    asked: Asked<NoFilter, KeyId>,
) -> Result<Json<List<KeyJson>>, Problem> {
    let page = state.engine.configuration().list_keys(&tenant, asked.after, asked.limit).await;
    let page = page.map_err(|error| Problem::of_lookup(error, "key"))?;
    let data = page.items.iter().map(KeyJson::of).collect();
    Ok(asked.of.page(data, page.next))
}
