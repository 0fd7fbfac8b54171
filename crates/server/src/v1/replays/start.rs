//! `POST /v1/tenants/{tenant}/subscriptions/{id}/replay`

use axum::{Json, extract::State};
use http::StatusCode;
use postroad_domain::{
    Invalid, RateLimit, ReplaySelection, SubscriptionId, Timestamp,
    ids::SubscriptionKind,
    limits::{RATE_LIMIT_PER, REPLAY_PACE_COUNT, REQUEST_BODY_BYTES_MAX},
};
use postroad_engine::{NewReplay, RateLimitDraft};
use utoipa::ToSchema;

use super::ReplayJson;
use crate::{
    body::LimitedBody,
    caller::{DeliveriesRetry, ObjectOf},
    check::{Faults, Field, Object, Read, body, read_body},
    json,
    path::{ObjectPath, TenantPath},
    problem::{Problem, ProblemDocument, Refusals},
    state::ServerState,
    v1::rate_limit::RateLimitSettings,
};

body! {
    /// What to replay.
    #[derive(ToSchema)]
    #[schema(as = NewReplay)]
    struct ReplayBody {
        /// Only events accepted at this time or later.
        #[schema(value_type = String, format = DateTime)]
        since: Timestamp,
        /// Only events accepted before this time; by default all that came before the replay begins.
        #[schema(value_type = Option<String>, format = DateTime)]
        until: Option<Timestamp>,
        /// `failed`: deliveries that failed or were cancelled by the system, which go on as after a retry. `missing`: events
        /// that the subscription matches now and that have no delivery to it. `all`: both, and what succeeded, in a new
        /// delivery.
        #[schema(value_type = String)]
        status: ReplaySelection,
        /// How fast; by default 1,000 within `1s`.
        pace: Option<RateLimitSettings>,
        /// Only count: nothing is sent, and no replay begins.
        dry_run: Option<bool>,
    }
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
    params(TenantPath, ObjectPath<SubscriptionKind>),
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
    let ReplayBody { since, until, status: selection, pace, dry_run } = read_body(body, &faults);
    let pace = pace.map(RateLimitDraft::from);
    let pace = faults.then(|faults| pace.and_then(|pace| pace.check("pace", REPLAY_PACE_COUNT, faults)));
    let pace = pace.unwrap_or(RateLimit { count: REPLAY_PACE_COUNT.default, per: RATE_LIMIT_PER.default });
    faults.finish(Some((
        NewReplay { subscription, selection, since, until, pace },
        dry_run.unwrap_or_default(),
    )))
}

/// One of three words. What is missing is told with all of them.
impl Read for ReplaySelection {
    fn read(field: Field<'_>) -> Option<Self> {
        field.parsed(parse_selection)
    }

    fn stand_in() -> Self {
        Self::Failed
    }

    fn take(object: &mut Object<'_>, name: &str) -> Self {
        let words = Self::ALL.map(Self::as_str);
        object.required_word(name, &words).and_then(Self::read).unwrap_or_else(Self::stand_in)
    }
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
