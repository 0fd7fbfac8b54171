//! What every handler works with.

use std::sync::Arc;

use postroad_domain::Clock;
use postroad_engine::{AdminKey, Engine};
use prometheus_client::registry::Registry;

use crate::{http_metrics::HttpMetrics, inspector::Inspector, metrics::MetricsKey};

/// Put together by the wiring, cloned into each request.
#[derive(Clone)]
pub struct ServerState {
    /// Does the work.
    pub engine: Arc<Engine>,
    /// The key that may do everything.
    pub admin_key: AdminKey,
    /// What `/metrics` shows: the wiring enters the engine's figures and [`HttpMetrics`].
    pub registry: Arc<Registry>,
    /// Opens `/metrics` and nothing else, besides the admin key.
    pub metrics_key: Option<MetricsKey>,
    /// Durations of requests.
    pub http_metrics: Arc<HttpMetrics>,
    /// Measures them.
    pub clock: Arc<dyn Clock>,
    /// The webhook tester; `None` where it is off.
    pub inspector: Option<Inspector>,
}
