//! What is known of every request: how long it took, a line in the log for each that was answered with 500 and, at the level
//! `debug`, one for each and the span that all lines of a request stand in.
//!
//! **Invariant:** spans carry the route's template, never the path, a query or a header: they hold nothing secret.

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::{Method, StatusCode};
use tracing::Instrument;

use crate::{inspector::INSPECT_PREFIX, state::ServerState};

/// The route of a request that no route matched.
const NO_ROUTE: &str = "none";

/// Measures one request and gives its log lines their span.
pub(crate) async fn observe(State(state): State<ServerState>, request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
    let method = known_method(request.method());
    // Formatting a span costs as much as checking the key: only who asks for all of it pays.
    let span = tracing::debug_span!("request", method, route);
    let started = state.clock.monotonic();
    let response = next.run(request).instrument(span.clone()).await;
    let taken = state.clock.monotonic().saturating_sub(started);
    let status = response.status();
    if status == StatusCode::INTERNAL_SERVER_ERROR && !route.starts_with(INSPECT_PREFIX) {
        // Why was logged where it was met, which knows no route.
        tracing::warn!(parent: None, method, route, "a request was answered with 500");
    } else {
        tracing::debug!(parent: &span, status = status.as_u16(), "answered");
    }
    state.http_metrics.observe((route, method), status, taken);
    response
}

/// A client may invent methods without end; a label may not have values without end.
fn known_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
