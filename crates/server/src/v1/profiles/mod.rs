//! Profiles: the wire formats that tenants' receivers expect.

mod get;
mod list;
mod standard;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::state::ServerState;

/// The routes of this folder.
pub(crate) fn routes() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new().routes(routes!(list::list_profiles)).routes(routes!(get::get_profile))
}

/// The wire contract of one product.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Profile)]
pub(crate) struct ProfileJson {
    /// What a tenant names.
    name: String,
    /// The name people see.
    title: String,
    /// The catalogue; empty where every type is allowed.
    event_types: Vec<EventTypeJson>,
    /// What a subscription gets that sets nothing of its own.
    policy: PolicyJson,
    /// A JSON Schema of a subscription's `options`.
    #[schema(value_type = Object)]
    option_schema: Value,
}

/// A type of events.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventType)]
pub(crate) struct EventTypeJson {
    /// The wire code.
    name: String,
    /// The name people see.
    title: Option<String>,
    /// Where it stands in the catalogue.
    group: Option<String>,
    /// When it happens.
    description: Option<String>,
    /// Data as it may come.
    example: Option<Value>,
}

/// How deliveries are tried.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Policy)]
pub(crate) struct PolicyJson {
    /// The retry schedule.
    retry: PolicyRetry,
    /// The deadline of an exchange.
    timeout: String,
    /// The statuses that are success.
    success: String,
    /// Exchanges of one subscription under way at a time.
    concurrency: u32,
}

/// A retry schedule.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolicyRetry {
    /// Attempts, the first included.
    attempts: u32,
    /// The gap after the first, second, … failed attempt; the last one repeats.
    backoff: Vec<String>,
    /// Each gap is lengthened by up to this share of itself, in percent.
    jitter_percent: u32,
}
