//! `POST /v1/tenants/{tenant}/subscriptions/{id}/replay`

use axum::{Json, extract::State};
use http::StatusCode;
use postroad_domain::{
    Invalid, RateLimit, ReplaySelection, SubscriptionId,
    ids::SubscriptionKind,
    limits::{RATE_LIMIT_PER, REPLAY_PACE_COUNT, REQUEST_BODY_BYTES_MAX},
};
use postroad_engine::NewReplay;
use utoipa::ToSchema;

use super::ReplayJson;
use crate::{
    body::LimitedBody,
    caller::{DeliveriesRetry, ObjectOf},
    check::{Faults, Field, Object, Shape},
    json,
    problem::{Problem, ProblemDocument, Refusals},
    query::parse_time,
    state::ServerState,
    v1::rate_limit::{self, RateLimitSettings},
};

const SHAPE: Shape = Shape::of(&["since", "until", "status", "pace", "dry_run"]);

/// What to replay.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the OpenAPI document only; `read` reads the values")]
#[schema(as = NewReplay)]
struct ReplayBody {
    /// Only events accepted at this time or later.
    #[schema(format = DateTime)]
    since: String,
    /// Only events accepted before this time; by default all that came before the replay begins.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// `failed`: deliveries that failed or were cancelled by the system, which go on as after a retry. `missing`: events
    /// that the subscription matches now and that have no delivery to it. `all`: both, and what succeeded, in a new
    /// delivery.
    status: String,
    /// How fast; by default 1,000 within `1s`.
    pace: Option<RateLimitSettings>,
    /// Only count: nothing is sent, and no replay begins.
    dry_run: Option<bool>,
}

/// Send again what a subscription did not get
///
/// A job in the background: it goes from the oldest event to the newest, keeps to its pace, waits while 10,000 deliveries
/// wait for the subscription, and survives a restart. The event's id is the same as the first time. Counting stops after a
/// second or two; then `count_is_exact` is false and there are at least `count`. Tests are not replayed.
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/subscriptions/{id}/replay",
    tag = "replays",
    security(("key" = ["deliveries:retry"])),
    params(
        ("tenant" = String, Path, description = "The tenant's id"),
        ("id" = String, Path, description = "The subscription's id"),
    ),
    request_body(content = ReplayBody, content_type = "application/json"),
    responses(
        (status = 200, description = "A dry run: what a replay would be about; `id`, `status` and `created_at` are null", body = ReplayJson),
        (status = 202, description = "It has begun", body = ReplayJson),
        (status = 409, description = "The subscription is inactive or deleted, a replay to it runs, or too many run",
         body = ProblemDocument, content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(super) async fn start_replay(
    ObjectOf { tenant, id, by, .. }: ObjectOf<DeliveriesRetry, SubscriptionKind>,
    State(state): State<ServerState>,
    LimitedBody(body): LimitedBody<REQUEST_BODY_BYTES_MAX>,
) -> Result<(StatusCode, Json<ReplayJson>), Problem> {
    let (new, is_dry_run) = read(&body, id)?;
    if is_dry_run {
        let count = state.engine.history().count_replay(&tenant, new).await?;
        return Ok((StatusCode::OK, Json(ReplayJson::of_dry_run(&new, count))));
    }
    let replay = state.engine.history().start_replay(&by, &tenant, new).await?;
    Ok((StatusCode::ACCEPTED, Json(ReplayJson::of(&replay))))
}

fn read(body: &[u8], subscription: SubscriptionId) -> Result<(NewReplay, bool), Problem> {
    let body = json::value(body)?;
    let faults = Faults::default();
    let read = Object::root(body, &SHAPE, &faults).and_then(|mut body| {
        let since = body.required("since").and_then(|field| field.parsed(parse_time));
        let until = body.field("until").and_then(|field| field.parsed(parse_time));
        let words = ReplaySelection::ALL.map(ReplaySelection::as_str);
        let selection = body.required_word("status", &words).and_then(|field| field.parsed(parse_selection));
        let pace = body.field("pace").and_then(|field| rate_limit::read(field, REPLAY_PACE_COUNT));
        let is_dry_run = body.field("dry_run").and_then(Field::flag).unwrap_or_default();
        let pace =
            pace.unwrap_or(RateLimit { count: REPLAY_PACE_COUNT.default, per: RATE_LIMIT_PER.default });
        let (since, selection) = (since?, selection?);
        Some((NewReplay { subscription, selection, since, until, pace }, is_dry_run))
    });
    faults.finish(read)
}

fn parse_selection(text: &str) -> Result<ReplaySelection, Invalid> {
    let known = ReplaySelection::ALL.into_iter().find(|selection| selection.as_str() == text);
    known.ok_or_else(|| {
        Invalid::new(format!(
            "must be one of {}",
            ReplaySelection::ALL.map(ReplaySelection::as_str).join(", ")
        ))
    })
}
