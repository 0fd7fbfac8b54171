//! Event types that a tenant adds to its profile's catalogue.
//!
//! **Invariant:** an example and a schema stay byte for byte what came.

mod delete;
mod get;
mod list;
mod put;
mod settings;

use postroad_domain::RegisteredType;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::settings::EventTypeSettings;
use crate::{problem::Problem, state::ServerState};

/// The routes of this folder.
pub(crate) fn routes() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new().routes(routes!(list::list_event_types)).routes(routes!(
        put::put_event_type,
        get::get_event_type,
        delete::delete_event_type
    ))
}

/// An event type that a tenant added to its profile's.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TenantEventType)]
pub(crate) struct TenantEventTypeJson {
    /// The wire code.
    name: String,
    #[serde(flatten)]
    settings: EventTypeSettings,
}

impl TenantEventTypeJson {
    /// Errors: when the store gives back what is not the JSON that was put in.
    fn of(registered: &RegisteredType) -> Result<Self, Problem> {
        Ok(Self { name: registered.name.to_string(), settings: EventTypeSettings::of(registered)? })
    }
}
