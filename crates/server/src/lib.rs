//! The HTTP server: routes, decoding, encoding. What happens is in `postroad_engine`.
//!
//! A handler decodes, calls one operation of the engine, encodes. One operation, one file: its doc comment is the text
//! of the API. What a caller sends is checked in `check`, which collects every fault of a body before it answers; every
//! refusal becomes a `problem`.
//!
//! **Invariants**
//! * Refused input changes nothing.
//! * An answer is decided by the type of an error, never by its text, and no inner text of a failure reaches a caller.
//! * Every route is in the OpenAPI document and every documented path is a route; only `/inspect/…` is in none, because it
//!   plays a receiver, and what is below `compat`, whose contract is its product's own.
//!
//! On purpose it knows no SQL, no sockets going out and no schedule.

mod body;
mod caller;
mod check;
mod compat;
mod envelope;
mod health;
mod home;
mod inspector;
mod json;
mod metrics;
mod observe;
mod openapi;
mod path;
mod precondition;
mod problem;
mod query;
mod router;
mod routes;
mod serve;
mod state;
mod v1;

pub use inspector::{INSPECT_PREFIX, Inspector, InspectorParts};
pub use metrics::{HttpMetrics, MetricsKey, metrics_router};
pub use router::router;
pub use routes::openapi;
pub use serve::{HeaderSpelling, Serving, serve};
pub use state::{ServerParts, ServerState};
