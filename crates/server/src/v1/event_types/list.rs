//! `GET /v1/tenants/{tenant}/event-types`

use axum::{Json, extract::State};
use http::Uri;
use postroad_domain::EventType;

use super::TenantEventTypeJson;
use crate::{
    caller::{AnyScope, InTenant},
    check::{Faults, Shape},
    problem::{Problem, Refusals},
    query::{self, List},
    state::ServerState,
};

const SHAPE: Shape = Shape::of(&["limit", "cursor"]);

/// The event types that the tenant added, by name
///
/// Those of its profile are at `GET /v1/profiles/{profile}`.
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/event-types",
    tag = "event types",
    params(
        ("tenant" = String, Path, description = "The tenant's id"),
        ("limit" = Option<u32>, Query, description = "1 to 250, by default 50"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = List<TenantEventTypeJson>), Refusals),
)]
pub(super) async fn list_event_types(
    InTenant { tenant, .. }: InTenant<AnyScope>,
    State(state): State<ServerState>,
    uri: Uri,
) -> Result<Json<List<TenantEventTypeJson>>, Problem> {
    let (after, limit) = read(&uri)?;
    let all = state.engine.configuration().event_types(&tenant).await;
    let mut page = all.map_err(|error| Problem::of_lookup(error, "event type"))?;
    page.retain(|known| after.as_ref().is_none_or(|after| known.name > *after));
    let is_last = page.len() <= limit;
    page.truncate(limit);
    let next = page.last().filter(|_| !is_last).map(|last| last.name.clone());
    let data = page.iter().map(TenantEventTypeJson::of).collect::<Result<_, _>>()?;
    Ok(Json(List { data, next: query::next(&uri, next) }))
}

fn read(uri: &Uri) -> Result<(Option<EventType>, usize), Problem> {
    let faults = Faults::default();
    let mut query = query::read(uri, &SHAPE, &faults);
    let limit = query::limit(&mut query);
    let after = query::after(&mut query, uri, |text| EventType::parse(text).ok())?;
    faults.finish(Some((after, limit)))
}
