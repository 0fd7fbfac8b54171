//! The REST API, version 1: one folder for each kind of object, one file for each operation.

mod audit;
mod deliveries;
mod event_types;
mod events;
mod keys;
pub(crate) mod options;
mod profiles;
mod rate_limit;
mod replays;
mod subscriptions;
mod tenants;

use utoipa_axum::router::OpenApiRouter;

use crate::state::ServerState;

/// The routes of this version that publish events.
pub(crate) fn publishing() -> OpenApiRouter<ServerState> {
    events::publishing()
}

/// All others.
pub(crate) fn routes() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new()
        .merge(tenants::routes())
        .merge(events::routes())
        .merge(subscriptions::routes())
        .merge(deliveries::routes())
        .merge(replays::routes())
        .merge(profiles::routes())
        .merge(event_types::routes())
        .merge(keys::routes())
        .merge(audit::routes())
}
