//! `POST /v1/tenants/{tenant}/subscriptions/{id}/secret/rotate`

use axum::{Json, extract::State};
use postroad_domain::{
    ids::SubscriptionKind,
    limits::{REQUEST_BODY_BYTES_MAX, ROTATION_GRACE},
};
use postroad_engine::Rotation;
use utoipa::ToSchema;

use super::secret::Secret;
use crate::{
    body::LimitedBody,
    caller::{ObjectOf, SubscriptionsWrite},
    check::{Faults, body, parse_duration, read_body},
    json,
    path::{ObjectPath, TenantPath},
    problem::{Problem, ProblemDocument, Refusals},
    state::ServerState,
};

body! {
    /// How to rotate.
    #[derive(ToSchema)]
    #[schema(as = Rotation)]
    struct RotationBody {
        /// How long the old secret still signs beside the new one, up to 7d. By default 24h where the profile's receivers
        /// can take two signatures, and else 0s, which is all that it allows.
        grace: Option<String>,
        /// Your own secret, where the profile lets you give one; by default a fresh one is made.
        secret: Option<String>,
    }
}

/// Change the secret
///
/// Until the grace is over requests carry a signature of each, so that receivers can change over without a gap. A profile
/// with one signature has no grace: new deliveries are signed with the new secret at once, and what waits keeps its bytes.
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/subscriptions/{id}/secret/rotate",
    tag = "subscriptions",
    security(("key" = ["subscriptions:write"])),
    params(TenantPath, ObjectPath<SubscriptionKind>),
    request_body(content = Option<RotationBody>, content_type = "application/json"),
    responses(
        (status = 200, description = "The new secret", body = Secret),
        (status = 409, description = "Too many secrets sign already", body = ProblemDocument,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(super) async fn rotate_secret(
    ObjectOf { tenant, id, by, .. }: ObjectOf<SubscriptionsWrite, SubscriptionKind>,
    State(state): State<ServerState>,
    LimitedBody(body): LimitedBody<REQUEST_BODY_BYTES_MAX>,
) -> Result<Json<Secret>, Problem> {
    let rotation = read(&body)?;
    let view = state.engine.configuration().rotate_secret(&by, &tenant, id, rotation).await?;
    Ok(Json(Secret::of(Some(view))))
}

/// No body is the same as an empty object.
fn read(body: &[u8]) -> Result<Rotation, Problem> {
    let body = json::value(if body.is_empty() { b"{}" } else { body })?;
    let faults = Faults::default();
    let RotationBody { grace, secret } = read_body(body, &faults);
    let grace = grace.and_then(|text| faults.check("grace", parse_duration(&text, ROTATION_GRACE)));
    faults.finish(Some(Rotation { grace, secret }))
}
