//! `GET /v1/tenants/{tenant}/keys`

use axum::{Json, extract::State};
use http::Uri;
use postroad_domain::KeyId;

use super::KeyJson;
use crate::{
    caller::Operator,
    check::{Faults, Shape},
    path::TenantPath,
    problem::{Problem, Refusals},
    query::{self, List},
    state::ServerState,
};

const SHAPE: Shape = Shape::of(&["limit", "cursor"]);

/// The tenant's keys, oldest first
///
/// Those that were revoked are not among them.
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/keys",
    tag = "keys",
    security(("key" = ["admin"])),
    params(
        ("tenant" = String, Path, description = "The tenant's id"),
        ("limit" = Option<u32>, Query, description = "1 to 250, by default 50"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = List<KeyJson>), Refusals),
)]
pub(super) async fn list_keys(
    _: Operator,
    State(state): State<ServerState>,
    TenantPath(tenant): TenantPath,
    uri: Uri,
) -> Result<Json<List<KeyJson>>, Problem> {
    let (after, limit) = read(&uri)?;
    let page = state.engine.configuration().list_keys(&tenant, after, limit).await;
    let page = page.map_err(|error| Problem::of_lookup(error, "key"))?;
    let data = page.items.iter().map(KeyJson::of).collect();
    Ok(Json(List { data, next: query::next(&uri, page.next) }))
}

fn read(uri: &Uri) -> Result<(Option<KeyId>, usize), Problem> {
    let faults = Faults::default();
    let mut query = query::read(uri, &SHAPE, &faults);
    let limit = query::limit(&mut query);
    let after = query::after(&mut query, uri, |text| text.parse().ok())?;
    faults.finish(Some((after, limit)))
}
