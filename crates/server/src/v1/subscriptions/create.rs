//! `POST /v1/tenants/{tenant}/subscriptions`

use axum::{Json, extract::State, response::IntoResponse};
use http::{StatusCode, header};
use postroad_domain::limits::REQUEST_BODY_BYTES_MAX;
use postroad_engine::NewSubscription;
use postroad_profile::Profile;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{SubscriptionFacts, etag, secret::Secret, settings::SubscriptionSettings};
use crate::{
    body::LimitedBody,
    caller::{InTenant, SubscriptionsWrite},
    check::{Faults, body, read_body},
    json,
    path::TenantPath,
    problem::{Problem, ProblemDocument, Refusals},
    state::ServerState,
};

body! {
    /// A subscription to create.
    #[derive(ToSchema)]
    #[schema(as = NewSubscription)]
    pub(super) struct NewSubscriptionBody of settings: SubscriptionSettings {
        /// Your own secret, where the profile lets you give one; by default a fresh one is made, or none where the profile's
        /// are optional.
        secret: Option<String>,
    }
}

/// A subscription with its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedSubscription {
    #[serde(flatten)]
    subscription: SubscriptionFacts,
    #[serde(flatten)]
    secret: Secret,
}

/// Create a subscription
///
/// The secret is in the answer. A URL that leads to an address that must not be called is refused, and so is what the
/// tenant's profile does not allow. Where the profile has handshakes that must pass first, it is `unverified` until they have: they
/// are made behind the answer.
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/subscriptions",
    tag = "subscriptions",
    security(("key" = ["subscriptions:write"])),
    params(TenantPath),
    request_body(content = NewSubscriptionBody, content_type = "application/json"),
    responses(
        (status = 201, description = "It is there; `Location` names it", body = CreatedSubscription),
        (status = 409, description = "The tenant has as many as it may have", body = ProblemDocument,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(super) async fn create_subscription(
    InTenant { tenant, by, rights, .. }: InTenant<SubscriptionsWrite>,
    State(state): State<ServerState>,
    LimitedBody(body): LimitedBody<REQUEST_BODY_BYTES_MAX>,
) -> Result<impl IntoResponse, Problem> {
    let body = json::value(&body)?;
    let loaded = state.engine.configuration().profile_of(&tenant).await;
    let loaded = loaded.map_err(|error| Problem::of_lookup(error, "tenant"))?;
    let new = read(body, &loaded.profile);
    let created = state.engine.configuration().create_subscription(&by, &tenant, new).await?;
    let subscription = SubscriptionFacts::of(&tenant, &created.subscription, &loaded.profile, &rights);
    let location = format!("/v1/tenants/{tenant}/subscriptions/{}", subscription.id);
    let answer = CreatedSubscription { subscription, secret: Secret::of(created.secret) };
    let headers = ([(header::LOCATION, location)], etag(&created.subscription));
    Ok((StatusCode::CREATED, headers.0, headers.1, Json(answer)))
}

fn read(body: Value, profile: &Profile) -> NewSubscription {
    let faults = Faults::default();
    let NewSubscriptionBody { settings, secret } = read_body(body, &faults);
    NewSubscription { draft: settings.into_draft(profile, faults), secret }
}
