//! `POST /v1/tenants/{tenant}/keys`

use axum::{Json, extract::State};
use http::StatusCode;
use postroad_domain::limits::REQUEST_BODY_BYTES_MAX;
use postroad_engine::Credential;
use serde::Serialize;
use utoipa::ToSchema;

use super::{KeyJson, settings};
use crate::{
    body::LimitedBody,
    caller::Operator,
    json,
    path::TenantPath,
    problem::{Problem, ProblemDocument, Refusals},
    state::ServerState,
};

/// A key that was made: shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedKey {
    #[serde(flatten)]
    facts: KeyJson,
    /// The key, for `Authorization: Bearer <key>`; of the kind `api`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = String)]
    key: Option<String>,
    /// Names the pair; of the kind `leadsquared`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = String)]
    access_key: Option<String>,
    /// Proves the pair; of the kind `leadsquared`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = String)]
    secret_key: Option<String>,
}

impl CreatedKey {
    fn of(facts: KeyJson, credential: Credential) -> Self {
        match credential {
            Credential::Key(key) => {
                Self { facts, key: Some(key.to_string()), access_key: None, secret_key: None }
            }
            Credential::Pair { access_key, secret_key } => Self {
                facts,
                key: None,
                access_key: Some(access_key.to_string()),
                secret_key: Some(secret_key.to_string()),
            },
        }
    }
}

/// Make a key of a tenant
///
/// The key is in this answer and nowhere else: only a hash of it is kept.
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/keys",
    tag = "keys",
    security(("key" = ["admin"])),
    params(TenantPath),
    request_body(content = settings::NewKeyBody, content_type = "application/json"),
    responses(
        (status = 201, description = "It is valid", body = CreatedKey),
        (status = 409, description = "The tenant has as many as it may have", body = ProblemDocument,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(super) async fn create_key(
    Operator { by }: Operator,
    State(state): State<ServerState>,
    TenantPath(tenant): TenantPath,
    LimitedBody(body): LimitedBody<REQUEST_BODY_BYTES_MAX>,
) -> Result<(StatusCode, Json<CreatedKey>), Problem> {
    let draft = settings::read(json::value(&body)?);
    let (key, credential) = state.engine.configuration().create_key(&by, &tenant, draft).await?;
    Ok((StatusCode::CREATED, Json(CreatedKey::of(KeyJson::of(&key), credential))))
}
