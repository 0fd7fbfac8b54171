//! How long requests take, by route, method and class of status; and what the log knows of them: a line for each that
//! was answered with 500 and, at the level `debug`, one for each and the span that all lines of a request stand in.
//!
//! **Invariant:** labels and spans carry the route's template, never the path, a query or a header: their number is
//! bounded and they hold nothing secret.

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::{Method, StatusCode};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use tracing::Instrument;

use crate::{inspector::INSPECT_PREFIX, state::ServerState};

/// The route of a request that no route matched.
const NO_ROUTE: &str = "none";

/// The labels of one histogram.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    method: &'static str,
    status: &'static str,
}

/// Durations of requests.
pub struct HttpMetrics {
    seconds: Family<RequestLabels, Histogram>,
}

impl HttpMetrics {
    /// Nothing measured yet.
    #[expect(clippy::new_without_default, reason = "made once, by the wiring")]
    pub fn new() -> Self {
        // From 0.1 ms to 26 s, each bound four times the one before.
        let histogram: fn() -> Histogram = || Histogram::new(exponential_buckets(0.000_1, 4.0, 10));
        Self { seconds: Family::new_with_constructor(histogram) }
    }

    /// Enters the durations into a registry.
    pub fn register(&self, registry: &mut Registry) {
        let help = "Duration of a request, from its head to the head of the answer";
        registry.register_with_unit("http_request", help, Unit::Seconds, self.seconds.clone());
    }
}

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
    let labels = RequestLabels { route, method, status: class_of(status) };
    state.http_metrics.seconds.get_or_create(&labels).observe(taken.as_secs_f64());
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

fn class_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}
