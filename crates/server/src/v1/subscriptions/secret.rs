//! `GET /v1/tenants/{tenant}/subscriptions/{id}/secret`

use axum::{Json, extract::State};
use postroad_domain::ids::SubscriptionKind;
use postroad_engine::SecretView;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    caller::{ObjectOf, SubscriptionsWrite},
    path::{ObjectPath, TenantPath},
    problem::{Problem, Refusals},
    state::ServerState,
};

/// A subscription's current secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct Secret {
    /// What requests are signed with; null where there is none.
    secret: Option<String>,
    /// What receivers verify with, where they need only that (ed25519).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = String)]
    public_key: Option<String>,
}

impl Secret {
    /// As it is shown. `None`: the profile does not sign, or its secrets are optional and none was given.
    pub(super) fn of(view: Option<SecretView>) -> Self {
        let Some(view) = view else { return Self { secret: None, public_key: None } };
        Self { secret: Some(view.secret.to_string()), public_key: view.public_key }
    }
}

/// The current secret
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/subscriptions/{id}/secret",
    tag = "subscriptions",
    security(("key" = ["subscriptions:write"])),
    params(TenantPath, ObjectPath<SubscriptionKind>),
    responses((status = 200, description = "The secret", body = Secret), Refusals),
)]
pub(super) async fn get_secret(
    ObjectOf { tenant, id, by, .. }: ObjectOf<SubscriptionsWrite, SubscriptionKind>,
    State(state): State<ServerState>,
) -> Result<Json<Secret>, Problem> {
    let view = state.engine.configuration().secret(&by, &tenant, id).await;
    let view = view.map_err(|error| Problem::of_lookup(error, "subscription"))??;
    Ok(Json(Secret::of(view)))
}
