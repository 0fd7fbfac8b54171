//! `PUT /v1/tenants/{tenant}/event-types/{name}`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use postroad_domain::{EventType, TenantId, limits::REQUEST_BODY_BYTES_MAX};

use super::{TenantEventTypeJson, settings};
use crate::{
    body::LimitedBody,
    caller::Operator,
    json,
    path::{EventTypeText, TenantPath},
    problem::{Problem, ProblemDocument, Refusals},
    state::ServerState,
};

/// Add or replace an event type of the tenant
///
/// What the body does not name is set to its default. With a schema, the data of each event of this type is checked when
/// it is published.
#[utoipa::path(
    put,
    path = "/v1/tenants/{tenant}/event-types/{name}",
    tag = "event types",
    security(("key" = ["admin"])),
    params(
        TenantPath,
        ("name" = String, Path, description = "The wire code: letters, digits and `_.-/:`; `/` as `%2F`"),
    ),
    request_body(content = settings::EventTypeSettings, content_type = "application/json"),
    responses(
        (status = 201, description = "It is new", body = TenantEventTypeJson),
        (status = 200, description = "It was replaced", body = TenantEventTypeJson),
        (status = 409, description = "The tenant has as many as it may have", body = ProblemDocument,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(super) async fn put_event_type(
    Operator { by }: Operator,
    State(state): State<ServerState>,
    TenantPath(tenant): TenantPath,
    EventTypeText(name): EventTypeText,
    LimitedBody(body): LimitedBody<REQUEST_BODY_BYTES_MAX>,
) -> Result<Response, Problem> {
    let name = EventType::parse(&name).map_err(|why| Problem::invalid_field("name", why.to_string()))?;
    let registered = settings::read(name, json::text(&body)?)?;
    let location = [(header::LOCATION, location(&tenant, &registered.name))];
    let answer = Json(TenantEventTypeJson::of(&registered)?);
    if state.engine.configuration().put_event_type(&by, &tenant, registered).await? {
        return Ok((StatusCode::CREATED, location, answer).into_response());
    }
    Ok(answer.into_response())
}

/// The path of an event type, whose name may hold `/` and `:`.
fn location(tenant: &TenantId, name: &EventType) -> String {
    let name: String = url::form_urlencoded::byte_serialize(name.as_str().as_bytes()).collect();
    format!("/v1/tenants/{tenant}/event-types/{name}")
}
