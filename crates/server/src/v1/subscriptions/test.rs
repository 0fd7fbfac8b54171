//! `POST /v1/tenants/{tenant}/subscriptions/{id}/test`

use axum::{Json, extract::State};
use postroad_domain::{
    ids::SubscriptionKind,
    limits::{NAME_CHARS_MAX, REQUEST_BODY_BYTES_MAX},
};
use postroad_engine::text_within;
use utoipa::ToSchema;

use crate::{
    body::LimitedBody,
    caller::{ObjectOf, SubscriptionsWrite},
    check::{Faults, body, read_body},
    json,
    path::{ObjectPath, TenantPath},
    problem::{Problem, ProblemDocument, Refusals},
    state::ServerState,
    v1::deliveries::DeliveryWithAttempts,
};

body! {
    /// What to send.
    #[derive(ToSchema)]
    #[schema(as = Test)]
    struct TestBody {
        /// The event type, by wire code or title, whose example is sent; by default the first that the subscription selects.
        r#type: Option<String>,
    }
}

/// Send a test event now
///
/// Sends the example of an event type, whatever the subscription's filters say and also while it is inactive, and waits
/// for the outcome. The delivery stands in the log with `test` and is not tried again.
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/subscriptions/{id}/test",
    tag = "subscriptions",
    security(("key" = ["subscriptions:write"])),
    params(TenantPath, ObjectPath<SubscriptionKind>),
    request_body(content = Option<TestBody>, content_type = "application/json"),
    responses(
        (status = 200, description = "The delivery with its attempt", body = DeliveryWithAttempts),
        (status = 429, description = "The tenant has too many tests under way", body = ProblemDocument,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(super) async fn test_subscription(
    ObjectOf { tenant, id, by, rights, .. }: ObjectOf<SubscriptionsWrite, SubscriptionKind>,
    State(state): State<ServerState>,
    LimitedBody(body): LimitedBody<REQUEST_BODY_BYTES_MAX>,
) -> Result<Json<DeliveryWithAttempts>, Problem> {
    let event_type = read(&body)?;
    let id = state.engine.sending().test_subscription(&by, &tenant, id, event_type).await?;
    let view = state
        .engine
        .history()
        .delivery(&tenant, id)
        .await
        .map_err(|error| Problem::of_lookup(error, "subscription"))?;
    Ok(Json(DeliveryWithAttempts::of(&view, &rights)))
}

/// No body is the same as an empty object.
fn read(body: &[u8]) -> Result<Option<String>, Problem> {
    let body = json::value(if body.is_empty() { b"{}" } else { body })?;
    let faults = Faults::default();
    let TestBody { r#type } = read_body(body, &faults);
    let event_type = r#type.and_then(|name| faults.check("type", text_within(name, 1, NAME_CHARS_MAX)));
    faults.finish(Some(event_type))
}
