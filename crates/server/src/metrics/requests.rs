//! How long requests take, by route, method and class of status.
//!
//! **Invariant:** labels carry the route's template, never the path, a query or a header: their number is bounded and they
//! hold nothing secret.

use std::time::Duration;

use http::StatusCode;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
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

    /// Notes one request.
    pub(crate) fn observe(
        &self,
        (route, method): (String, &'static str),
        status: StatusCode,
        taken: Duration,
    ) {
        let labels = RequestLabels { route, method, status: class_of(status) };
        self.seconds.get_or_create(&labels).observe(taken.as_secs_f64());
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
