//! `GET /v1/tenants/{tenant}/events/{id}/explain`

use axum::{Json, extract::State};
use postroad_domain::{ErrorClass, Reason, SubscriptionId, ids::EventKind, subscription::InactiveReason};
use postroad_engine::{EventOutcome, Explanation, LastAnswer, Mismatch, Wait};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    caller::{DeliveriesRead, ObjectOf},
    path::{ObjectPath, TenantPath},
    problem::{Problem, Refusals},
    query::{Asked, List, NoFilter, PageParams},
    state::ServerState,
};

/// What became of an event for one subscription.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Explanation)]
pub(crate) struct ExplanationJson {
    /// The subscription.
    subscription: String,
    /// Its name then.
    name: Option<String>,
    /// Its version when the event came.
    version: Option<i64>,
    /// When it was deleted, if it has been since.
    #[schema(format = DateTime)]
    deleted_at: Option<String>,
    /// `delivered`, `delivering`, `pending`, `failed`, `cancelled`, `not_matched`, `inactive`, `created_after` or
    /// `not_recorded`.
    outcome: &'static str,
    /// The same in words.
    sentence: String,
    /// The newest delivery of the event to the subscription.
    delivery: Option<String>,
    /// A replay made the delivery: the subscription did not match the event when that came.
    by_replay: bool,
    /// Why: of `pending` what it waits for (`delay`, `group`, `next_attempt`, `breaker`, `retry_after`, `rate_limit`, `unavailable`, `order`,
    /// `receiver_gone`, `verification`, `receiver_busy`, `turn`, `fan_out`); of `failed` and `cancelled` the delivery's reason; of
    /// `inactive` `paused`, `gone`, `failing` or `unverified`; of `not_matched` the clause (`events`, `tag_sets`, `test`).
    why: Option<&'static str>,
    /// When it was delivered, failed or was cancelled; since when the subscription was inactive; when it was created.
    #[schema(format = DateTime)]
    at: Option<String>,
    /// Until when it waits, where that is known.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// Attempts made.
    attempts: Option<u32>,
    /// The status of the last answer.
    status_code: Option<u16>,
    /// Why the last attempt had no answer: `dns`, `connect`, `tls`, `timeout`, `blocked`, `protocol` or `script`.
    error: Option<&'static str>,
    /// Of `not_matched`: the event types that the subscription wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = Vec<String>)]
    events: Option<Vec<String>>,
    /// Of `not_matched`: the tag sets that the subscription wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = Vec<Vec<String>>)]
    tag_sets: Option<Vec<Vec<String>>>,
}

/// Why an event was sent, or was not
///
/// For each subscription, as it was when the event came, whatever it has become since; deleted ones too, if they were there
/// then. In the order of their creation.
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/events/{id}/explain",
    tag = "events",
    security(("key" = ["deliveries:read"])),
    params(TenantPath, ObjectPath<EventKind>, PageParams),
    responses((status = 200, description = "A page", body = List<ExplanationJson>), Refusals),
)]
pub(super) async fn explain_event(
    ObjectOf { tenant, id, .. }: ObjectOf<DeliveriesRead, EventKind>,
    State(state): State<ServerState>,
    asked: Asked<NoFilter, SubscriptionId>,
) -> Result<Json<List<ExplanationJson>>, Problem> {
    let page = state.engine.history().explain(&tenant, id, asked.after, asked.limit).await;
    let page = page.map_err(|error| Problem::of_lookup(error, "event"))?;
    let data = page.items.iter().map(ExplanationJson::of).collect();
    Ok(asked.of.page(data, page.next))
}

impl ExplanationJson {
    fn of(explanation: &Explanation) -> Self {
        let told = Self {
            subscription: explanation.subscription.to_string(),
            name: explanation.name.clone(),
            version: explanation.version,
            deleted_at: explanation.deleted_at.map(|moment| moment.to_string()),
            outcome: explanation.outcome.code(),
            sentence: explanation.sentence(),
            delivery: explanation.delivery.map(|id| id.to_string()),
            by_replay: explanation.by_replay,
            ..Self::default()
        };
        told.with(&explanation.outcome)
    }

    fn with(self, outcome: &EventOutcome) -> Self {
        match outcome {
            EventOutcome::Delivered { at, attempts, last } => {
                Self { at: Some(at.to_string()), ..self.after(*attempts, *last) }
            }
            EventOutcome::Delivering { attempts } => self.after(*attempts, None),
            EventOutcome::Pending { until, why, attempts, last } => Self {
                until: until.map(|until| until.to_string()),
                why: Some(Wait::as_str(*why)),
                ..self.after(*attempts, *last)
            },
            EventOutcome::Failed { at, reason, attempts, last } => Self {
                at: Some(at.to_string()),
                why: Some(Reason::as_str(*reason)),
                ..self.after(*attempts, *last)
            },
            EventOutcome::Cancelled { at, reason, attempts } => Self {
                at: Some(at.to_string()),
                why: Some(Reason::as_str(*reason)),
                ..self.after(*attempts, None)
            },
            EventOutcome::NotMatched(mismatch) => self.kept_out(mismatch),
            EventOutcome::Inactive { reason, since } => {
                let why = InactiveReason::as_str(*reason);
                Self { why: Some(why), at: Some(since.to_string()), ..self }
            }
            EventOutcome::CreatedAfter { at } => Self { at: Some(at.to_string()), ..self },
            EventOutcome::NotRecorded => self,
        }
    }

    fn after(self, attempts: u32, last: Option<LastAnswer>) -> Self {
        let (status_code, error) = match last {
            Some(LastAnswer::Status(status)) => (Some(status), None),
            Some(LastAnswer::Error(class)) => (None, Some(ErrorClass::as_str(class))),
            None => (None, None),
        };
        Self { attempts: Some(attempts), status_code, error, ..self }
    }

    fn kept_out(self, mismatch: &Mismatch) -> Self {
        let told = Self { why: Some(mismatch.clause()), ..self };
        match mismatch {
            Mismatch::Events { events, .. } => {
                Self { events: Some(events.iter().map(ToString::to_string).collect()), ..told }
            }
            Mismatch::TagSets { tag_sets, .. } => Self { tag_sets: Some(tag_sets.clone()), ..told },
            Mismatch::Test => told,
        }
    }
}
