//! Deliveries: events on their way to push subscriptions.

mod attempt;
mod cancel;
mod get;
mod list;
mod list_all;
mod retry;

use postroad_domain::{Reason, Scope, delivery::Delivery};
use postroad_engine::DeliveryView;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::attempt::AttemptJson;
use crate::{caller::Rights, state::ServerState};

/// The routes of this folder.
pub(crate) fn routes() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new()
        .routes(routes!(list::list_deliveries))
        .routes(routes!(get::get_delivery))
        .routes(routes!(list_all::list_all_deliveries))
        .routes(routes!(retry::retry_delivery))
        .routes(routes!(cancel::cancel_delivery))
}

/// A delivery.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub(crate) struct DeliveryJson {
    /// Its id.
    id: String,
    /// Where it goes.
    subscription: String,
    /// The events it carries.
    events: Vec<String>,
    /// Their type.
    #[serde(rename = "type")]
    type_: String,
    /// `queued`, `delivering`, `succeeded`, `failed` or `cancelled`.
    status: &'static str,
    /// Why it failed or was cancelled: `exhausted`, `expired`, `backlog_full`, `paused`, `deleted`, `script`,
    /// `dropped_by_script` or `operator`.
    reason: Option<&'static str>,
    /// Attempts made so far.
    attempts_made: u32,
    /// When it was created.
    #[schema(format = DateTime)]
    created_at: String,
    /// The earliest moment of the next attempt, while it waits; what holds its subscription back may delay it.
    #[schema(format = DateTime)]
    due_at: Option<String>,
    /// When it ended.
    #[schema(format = DateTime)]
    finished_at: Option<String>,
    /// It was sent to test its subscription.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    test: bool,
}

/// A delivery with all its attempts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryWithAttempts {
    #[serde(flatten)]
    delivery: DeliveryJson,
    /// First to last.
    attempts: Vec<AttemptJson>,
}

/// A delivery that was changed, with as much of it as the key may read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangedDelivery {
    #[serde(flatten)]
    delivery: DeliveryJson,
    /// First to last; only for a key with `deliveries:read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = Vec<AttemptJson>)]
    attempts: Option<Vec<AttemptJson>>,
}

impl DeliveryJson {
    fn of(delivery: &Delivery) -> Self {
        Self {
            id: delivery.id.to_string(),
            subscription: delivery.subscription.to_string(),
            events: delivery.events.iter().map(ToString::to_string).collect(),
            type_: delivery.event_type.to_string(),
            status: delivery.status.as_str(),
            reason: delivery.reason.map(Reason::as_str),
            attempts_made: delivery.attempts,
            created_at: delivery.created_at.to_string(),
            due_at: delivery.due_at.map(|moment| moment.to_string()),
            finished_at: delivery.finished_at.map(|moment| moment.to_string()),
            test: delivery.test,
        }
    }
}

impl DeliveryWithAttempts {
    /// As a caller with these rights sees it: customers put keys into the queries of their URLs, so whoever may not read
    /// subscriptions sees no value there.
    pub(super) fn of(view: &DeliveryView, rights: &Rights) -> Self {
        Self { delivery: DeliveryJson::of(&view.delivery), attempts: attempts_of(view, rights) }
    }
}

impl ChangedDelivery {
    /// As a caller with these rights sees it: what was sent and answered is for those who may read deliveries.
    fn of(view: &DeliveryView, rights: &Rights) -> Self {
        let may_read = rights.may(Scope::DeliveriesRead);
        let attempts = may_read.then(|| attempts_of(view, rights));
        Self { delivery: DeliveryJson::of(&view.delivery), attempts }
    }
}

fn attempts_of(view: &DeliveryView, rights: &Rights) -> Vec<AttemptJson> {
    let (body, shows_queries) = (view.body.as_deref(), rights.may(Scope::SubscriptionsRead));
    view.attempts.iter().map(|attempt| AttemptJson::of(attempt, body, shows_queries)).collect()
}
