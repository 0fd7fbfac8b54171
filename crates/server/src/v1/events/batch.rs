//! `POST /v1/tenants/{tenant}/events/batch`

use axum::{Json, extract::State};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use postroad_engine::{PublishError, PublishEvent, Published};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{
    Accepted, batch_body,
    body_limit::{BatchBody, event_bytes_max, publish_within},
    item,
    publish::KEY_HEADER,
    trace,
};
use crate::{
    caller::{EventsWrite, InTenant},
    json,
    path::TenantPath,
    problem::{Code, Problem, ProblemDocument, Refusals},
    state::ServerState,
};

/// Events to publish together.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the OpenAPI document only; `batch_body` reads the bytes")]
pub(crate) struct NewEvents {
    /// At most 1,000, each as long as an event may be alone.
    events: Vec<item::NewEvent>,
}

/// What became of each event of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchResults {
    /// In the order of the events.
    results: Vec<BatchResult>,
}

/// What became of one event of a batch.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum BatchResult {
    /// It is durable.
    Accepted(Accepted),
    /// It was refused and changed nothing.
    Refused(ProblemDocument),
}

/// Publish up to 1,000 events
///
/// Each is durable or refused for itself, with its own problem; the answers stand in the order of the events. An
/// event's idempotency key is its `id`.
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/events/batch",
    tag = "events",
    security(("key" = ["events:write"])),
    params(TenantPath),
    request_body(content = NewEvents, content_type = "application/json"),
    responses(
        (status = 202, description = "What became of each", body = BatchResults),
        (status = 413, description = "Longer than 16 MiB", body = ProblemDocument,
         content_type = "application/problem+json"),
        (status = 429, description = "More waits than fits into memory: none of the events was accepted",
         body = ProblemDocument, content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(super) async fn publish_batch(
    InTenant { tenant, .. }: InTenant<EventsWrite>,
    State(state): State<ServerState>,
    headers: HeaderMap,
    BatchBody(body, room): BatchBody,
) -> Result<(StatusCode, Json<BatchResults>), Problem> {
    if headers.contains_key(KEY_HEADER) {
        let message = "names one event and cannot name a batch: give each event its own `id`";
        return Err(Problem::invalid_field("Idempotency-Key", message));
    }
    let texts = batch_body::read(json::text(&body)?)?;
    // Only a tenant that is missing refuses the whole batch; the answers of the events cannot tell when all are bad.
    let profile = state.engine.configuration().profile_of(&tenant).await;
    let profile = profile.map_err(|error| Problem::of_lookup(error, "tenant"))?;
    let (checked, mut events) = check_all(&texts, &body, event_bytes_max(&profile));
    let trace = trace::of_caller(&headers);
    events.iter_mut().for_each(|event| event.trace.clone_from(&trace));
    let publishing = async move { state.engine.accepting().publish_batch(&tenant, events).await };
    let published = publish_within(room, publishing).await?;
    // A caller that looks at the status alone must not take this for a success, and is told when to come again.
    if !published.is_empty() && published.iter().all(|result| matches!(result, Err(PublishError::Overloaded)))
    {
        return Err(PublishError::Overloaded.into());
    }
    Ok((StatusCode::ACCEPTED, Json(BatchResults { results: put_together(checked, published) })))
}

/// What is wrong with each bad event, in order; and the good events.
fn check_all(
    texts: &[&RawValue],
    body: &Bytes,
    bytes_max: usize,
) -> (Vec<Result<(), Problem>>, Vec<PublishEvent>) {
    let mut events = Vec::with_capacity(texts.len());
    let checked = texts.iter().enumerate().map(|(index, text)| {
        events.push(check(text.get(), body, index, bytes_max)?);
        Ok(())
    });
    (checked.collect(), events)
}

fn check(text: &str, body: &Bytes, index: usize, bytes_max: usize) -> Result<PublishEvent, Problem> {
    if text.len() > bytes_max {
        let detail = format!("`{}` is longer than {bytes_max} bytes.", place(index));
        return Err(Problem::new(Code::BodyTooLarge, detail));
    }
    item::read(text, body, &place(index), None)
}

fn place(index: usize) -> String {
    format!("events[{index}]")
}

fn put_together(
    checked: Vec<Result<(), Problem>>,
    published: Vec<Result<Published, PublishError>>,
) -> Vec<BatchResult> {
    let mut published = published.into_iter();
    let results = checked.into_iter().enumerate().map(|(index, checked)| {
        checked?;
        // The engine answers every event that it was given.
        let published = published.next().unwrap_or(Err(PublishError::Overloaded));
        published.map(Accepted::of).map_err(|error| Problem::from(error).within(&place(index)))
    });
    let encode = |result: Result<Accepted, Problem>| match result {
        Ok(accepted) => BatchResult::Accepted(accepted),
        Err(problem) => BatchResult::Refused(problem.document()),
    };
    results.map(encode).collect()
}
