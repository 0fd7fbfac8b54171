//! The REST API, version 1: one folder for each kind of object, one file for each operation.

mod deliveries;
mod event_types;
mod events;
mod options;
mod profiles;
mod subscriptions;
mod tenants;

use utoipa_axum::router::OpenApiRouter;

use crate::state::ServerState;

/// The routes of this version.
pub(crate) fn routes() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new()
        .merge(tenants::routes())
        .merge(events::routes())
        .merge(subscriptions::routes())
        .merge(deliveries::routes())
        .merge(profiles::routes())
        .merge(event_types::routes())
}
