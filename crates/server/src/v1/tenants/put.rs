//! `PUT /v1/tenants/{tenant}`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use postroad_domain::{TenantId, limits::REQUEST_BODY_BYTES_MAX};

use super::{TenantJson, settings};
use crate::{
    body::LimitedBody,
    caller::Caller,
    json,
    path::TenantText,
    problem::{Problem, Refusals},
    state::ServerState,
};

/// Create or replace a tenant
///
/// What the body does not name is set to its default. The subscriptions of a tenant that is replaced stay.
#[utoipa::path(
    put,
    path = "/v1/tenants/{tenant}",
    tag = "tenants",
    params(("tenant" = String, Path, description = "Your own name for it: `[A-Za-z0-9][A-Za-z0-9_.-]{0,127}`")),
    request_body(content = settings::TenantSettings, content_type = "application/json"),
    responses(
        (status = 201, description = "It is new", body = TenantJson),
        (status = 200, description = "It was replaced", body = TenantJson),
        Refusals,
    ),
)]
pub(super) async fn put_tenant(
    _: Caller,
    State(state): State<ServerState>,
    TenantText(tenant): TenantText,
    LimitedBody(body): LimitedBody<REQUEST_BODY_BYTES_MAX>,
) -> Result<Response, Problem> {
    let id = TenantId::parse(&tenant).map_err(|why| Problem::invalid_field("tenant", why.to_string()))?;
    let spec = settings::read(json::value(&body)?, &state.engine)?;
    let profile = spec.profile.clone();
    let put = state.engine.put_tenant(id, spec).await;
    let (tenant, is_new) = put.map_err(|error| Problem::of_put_tenant(error, &profile))?;
    let location = [(header::LOCATION, format!("/v1/tenants/{}", tenant.id))];
    let tenant = Json(TenantJson::of(tenant, &state.engine));
    if is_new {
        return Ok((StatusCode::CREATED, location, tenant).into_response());
    }
    Ok(tenant.into_response())
}
