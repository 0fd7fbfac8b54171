//! `POST /v2/Webhook.svc/Create`

use axum::{Json, extract::State};
use postroad_domain::{SubscriptionId, limits::REQUEST_BODY_BYTES_MAX};
use postroad_engine::{NewSubscription, PushDraft, SubscriptionDraft};

use super::{account::Account, refusal::Refusal, settings::WebhookBody, success::Success};
use crate::{
    body::LimitedBody,
    caller::SubscriptionsWrite,
    check::{Faults, read_body},
    json,
    problem::Problem,
    state::ServerState,
};

/// Creates a webhook.
pub(super) async fn create(
    account: Account<SubscriptionsWrite>,
    State(state): State<ServerState>,
    body: Result<LimitedBody<REQUEST_BODY_BYTES_MAX>, Problem>,
) -> Result<Json<Success>, Refusal> {
    let created = created(&account, &state, body).await;
    created.map(|id| Json(Success::of(id))).map_err(|problem| account.refuse(problem))
}

async fn created(
    account: &Account<SubscriptionsWrite>,
    state: &ServerState,
    body: Result<LimitedBody<REQUEST_BODY_BYTES_MAX>, Problem>,
) -> Result<SubscriptionId, Problem> {
    let faults = Faults::default();
    let body: WebhookBody = read_body(json::value(&body?.0)?, &faults);
    body.note_missing(account.profile(), &faults);
    body.note_properties(&faults);
    let draft = body.onto(SubscriptionDraft::to(PushDraft::default()), account.profile(), faults);
    let new = NewSubscription { draft, secret: None };
    let created = state.engine.configuration().create_subscription(&account.by, &account.tenant, new).await?;
    Ok(created.subscription.id)
}
