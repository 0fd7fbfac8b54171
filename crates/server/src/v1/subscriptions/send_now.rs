//! `POST /v1/tenants/{tenant}/subscriptions/{id}/send-now`

use axum::{Json, extract::State};
use postroad_domain::ids::SubscriptionKind;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    caller::{DeliveriesRetry, ObjectOf},
    path::{ObjectPath, TenantPath},
    problem::{Problem, ProblemDocument, Refusals},
    state::ServerState,
};

/// What was made due.
#[derive(Serialize, ToSchema)]
pub(super) struct SentNow {
    /// Deliveries that waited for their time, and are due now.
    count: u64,
}

/// Send now what waits
///
/// Makes due at once what waits for the subscription: for its delay, for the end of a group, or for its next attempt, in this
/// order. An open group is closed. It is sent as concurrency, rate limit and order allow; a pause after failures is over. Each delivery
/// keeps its schedule.
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/subscriptions/{id}/send-now",
    tag = "subscriptions",
    security(("key" = ["deliveries:retry"])),
    params(TenantPath, ObjectPath<SubscriptionKind>),
    responses(
        (status = 200, description = "It is due", body = SentNow),
        (status = 409, description = "The subscription is inactive", body = ProblemDocument,
         content_type = "application/problem+json"),
        (status = 429, description = "The tenant has too many such calls under way", body = ProblemDocument,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(super) async fn send_now(
    ObjectOf { tenant, id, by, .. }: ObjectOf<DeliveriesRetry, SubscriptionKind>,
    State(state): State<ServerState>,
) -> Result<Json<SentNow>, Problem> {
    let count = state.engine.sending().send_now(&by, &tenant, id).await?;
    Ok(Json(SentNow { count }))
}
