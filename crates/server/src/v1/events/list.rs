//! `GET /v1/tenants/{tenant}/events`

use axum::{Json, extract::State};
use http::Uri;
use postroad_domain::{EventId, EventType};
use postroad_engine::EventFilter;

use super::EventJson;
use crate::{
    caller::Caller,
    check::{Faults, Shape},
    path::TenantPath,
    problem::{Problem, Refusals},
    query::{self, List},
    state::ServerState,
};

const SHAPE: Shape = Shape::of(&["type", "since", "until", "limit", "cursor"]);

/// Events, newest first
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/events",
    tag = "events",
    params(
        ("tenant" = String, Path, description = "The tenant's id"),
        ("type" = Option<String>, Query, description = "Only of this type"),
        ("since" = Option<String>, Query, description = "Only accepted at this time (RFC 3339) or later"),
        ("until" = Option<String>, Query, description = "Only accepted before this time (RFC 3339)"),
        ("limit" = Option<u32>, Query, description = "1 to 250, by default 50"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = List<EventJson>), Refusals),
)]
pub(super) async fn list_events(
    _: Caller,
    State(state): State<ServerState>,
    TenantPath(tenant): TenantPath,
    uri: Uri,
) -> Result<Json<List<EventJson>>, Problem> {
    let (filter, after, limit) = read(&uri)?;
    let page = state.engine.list_events(&tenant, filter, after, limit).await;
    let page = page.map_err(|error| Problem::of_lookup(error, "event"))?;
    let data = page.items.iter().map(EventJson::of).collect::<Result<_, _>>()?;
    Ok(Json(List { data, next: page.next.map(|id| id.to_string()) }))
}

fn read(uri: &Uri) -> Result<(EventFilter, Option<EventId>, usize), Problem> {
    let faults = Faults::default();
    let mut query = query::read(uri, &SHAPE, &faults);
    let filter = EventFilter {
        event_type: query.field("type").and_then(|field| field.parsed(EventType::parse)),
        since: query::time(&mut query, "since"),
        until: query::time(&mut query, "until"),
    };
    let limit = query::limit(&mut query);
    let after = query::cursor(&mut query, |text| text.parse().ok())?;
    faults.finish(Some((filter, after, limit)))
}
