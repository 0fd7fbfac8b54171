//! Events: what happened in a tenant. This is the hot path: the data is never parsed, only carried.

mod batch;
mod batch_body;
pub(super) mod body_limit;
mod explain;
mod get;
pub(super) mod item;
mod list;
mod list_all;
mod publish;
mod trace;

use postroad_domain::Event;
use postroad_engine::Published;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    problem::{Code, Problem},
    state::ServerState,
};

/// The routes of this folder that read.
pub(crate) fn routes() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new()
        .routes(routes!(list::list_events))
        .routes(routes!(get::get_event))
        .routes(routes!(explain::explain_event))
        .routes(routes!(list_all::list_all_events))
}

/// The routes of this folder that publish.
pub(crate) fn publishing() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new().routes(routes!(publish::publish_event)).routes(routes!(batch::publish_batch))
}

/// A durable event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Accepted {
    /// Its id.
    id: String,
    /// The wire code of its type.
    #[serde(rename = "type")]
    type_: String,
    /// When it was accepted.
    #[schema(format = DateTime)]
    accepted_at: String,
    /// How many deliveries it was routed to; 0 when no subscription wants it: `GET …/events/{id}/explain` says why.
    deliveries: u32,
    /// The idempotency key was used before with the same bytes: this is the event of that time.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    duplicate: bool,
}

impl Accepted {
    fn of(published: Published) -> Self {
        Self {
            id: published.id.to_string(),
            type_: published.event_type.to_string(),
            accepted_at: published.accepted_at.to_string(),
            deliveries: published.deliveries,
            duplicate: published.duplicate,
        }
    }
}

/// An event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub(crate) struct EventJson {
    /// Its id, the same in every attempt.
    id: String,
    /// What happened.
    #[serde(rename = "type")]
    type_: String,
    /// When it was accepted.
    #[schema(format = DateTime)]
    accepted_at: String,
    /// When it happened, if the publisher said so.
    #[schema(format = DateTime)]
    occurred_at: Option<String>,
    /// Words that tag sets match.
    tags: Vec<String>,
    /// The attributes; null when none came.
    #[schema(value_type = Option<Object>)]
    attributes: Option<Box<RawValue>>,
    /// The data exactly as it came.
    #[schema(value_type = Value)]
    data: Box<RawValue>,
    /// How many deliveries it was routed to.
    deliveries: u32,
    /// It was made to test a subscription.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    test: bool,
}

impl EventJson {
    /// Errors: when the store gives back what is not the JSON that was put in.
    fn of(event: &Event) -> Result<Self, Problem> {
        let attributes = (!event.attributes.is_empty()).then(|| raw(&event.attributes)).transpose()?;
        Ok(Self {
            id: event.id.to_string(),
            type_: event.event_type.to_string(),
            accepted_at: event.accepted_at.to_string(),
            occurred_at: event.occurred_at.map(|moment| moment.to_string()),
            tags: event.tags.clone(),
            attributes,
            data: raw(&event.data)?,
            deliveries: event.deliveries,
            test: event.test,
        })
    }
}

fn raw(json: &[u8]) -> Result<Box<RawValue>, Problem> {
    serde_json::from_slice(json).map_err(|error| {
        tracing::error!(%error, "a stored event is not JSON");
        Problem::new(Code::Internal, "The event could not be read. The server's log says why.")
    })
}
