//! `POST /v1/tenants/{tenant}/subscriptions/{id}/verify`

use axum::{Json, extract::State, response::IntoResponse};
use postroad_domain::ids::SubscriptionKind;

use super::{SubscriptionJson, etag};
use crate::{
    caller::{ObjectOf, SubscriptionsWrite},
    path::{ObjectPath, TenantPath},
    problem::{Problem, ProblemDocument, Refusals},
    state::ServerState,
};

/// Try the receiver now
///
/// Makes the handshakes of the profile that apply to the subscription, whatever they are made on else, waits for what they come to and
/// answers the subscription with its `verification`. One that is `unverified` becomes active when those that must pass have passed,
/// and what was held goes out; one that is active stays so. Each stands in the log as a delivery of the type `postroad.handshake`
/// with `test`.
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/subscriptions/{id}/verify",
    tag = "subscriptions",
    security(("key" = ["subscriptions:write"])),
    params(TenantPath, ObjectPath<SubscriptionKind>),
    responses(
        (status = 200, description = "As it is now", body = SubscriptionJson),
        (status = 409, description = "The profile has no handshake for it", body = ProblemDocument,
         content_type = "application/problem+json"),
        (status = 429, description = "The tenant has too many tests under way", body = ProblemDocument,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(super) async fn verify_subscription(
    ObjectOf { tenant, id, by, rights, .. }: ObjectOf<SubscriptionsWrite, SubscriptionKind>,
    State(state): State<ServerState>,
) -> Result<impl IntoResponse, Problem> {
    let verified = state.engine.sending().verify_subscription(&by, &tenant, id).await?;
    let loaded = state.engine.configuration().profile_of(&tenant).await;
    let loaded = loaded.map_err(|error| Problem::of_lookup(error, "subscription"))?;
    Ok((etag(&verified), Json(SubscriptionJson::of(&tenant, &verified, &loaded.profile, &rights))))
}
