//! `DELETE /v1/tenants/{tenant}/replays/{id}`

use axum::{Json, extract::State};
use postroad_domain::ids::ReplayKind;

use super::ReplayJson;
use crate::{
    caller::{DeliveriesRetry, ObjectOf},
    path::{ObjectPath, TenantPath},
    problem::{Problem, ProblemDocument, Refusals},
    state::ServerState,
};

/// Call a replay off
///
/// It queues nothing more; what it has queued goes out. It can still be read.
#[utoipa::path(
    delete,
    path = "/v1/tenants/{tenant}/replays/{id}",
    tag = "replays",
    security(("key" = ["deliveries:retry"])),
    params(TenantPath, ObjectPath<ReplayKind>),
    responses(
        (status = 200, description = "The replay, cancelled", body = ReplayJson),
        (status = 409, description = "It has ended already", body = ProblemDocument,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(super) async fn cancel_replay(
    ObjectOf { tenant, id, by, .. }: ObjectOf<DeliveriesRetry, ReplayKind>,
    State(state): State<ServerState>,
) -> Result<Json<ReplayJson>, Problem> {
    let replay = state.engine.history().cancel_replay(&by, &tenant, id).await?;
    Ok(Json(ReplayJson::of(&replay)))
}
