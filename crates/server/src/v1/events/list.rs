//! `GET /v1/tenants/{tenant}/events`

use axum::{Json, extract::State};
use postroad_domain::{EventId, EventType, Timestamp};
use postroad_engine::EventFilter;

use super::EventJson;
use crate::{
    caller::{DeliveriesRead, InTenant},
    path::TenantPath,
    problem::{Problem, Refusals},
    query::{Asked, List, PageParams, filters},
    state::ServerState,
};

filters! {
    /// The filters of every list of events.
    pub(super) struct EventFilters {
        /// Only of this type
        r#type: EventType,
        /// Only accepted at this time (RFC 3339) or later
        since: Timestamp,
        /// Only accepted before this time (RFC 3339)
        until: Timestamp,
    }
}

impl From<EventFilters> for EventFilter {
    fn from(EventFilters { r#type, since, until }: EventFilters) -> Self {
        Self { event_type: r#type, since, until }
    }
}

/// Events, newest first
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/events",
    tag = "events",
    security(("key" = ["deliveries:read"])),
    params(TenantPath, EventFilters, PageParams),
    responses((status = 200, description = "A page", body = List<EventJson>), Refusals),
)]
pub(super) async fn list_events(
    InTenant { tenant, .. }: InTenant<DeliveriesRead>,
    State(state): State<ServerState>,
    asked: Asked<EventFilters, EventId>,
) -> Result<Json<List<EventJson>>, Problem> {
    let page =
        state.engine.history().list_events(&tenant, asked.filter.into(), asked.after, asked.limit).await;
    let page = page.map_err(|error| Problem::of_lookup(error, "event"))?;
    let data = page.items.iter().map(EventJson::of).collect::<Result<_, _>>()?;
    Ok(asked.of.page(data, page.next))
}
