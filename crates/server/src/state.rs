//! What every handler works with.

use std::{ops::Deref, sync::Arc};

use axum::extract::FromRef;
use postroad_domain::Clock;
use postroad_engine::{AdminKey, Engine};
use prometheus_client::registry::Registry;

use crate::{
    inspector::Inspector,
    metrics::{HttpMetrics, MetricsKey},
};

/// What the wiring puts together for the server.
pub struct ServerParts {
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

/// The same, shared by all requests: routing clones it several times for each, so a clone is one count and no more.
#[derive(Clone)]
pub struct ServerState(Arc<ServerParts>);

impl ServerState {
    /// The state of a server made of these parts.
    pub fn new(parts: ServerParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl FromRef<ServerState> for Option<Inspector> {
    fn from_ref(state: &ServerState) -> Self {
        state.inspector.clone()
    }
}

impl FromRef<ServerState> for Arc<dyn Clock> {
    fn from_ref(state: &ServerState) -> Self {
        Arc::clone(&state.clock)
    }
}

impl Deref for ServerState {
    type Target = ServerParts;

    fn deref(&self) -> &ServerParts {
        &self.0
    }
}
