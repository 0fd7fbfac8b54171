//! `GET /v1/tenants/{tenant}/events`

use axum::{Json, extract::State};
use http::Uri;
use postroad_domain::{EventId, EventType};
use postroad_engine::EventFilter;

use super::EventJson;
use crate::{
    caller::{DeliveriesRead, InTenant},
    check::{Faults, Object, Shape},
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
    security(("key" = ["deliveries:read"])),
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
    InTenant { tenant, .. }: InTenant<DeliveriesRead>,
    State(state): State<ServerState>,
    uri: Uri,
) -> Result<Json<List<EventJson>>, Problem> {
    let (filter, after, limit) = read(&uri)?;
    let page = state.engine.history().list_events(&tenant, filter, after, limit).await;
    let page = page.map_err(|error| Problem::of_lookup(error, "event"))?;
    let data = page.items.iter().map(EventJson::of).collect::<Result<_, _>>()?;
    Ok(Json(List { data, next: query::next(&uri, page.next) }))
}

fn read(uri: &Uri) -> Result<(EventFilter, Option<EventId>, usize), Problem> {
    let faults = Faults::default();
    let mut query = query::read(uri, &SHAPE, &faults);
    let filter = read_filter(&mut query);
    let limit = query::limit(&mut query);
    let after = query::after(&mut query, uri, |text| text.parse().ok())?;
    faults.finish(Some((filter, after, limit)))
}

/// The filters of every list of events.
pub(super) fn read_filter(query: &mut Object<'_>) -> EventFilter {
    EventFilter {
        event_type: query.field("type").and_then(|field| field.parsed(EventType::parse)),
        since: query::time(query, "since"),
        until: query::time(query, "until"),
    }
}
