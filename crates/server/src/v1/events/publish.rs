//! `POST /v1/tenants/{tenant}/events`

use axum::{Json, extract::State};
use http::{HeaderMap, StatusCode};
use postroad_domain::limits::{EVENT_BODY_BYTES_MAX, IDEMPOTENCY_KEY_CHARS_MAX};

use super::{Accepted, item};
use crate::{
    body::LimitedBody,
    caller::Caller,
    json,
    path::TenantPath,
    problem::{Problem, ProblemDocument, Refusals},
    state::ServerState,
};

/// Names the event for the caller: the same key with the same bytes is the same event.
pub(super) const KEY_HEADER: &str = "idempotency-key";

/// Publish an event
///
/// 202 means durable: a crash a microsecond later loses nothing. The same idempotency key (header `Idempotency-Key`, or
/// else `id` in the body) within 7 days with the same bytes answers 202 with the same event and `"duplicate":true`; with
/// other bytes, 409.
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/events",
    tag = "events",
    params(
        ("tenant" = String, Path, description = "The tenant's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible ASCII characters"),
    ),
    request_body(content = item::NewEvent, content_type = "application/json"),
    responses(
        (status = 202, description = "It is durable", body = Accepted),
        (status = 409, description = "The key was used before with other bytes", body = ProblemDocument,
         content_type = "application/problem+json"),
        (status = 413, description = "Longer than 1 MiB", body = ProblemDocument,
         content_type = "application/problem+json"),
        (status = 429, description = "Too much waits to be written", body = ProblemDocument,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(super) async fn publish_event(
    _: Caller,
    State(state): State<ServerState>,
    TenantPath(tenant): TenantPath,
    headers: HeaderMap,
    LimitedBody(body): LimitedBody<EVENT_BODY_BYTES_MAX>,
) -> Result<(StatusCode, Json<Accepted>), Problem> {
    let key = header_key(&headers)?;
    let event = item::read(json::text(&body)?, &body, "", key)?;
    let event_type = event.event_type.to_string();
    let published = state.engine.publish(&tenant, event).await?;
    Ok((StatusCode::ACCEPTED, Json(Accepted::of(published, event_type))))
}

fn header_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(KEY_HEADER).iter();
    let (value, is_single) = (values.next(), values.next().is_none());
    let Some(value) = value else { return Ok(None) };
    let fits = (1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&value.len());
    let is_visible = value.as_bytes().iter().all(u8::is_ascii_graphic);
    let key = value.to_str().ok().filter(|_| is_single && fits && is_visible);
    let message =
        format!("must be 1 to {IDEMPOTENCY_KEY_CHARS_MAX} visible ASCII characters, and stand there once");
    key.map(|key| Some(key.to_owned())).ok_or_else(|| Problem::invalid_field("Idempotency-Key", message))
}
