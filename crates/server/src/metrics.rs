//! The figures of this node, for Prometheus.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderName, header};
use prometheus_client::encoding::text::encode;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    problem::{Code, Problem},
    state::ServerState,
};

const OPENMETRICS: [(HeaderName, &str); 1] =
    [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")];

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new().routes(routes!(metrics))
}

/// The figures of this node
///
/// In the OpenMetrics text format.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operation",
    security(()),
    responses((status = 200, body = String, content_type = "application/openmetrics-text")),
)]
async fn metrics(State(state): State<ServerState>) -> Result<Response, Problem> {
    state.engine.refresh_gauges();
    let mut text = String::new();
    encode(&mut text, &state.registry).map_err(|error| {
        tracing::error!(%error, "the figures could not be written");
        Problem::new(Code::Internal, "The figures could not be written. The server's log says why.")
    })?;
    Ok((OPENMETRICS, text).into_response())
}
