//! `POST /v1/tenants/{tenant}/events`

use axum::{Json, extract::State};
use http::{HeaderMap, StatusCode};
use postroad_domain::limits::IDEMPOTENCY_KEY_CHARS_MAX;

use super::{
    Accepted,
    body_limit::{EventBody, publish_within},
    item, trace,
};
use crate::{
    caller::{EventsWrite, InTenant},
    json,
    path::TenantPath,
    problem::{Problem, ProblemDocument, Refusals},
    state::ServerState,
};

/// Names the event for the caller: the same key with the same bytes is the same event.
pub(super) const KEY_HEADER: &str = "idempotency-key";

/// Publish an event
///
/// The type is named by its wire code or its title. What the profile does not take, or what does not fit the schema of the
/// tenant's own event type, is refused here and never sent.
///
/// 202 means durable: a crash a microsecond later loses nothing. The same idempotency key (header `Idempotency-Key`, or
/// else `id` in the body) within 7 days with the same bytes answers 202 with the same event and `"duplicate":true`; with
/// other bytes, 409.
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/events",
    tag = "events",
    security(("key" = ["events:write"])),
    params(
        TenantPath,
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible ASCII characters"),
        ("traceparent" = Option<String>, Header, description = "The span of the caller (W3C Trace Context)"),
        ("tracestate" = Option<String>, Header, description = "What goes with it"),
    ),
    request_body(content = item::NewEvent, content_type = "application/json"),
    responses(
        (status = 202, description = "It is durable", body = Accepted),
        (status = 409, description = "The key was used before with other bytes", body = ProblemDocument,
         content_type = "application/problem+json"),
        (status = 413, description = "Longer than 1 MiB, or than the profile allows", body = ProblemDocument,
         content_type = "application/problem+json"),
        (status = 429, description = "Too much waits to be written", body = ProblemDocument,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(super) async fn publish_event(
    InTenant { tenant, .. }: InTenant<EventsWrite>,
    State(state): State<ServerState>,
    headers: HeaderMap,
    EventBody(body, room): EventBody,
) -> Result<(StatusCode, Json<Accepted>), Problem> {
    let key = header_key(&headers)?;
    let mut event = item::read(json::text(&body)?, &body, "", key)?;
    event.trace = trace::of_caller(&headers);
    let publishing = async move { state.engine.accepting().publish(&tenant, event).await };
    let published = publish_within(room, publishing).await??;
    Ok((StatusCode::ACCEPTED, Json(Accepted::of(published))))
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
