//! `GET /v1/tenants`

use axum::{Json, extract::State};
use http::Uri;
use postroad_domain::TenantId;

use super::TenantJson;
use crate::{
    caller::Caller,
    check::{Faults, Shape},
    problem::{Problem, Refusals},
    query::{self, List},
    state::ServerState,
};

const SHAPE: Shape = Shape::of(&["limit", "cursor"]);

/// All tenants, by id
#[utoipa::path(
    get,
    path = "/v1/tenants",
    tag = "tenants",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 250, by default 50"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = List<TenantJson>), Refusals),
)]
pub(super) async fn list_tenants(
    _: Caller,
    State(state): State<ServerState>,
    uri: Uri,
) -> Result<Json<List<TenantJson>>, Problem> {
    let (after, limit) = read(&uri)?;
    let page = state.engine.list_tenants(after, limit).await?;
    let data = page.items.into_iter().map(|tenant| TenantJson::of(tenant, &state.engine)).collect();
    Ok(Json(List { data, next: page.next.map(|id| id.to_string()) }))
}

fn read(uri: &Uri) -> Result<(Option<TenantId>, usize), Problem> {
    let faults = Faults::default();
    let mut query = query::read(uri, &SHAPE, &faults);
    let limit = query::limit(&mut query);
    let after = query::cursor(&mut query, |text| TenantId::parse(text).ok())?;
    faults.finish(Some((after, limit)))
}
