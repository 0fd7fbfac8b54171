//! `DELETE /v1/tenants/{tenant}/event-types/{name}`

use axum::extract::State;
use http::StatusCode;
use postroad_domain::EventType;

use crate::{
    caller::Operator,
    path::{EventTypeText, TenantPath},
    problem::{Problem, Refusals},
    state::ServerState,
};

/// Delete an event type that the tenant added
///
/// Events of it that were accepted stay and are sent.
#[utoipa::path(
    delete,
    path = "/v1/tenants/{tenant}/event-types/{name}",
    tag = "event types",
    security(("key" = ["admin"])),
    params(
        TenantPath,
        ("name" = String, Path, description = "The wire code; `/` as `%2F`"),
    ),
    responses((status = 204, description = "It is gone"), Refusals),
)]
pub(super) async fn delete_event_type(
    Operator { by }: Operator,
    State(state): State<ServerState>,
    TenantPath(tenant): TenantPath,
    EventTypeText(name): EventTypeText,
) -> Result<StatusCode, Problem> {
    let not_found = || Problem::not_found("event type");
    // A name that cannot be one was never added.
    let name = EventType::parse(&name).map_err(|_| not_found())?;
    let deleted = state.engine.configuration().delete_event_type(&by, &tenant, &name).await;
    if deleted.map_err(|error| Problem::of_lookup(error, "event type"))? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(not_found())
}
