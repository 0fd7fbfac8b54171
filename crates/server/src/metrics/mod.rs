//! The figures of this node, for Prometheus.
//!
//! **Invariant:** on the listener of the API they need a key: the admin's, or one that opens nothing else. On a listener of
//! their own they need none, and nothing else is there.

mod figures;
mod key;
mod requests;

pub(crate) use self::figures::routes;
pub use self::{figures::metrics_router, key::MetricsKey, requests::HttpMetrics};
