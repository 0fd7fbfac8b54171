//! `POST /v1/tenants/{tenant}/subscriptions`

use axum::{Json, extract::State, response::IntoResponse};
use http::{StatusCode, header};
use postroad_domain::limits::REQUEST_BODY_BYTES_MAX;
use postroad_engine::NewSubscription;
use serde::Serialize;
use utoipa::ToSchema;

use super::{SubscriptionJson, etag, settings};
use crate::{
    body::LimitedBody,
    caller::Caller,
    check::Faults,
    json,
    path::TenantPath,
    problem::{Problem, ProblemDocument, Refusals},
    state::ServerState,
};

/// A subscription to create.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the OpenAPI document only; `settings::read` reads the values")]
#[schema(as = NewSubscription)]
struct NewSubscriptionBody {
    #[schema(inline)]
    #[serde(flatten)]
    settings: settings::SubscriptionSettings,
    /// Your own secret: `whsec_…`, or `whsk_…` for ed25519; by default a fresh one is made.
    secret: Option<String>,
}

/// A subscription with its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedSubscription {
    #[serde(flatten)]
    subscription: SubscriptionJson,
    /// What requests are signed with.
    secret: String,
    /// What receivers verify with, where they need only that (ed25519).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    public_key: Option<String>,
}

/// Create a subscription
///
/// The secret is in the answer. A URL that leads to an address that must not be called is refused.
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/subscriptions",
    tag = "subscriptions",
    params(("tenant" = String, Path, description = "The tenant's id")),
    request_body(content = NewSubscriptionBody, content_type = "application/json"),
    responses(
        (status = 201, description = "It is active; `Location` names it", body = CreatedSubscription),
        (status = 409, description = "The tenant has as many as it may have", body = ProblemDocument,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(super) async fn create_subscription(
    _: Caller,
    State(state): State<ServerState>,
    TenantPath(tenant): TenantPath,
    LimitedBody(body): LimitedBody<REQUEST_BODY_BYTES_MAX>,
) -> Result<impl IntoResponse, Problem> {
    let faults = Faults::default();
    let read = settings::read(json::value(&body)?, &faults);
    let (spec, secret) = faults.finish(read)?;
    let created = state.engine.create_subscription(&tenant, NewSubscription { spec, secret }).await?;
    let subscription = SubscriptionJson::of(&tenant, &created.subscription);
    let location = format!("/v1/tenants/{tenant}/subscriptions/{}", subscription.id);
    let answer = CreatedSubscription {
        subscription,
        secret: created.secret.secret.to_string(),
        public_key: created.secret.public_key,
    };
    let headers = ([(header::LOCATION, location)], etag(&created.subscription));
    Ok((StatusCode::CREATED, headers.0, headers.1, Json(answer)))
}
