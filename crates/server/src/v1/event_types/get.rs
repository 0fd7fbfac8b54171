//! `GET /v1/tenants/{tenant}/event-types/{name}`

use axum::{Json, extract::State};

use super::TenantEventTypeJson;
use crate::{
    caller::{AnyScope, InTenant},
    path::{EventTypeText, TenantPath},
    problem::{Problem, Refusals},
    state::ServerState,
};

/// One event type that the tenant added
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/event-types/{name}",
    tag = "event types",
    params(
        TenantPath,
        ("name" = String, Path, description = "The wire code; `/` as `%2F`"),
    ),
    responses((status = 200, description = "The event type", body = TenantEventTypeJson), Refusals),
)]
pub(super) async fn get_event_type(
    InTenant { tenant, .. }: InTenant<AnyScope>,
    State(state): State<ServerState>,
    EventTypeText(name): EventTypeText,
) -> Result<Json<TenantEventTypeJson>, Problem> {
    let found = state.engine.configuration().event_type(&tenant, &name).await;
    let found = found.map_err(|error| Problem::of_lookup(error, "event type"))?;
    Ok(Json(TenantEventTypeJson::of(&found)?))
}
