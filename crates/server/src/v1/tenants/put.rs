//! `PUT /v1/tenants/{tenant}`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use postroad_domain::{Tenant, TenantId, limits::REQUEST_BODY_BYTES_MAX};

use super::{TenantJson, etag, settings, tag_of};
use crate::{
    body::LimitedBody,
    caller::Operator,
    json,
    path::TenantText,
    precondition::IfMatch,
    problem::{Problem, ProblemDocument, Refusals},
    state::ServerState,
};

/// Create or replace a tenant
///
/// What the body does not name is set to its default. The subscriptions of a tenant that is replaced stay. One that is set to
/// what it is already stays as it is. With `If-Match` it is replaced only if it has that `ETag` still.
#[utoipa::path(
    put,
    path = "/v1/tenants/{tenant}",
    tag = "tenants",
    security(("key" = ["admin"])),
    params(
        ("tenant" = String, Path, description = "Your own name for it: `[A-Za-z0-9][A-Za-z0-9_.-]{0,127}`"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that it must have still, or `*`"),
    ),
    request_body(content = settings::TenantSettings, content_type = "application/json"),
    responses(
        (status = 201, description = "It is new", body = TenantJson),
        (status = 200, description = "It was replaced", body = TenantJson),
        (status = 409, description = "It has subscriptions, and the profile would be another", body = ProblemDocument,
         content_type = "application/problem+json"),
        (status = 412, description = "It is not any more what `If-Match` names", body = ProblemDocument,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(super) async fn put_tenant(
    Operator { by }: Operator,
    State(state): State<ServerState>,
    TenantText(tenant): TenantText,
    if_match: IfMatch,
    LimitedBody(body): LimitedBody<REQUEST_BODY_BYTES_MAX>,
) -> Result<Response, Problem> {
    let id = TenantId::parse(&tenant).map_err(|why| Problem::invalid_field("tenant", why.to_string()))?;
    let draft = settings::read(json::value(&body)?, &state.engine);
    let profile = draft.profile.clone();
    let is_expected = |now: Option<&Tenant>| if_match.holds(now.map(tag_of).as_deref());
    let put = state.engine.configuration().put_tenant_if(&by, id, draft, is_expected).await;
    let (tenant, is_new) = put.map_err(|error| Problem::of_put_tenant(error, &profile))?;
    let location = [(header::LOCATION, format!("/v1/tenants/{}", tenant.id))];
    let answer = (etag(&tenant), Json(TenantJson::of(tenant, &state.engine)));
    if is_new {
        return Ok((StatusCode::CREATED, location, answer.0, answer.1).into_response());
    }
    Ok(answer.into_response())
}
