//! `GET /v1/tenants/{tenant}/events/{id}`

use axum::{Json, extract::State};
use postroad_domain::ids::EventKind;

use super::EventJson;
use crate::{
    caller::{DeliveriesRead, ObjectOf},
    path::{ObjectPath, TenantPath},
    problem::{Problem, Refusals},
    state::ServerState,
};

/// One event
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/events/{id}",
    tag = "events",
    security(("key" = ["deliveries:read"])),
    params(TenantPath, ObjectPath<EventKind>),
    responses((status = 200, description = "The event", body = EventJson), Refusals),
)]
pub(super) async fn get_event(
    ObjectOf { tenant, id, .. }: ObjectOf<DeliveriesRead, EventKind>,
    State(state): State<ServerState>,
) -> Result<Json<EventJson>, Problem> {
    let event = state.engine.history().event(&tenant, id).await;
    let event = event.map_err(|error| Problem::of_lookup(error, "event"))?;
    Ok(Json(EventJson::of(&event)?))
}
