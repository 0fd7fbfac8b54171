//! `GET /v1/tenants/{tenant}/replays/{id}`

use axum::{Json, extract::State};
use postroad_domain::ids::ReplayKind;

use super::ReplayJson;
use crate::{
    caller::{DeliveriesRead, ObjectOf},
    path::{ObjectPath, TenantPath},
    problem::{Problem, Refusals},
    state::ServerState,
};

/// One replay, with how far it has come
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/replays/{id}",
    tag = "replays",
    security(("key" = ["deliveries:read"])),
    params(TenantPath, ObjectPath<ReplayKind>),
    responses((status = 200, description = "The replay", body = ReplayJson), Refusals),
)]
pub(super) async fn get_replay(
    ObjectOf { tenant, id, .. }: ObjectOf<DeliveriesRead, ReplayKind>,
    State(state): State<ServerState>,
) -> Result<Json<ReplayJson>, Problem> {
    let replay = state.engine.history().replay(&tenant, id).await;
    Ok(Json(ReplayJson::of(&replay.map_err(|error| Problem::of_lookup(error, "replay"))?)))
}
