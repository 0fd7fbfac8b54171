//! `GET /v1/tenants`

use axum::{Json, extract::State};
use http::Uri;
use postroad_domain::TenantId;

use super::TenantJson;
use crate::{
    caller::Operator,
    check::{Faults, Field, Shape},
    problem::{Problem, Refusals},
    query::{self, List},
    state::ServerState,
};

const SHAPE: Shape = Shape::of(&["profile", "limit", "cursor"]);

/// All tenants, by id
#[utoipa::path(
    get,
    path = "/v1/tenants",
    tag = "tenants",
    security(("key" = ["admin"])),
    params(
        ("profile" = Option<String>, Query, description = "Only those of this profile"),
        ("limit" = Option<u32>, Query, description = "1 to 250, by default 50"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = List<TenantJson>), Refusals),
)]
pub(super) async fn list_tenants(
    _: Operator,
    State(state): State<ServerState>,
    uri: Uri,
) -> Result<Json<List<TenantJson>>, Problem> {
    let (profile, after, limit) = read(&uri)?;
    let page = state.engine.configuration().list_tenants(profile, after, limit).await?;
    let data = page.items.into_iter().map(|tenant| TenantJson::of(tenant, &state.engine)).collect();
    Ok(Json(List { data, next: query::next(&uri, page.next) }))
}

fn read(uri: &Uri) -> Result<(Option<String>, Option<TenantId>, usize), Problem> {
    let faults = Faults::default();
    let mut query = query::read(uri, &SHAPE, &faults);
    let profile = query.field("profile").and_then(Field::text);
    let limit = query::limit(&mut query);
    let after = query::after(&mut query, uri, |text| TenantId::parse(text).ok())?;
    faults.finish(Some((profile, after, limit)))
}
