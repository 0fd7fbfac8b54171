//! `GET /v1/tenants`

use axum::{Json, extract::State};
use postroad_domain::TenantId;

use super::TenantJson;
use crate::{
    caller::Operator,
    problem::{Problem, Refusals},
    query::{Asked, List, PageParams, filters},
    state::ServerState,
};

filters! {
    /// The filters of the list of tenants.
    pub(super) struct TenantFilters {
        /// Only those of this profile
        profile: String,
    }
}

/// All tenants, by id
#[utoipa::path(
    get,
    path = "/v1/tenants",
    tag = "tenants",
    security(("key" = ["admin"])),
    params(TenantFilters, PageParams),
    responses((status = 200, description = "A page", body = List<TenantJson>), Refusals),
)]
pub(super) async fn list_tenants(
    _: Operator,
    State(state): State<ServerState>,
    asked: Asked<TenantFilters, TenantId>,
) -> Result<Json<List<TenantJson>>, Problem> {
    let page =
        state.engine.configuration().list_tenants(asked.filter.profile, asked.after, asked.limit).await?;
    let data = page.items.into_iter().map(|tenant| TenantJson::of(tenant, &state.engine)).collect();
    Ok(asked.of.page(data, page.next))
}
