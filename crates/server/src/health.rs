//! Whether this process lives and whether it can take work: for balancers and supervisors, without a key.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    problem::{Code, Problem, ProblemDocument},
    state::ServerState,
};

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new().routes(routes!(live)).routes(routes!(ready))
}

/// The condition of a node.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `live` or `ready`.
    status: &'static str,
}

/// Whether the process lives
///
/// Says nothing about the store: a process that waits for its store must not be killed for it.
#[utoipa::path(get, path = "/health/live", tag = "operation", security(()), responses((status = 200, description = "It lives", body = Health)))]
async fn live() -> Json<Health> {
    Json(Health { status: "live" })
}

/// Whether the node can take work
///
/// 503 while the store cannot take a write, and from the moment the node begins to stop.
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "operation",
    security(()),
    responses(
        (status = 200, description = "It can", body = Health),
        (status = 503, description = "The store cannot take a write now, or the node is stopping",
         body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
async fn ready(State(state): State<ServerState>) -> Result<Json<Health>, Problem> {
    if state.engine.is_ready() {
        return Ok(Json(Health { status: "ready" }));
    }
    Err(Problem::new(Code::NotReady, "The store cannot take a write now, or the node is stopping."))
}
