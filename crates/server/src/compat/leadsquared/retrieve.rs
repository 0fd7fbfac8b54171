//! `POST /v2/Webhook.svc/Retrieve`

use axum::{Json, extract::State};
use postroad_domain::limits::REQUEST_BODY_BYTES_MAX;
use serde::Serialize;

use super::{account::Account, asked::Asked, refusal::Refusal, shown::Webhook};
use crate::{
    body::LimitedBody,
    caller::SubscriptionsRead,
    check::{Faults, read_body},
    json,
    problem::Problem,
    state::ServerState,
};

/// A page of webhooks, and how many there are in all.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Retrieved {
    record_count: usize,
    response: Vec<Webhook>,
}

/// The webhooks of the account that fit all that is asked for.
pub(super) async fn retrieve(
    account: Account<SubscriptionsRead>,
    State(state): State<ServerState>,
    body: Result<LimitedBody<REQUEST_BODY_BYTES_MAX>, Problem>,
) -> Result<Json<Retrieved>, Refusal> {
    let retrieved = retrieved(&account, &state, body).await;
    retrieved.map(Json).map_err(|problem| account.refuse(problem))
}

async fn retrieved(
    account: &Account<SubscriptionsRead>,
    state: &ServerState,
    body: Result<LimitedBody<REQUEST_BODY_BYTES_MAX>, Problem>,
) -> Result<Retrieved, Problem> {
    let profile = account.profile();
    let faults = Faults::default();
    let body = read_body(json::value(&body?.0)?, &faults);
    let asked = Asked::read(body, profile, &faults);
    let asked = faults.finish(Some(asked))?;
    let all = state.engine.configuration().subscriptions(&account.tenant).await;
    let mut found = all.map_err(|error| Problem::of_lookup(error, "webhook"))?;
    found.retain(|one| asked.fits(one, profile));
    found.sort_by(|one, other| asked.order(one, other));
    let shown = found[asked.page(found.len())].iter();
    let shown = shown.filter_map(|one| Some(Webhook::of(one, one.spec.push()?, profile, &account.rights)));
    Ok(Retrieved { record_count: found.len(), response: shown.collect() })
}
