//! `GET /v2/Webhook.svc/Delete?webhookId=…`

use axum::{Json, extract::State};
use http::Uri;
use postroad_domain::SubscriptionId;

use super::{
    account::{Account, parameter},
    refusal::Refusal,
    shown::{no_such_webhook, webhook_id},
    success::Success,
};
use crate::{caller::SubscriptionsWrite, problem::Problem, state::ServerState};

const WEBHOOK_ID: &str = "webhookId";

/// Deletes a webhook.
pub(super) async fn delete(
    account: Account<SubscriptionsWrite>,
    State(state): State<ServerState>,
    uri: Uri,
) -> Result<Json<Success>, Refusal> {
    let deleted = deleted(&account, &state, &uri).await;
    deleted.map(|id| Json(Success::of(id))).map_err(|problem| account.refuse(problem))
}

async fn deleted(
    account: &Account<SubscriptionsWrite>,
    state: &ServerState,
    uri: &Uri,
) -> Result<SubscriptionId, Problem> {
    let Some(id) = parameter(uri, WEBHOOK_ID) else {
        return Err(Problem::invalid_field(WEBHOOK_ID, "must stand in the query, once"));
    };
    let id = webhook_id(&id).map_err(|why| Problem::invalid_field(WEBHOOK_ID, why.to_string()))?;
    let deleted = state.engine.configuration().delete_subscription(&account.by, &account.tenant, id).await;
    let deleted = deleted.map_err(|error| Problem::of_lookup(error, "webhook"))?;
    if deleted { Ok(id) } else { Err(no_such_webhook(WEBHOOK_ID)) }
}
