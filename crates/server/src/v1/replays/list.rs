//! `GET /v1/tenants/{tenant}/replays`

use axum::{Json, extract::State};
use http::Uri;
use postroad_domain::ReplayId;

use super::ReplayJson;
use crate::{
    caller::{DeliveriesRead, InTenant},
    check::{Faults, Shape},
    problem::{Problem, Refusals},
    query::{self, List},
    state::ServerState,
};

const SHAPE: Shape = Shape::of(&["limit", "cursor"]);

/// Replays, newest first
///
/// Those that run, and the last ones that have ended: a tenant's newest 1,000.
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/replays",
    tag = "replays",
    security(("key" = ["deliveries:read"])),
    params(
        ("tenant" = String, Path, description = "The tenant's id"),
        ("limit" = Option<u32>, Query, description = "1 to 250, by default 50"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = List<ReplayJson>), Refusals),
)]
pub(super) async fn list_replays(
    InTenant { tenant, .. }: InTenant<DeliveriesRead>,
    State(state): State<ServerState>,
    uri: Uri,
) -> Result<Json<List<ReplayJson>>, Problem> {
    let (after, limit) = read(&uri)?;
    let page = state.engine.history().list_replays(&tenant, after, limit).await;
    let page = page.map_err(|error| Problem::of_lookup(error, "replay"))?;
    let data = page.items.iter().map(ReplayJson::of).collect();
    Ok(Json(List { data, next: query::next(&uri, page.next) }))
}

fn read(uri: &Uri) -> Result<(Option<ReplayId>, usize), Problem> {
    let faults = Faults::default();
    let mut query = query::read(uri, &SHAPE, &faults);
    let limit = query::limit(&mut query);
    let after = query::after(&mut query, uri, |text| text.parse().ok())?;
    faults.finish(Some((after, limit)))
}
