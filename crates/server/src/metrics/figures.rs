//! `GET /metrics`, with a key beside the API and without one on a listener of its own.

use axum::{
    Router,
    extract::{FromRequestParts, State},
    response::{IntoResponse, Response},
};
use http::{HeaderName, header, request::Parts};
use prometheus_client::encoding::text::encode;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    caller::{self, Operator},
    problem::{Code, Problem, ProblemDocument},
    state::ServerState,
};

const OPENMETRICS: [(HeaderName, &str); 1] =
    [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")];

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new().routes(routes!(metrics))
}

/// The figures alone, without a key: for a listener that only collectors reach.
pub fn metrics_router(state: ServerState) -> Router {
    let figures = async |State(state): State<ServerState>| figures(&state).await;
    Router::new().route("/metrics", axum::routing::get(figures)).fallback(no_route).with_state(state)
}

async fn no_route() -> Problem {
    Problem::new(Code::NotFound, "There is only GET /metrics here.")
}

/// Somebody who may read the figures.
struct MetricsReader;

impl FromRequestParts<ServerState> for MetricsReader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ServerState) -> Result<Self, Problem> {
        let given = caller::given_key(parts)?;
        if state.metrics_key.as_ref().is_some_and(|key| key.matches(given)) {
            return Ok(Self);
        }
        Operator::from_request_parts(parts, state).await.map(|_| Self)
    }
}

/// The figures of this node
///
/// In the OpenMetrics text format. The key is the admin key or the one of `--metrics-key`; a listener of its own
/// (`--metrics-listen`) needs none.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operation",
    security(("key" = ["admin"])),
    responses(
        (status = 200, description = "The figures", body = String, content_type = "application/openmetrics-text"),
        (status = 401, description = "The key is missing or wrong", body = ProblemDocument,
         content_type = "application/problem+json"),
    ),
)]
async fn metrics(_: MetricsReader, State(state): State<ServerState>) -> Result<Response, Problem> {
    figures(&state).await
}

async fn figures(state: &ServerState) -> Result<Response, Problem> {
    state.engine.upkeep().name_tenants().await;
    state.engine.refresh_gauges();
    let mut text = String::new();
    encode(&mut text, &state.registry).map_err(|error| {
        tracing::error!(%error, "the figures could not be written");
        Problem::new(Code::Internal, "The figures could not be written. The server's log says why.")
    })?;
    Ok((OPENMETRICS, text).into_response())
}
