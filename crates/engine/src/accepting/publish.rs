//! Accepting events: match against the tenant's subscriptions, make durable, answer.

use std::{pin::pin, sync::atomic::Ordering, time::Duration};

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use postroad_domain::{
    Event, EventId, EventType, TenantId, Timestamp, TraceContext,
    limits::{DELAY, IDEMPOTENCY_RETENTION},
    time::duration_text,
};
use postroad_profile::{DataRefusal, FieldProblem};
use postroad_store::{Idempotency, NewDelivery, NewEvent, StoreError};
use thiserror::Error;
use tokio::sync::oneshot;

use super::service::AcceptingService;
use crate::{
    commit::batch::{EventAnswer, EventJob, EventReply},
    configuration::{
        arriving::Arriving,
        cache::{Route, TenantConfig},
        event_check::{EventRefusal, EventToCheck, check_event},
        unknown_type::UnknownType,
    },
    telemetry::trace::{self, Span, SpanFacts},
};

/// How often an event is matched again because its tenant's configuration changed meanwhile. Each round means that
/// somebody changed a subscription within the few milliseconds of a commit.
const STALE_ROUNDS_MAX: usize = 20;
/// So long the others wait.
const ALONE_MAX: Duration = Duration::from_secs(1);
/// So many of these rounds let others change it meanwhile.
const STALE_ROUNDS_BESIDE: usize = 3;

/// An event to publish; checked.
#[derive(Clone, Debug)]
pub struct PublishEvent {
    /// What happened: a name or title of an event type, as it was written.
    pub event_type: String,
    /// The data as it came: JSON.
    pub data: Bytes,
    /// Words that tag sets match.
    pub tags: Vec<String>,
    /// The attributes as a JSON object; empty for none.
    pub attributes: Bytes,
    /// When it happened, if the caller said so.
    pub occurred_at: Option<Timestamp>,
    /// It is not sent before.
    pub deliver_at: Option<Timestamp>,
    /// The caller's key, and the bytes that must be the same when it comes again.
    pub idempotency: Option<(String, Bytes)>,
    /// The span of the caller, where it traces.
    pub trace: Option<TraceContext>,
}

/// A durable event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its id.
    pub id: EventId,
    /// The wire code of its type.
    pub event_type: EventType,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// How many deliveries it was routed to.
    pub deliveries: u32,
    /// The key was used before with the same bytes: this is the first event.
    pub duplicate: bool,
}

/// Why an event was not accepted.
#[derive(Clone, Debug, Error)]
pub enum PublishError {
    /// There is no such tenant.
    #[error("there is no such tenant")]
    NoTenant,
    /// The events of the operator's tenant are Postroad's own.
    #[error("only Postroad itself publishes here")]
    Reserved,
    /// The tenant has no event type of that name.
    #[error("there is no such event type")]
    UnknownType(UnknownType),
    /// The profile does not take the data.
    #[error("the data {0}")]
    Data(DataRefusal),
    /// The profile does not take the attributes.
    #[error("attributes are not valid")]
    Attributes(Vec<FieldProblem>),
    /// The data does not fit the schema that the tenant gave for the type.
    #[error("the data does not fit its schema")]
    Schema(Vec<FieldProblem>),
    /// It cannot be sent at the moment that was wanted.
    #[error("deliver_at {0}")]
    DeliverAt(String),
    /// The key was used before with other bytes.
    #[error("the idempotency key was used before with other bytes")]
    KeyConflict,
    /// Too much waits for its commit.
    #[error("too much waits to be written")]
    Overloaded,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PublishError {
    /// The kind of the failure in a word, for spans.
    const fn kind(&self) -> &'static str {
        match self {
            Self::NoTenant => "no_tenant",
            Self::Reserved => "reserved",
            Self::UnknownType(_) => "unknown_event_type",
            Self::Data(_) | Self::Attributes(_) | Self::DeliverAt(_) => "invalid",
            Self::Schema(_) => "schema_mismatch",
            Self::KeyConflict => "idempotency_conflict",
            Self::Overloaded => "overloaded",
            Self::Store(_) => "store",
        }
    }
}

impl From<EventRefusal> for PublishError {
    fn from(refusal: EventRefusal) -> Self {
        match refusal {
            EventRefusal::UnknownType(unknown) => Self::UnknownType(unknown),
            EventRefusal::Data(refusal) => Self::Data(refusal),
            EventRefusal::Attributes(problems) => Self::Attributes(problems),
            EventRefusal::Schema(problems) => Self::Schema(problems),
            EventRefusal::Unchecked(error) => Self::Store(error),
        }
    }
}

/// An event that waits for its commit.
#[derive(Clone)]
struct Handed {
    id: EventId,
    event_type: EventType,
    trace: Option<TraceContext>,
}

impl AcceptingService {
    /// Makes an event durable and starts its deliveries. When this answers, a crash loses nothing of it.
    pub async fn publish(&self, tenant: &TenantId, event: PublishEvent) -> Result<Published, PublishError> {
        let mut results = self.publish_batch(tenant, vec![event]).await;
        results.pop().unwrap_or(Err(PublishError::NoTenant))
    }

    /// Publishes several events, each for itself, in their order: one that is refused changes nothing for the others.
    pub async fn publish_batch(
        &self,
        tenant: &TenantId,
        events: Vec<PublishEvent>,
    ) -> Vec<Result<Published, PublishError>> {
        if tenant.is_operations() {
            return vec![Err(PublishError::Reserved); events.len()];
        }
        self.publish_own(tenant, events).await
    }

    /// The same, of Postroad itself: nobody else publishes in the operator's tenant.
    pub(crate) async fn publish_own(
        &self,
        tenant: &TenantId,
        mut events: Vec<PublishEvent>,
    ) -> Vec<Result<Published, PublishError>> {
        let spans = self.begin_spans(&mut events);
        let mut results: Vec<Option<Result<Published, PublishError>>> = vec![None; events.len()];
        let mut open: Vec<usize> = (0..events.len()).collect();
        for round in 0..STALE_ROUNDS_MAX {
            // Large settings may take as long to read as somebody needs to change them again: then changes wait for the event.
            let is_alone = round >= STALE_ROUNDS_BESIDE;
            let alone = if is_alone { Some(self.configs.changing(tenant).await) } else { None };
            let answers = {
                let mut publishing = pin!(self.publish_round(tenant, &events, &open));
                tokio::select! {
                    biased;
                    answers = &mut publishing => answers,
                    // It may wait for longer than a commit: for the end of large fan-outs. Nobody waits for that who wants to
                    // end them.
                    () = self.commit_clock.sleep(ALONE_MAX), if alone.is_some() => {
                        drop(alone);
                        publishing.await
                    }
                }
            };
            open = open
                .into_iter()
                .zip(answers)
                .filter_map(|(index, answer)| {
                    results[index] = answer;
                    results[index].is_none().then_some(index)
                })
                .collect();
            if open.is_empty() {
                break;
            }
        }
        let never_still = || StoreError::Unavailable("the tenant's configuration keeps changing".to_owned());
        let results = results.into_iter().map(|result| result.unwrap_or_else(|| Err(never_still().into())));
        let results: Vec<_> = results.collect();
        for (span, result) in spans.into_iter().zip(&results) {
            if let Some(span) = span {
                self.end_span(span, tenant, result);
            }
        }
        results
    }

    /// Each event goes on under the span that publishes it. Empty where nobody wants spans.
    fn begin_spans(&self, events: &mut [PublishEvent]) -> Vec<Option<Span>> {
        if !trace::is_wanted() {
            return Vec::new();
        }
        let begin = |event: &mut PublishEvent| {
            let span = self.spans.publishing(event.trace.as_ref())?;
            event.trace = Some(span.context.clone());
            Some(span)
        };
        events.iter_mut().map(begin).collect()
    }

    fn end_span(&self, span: Span, tenant: &TenantId, result: &Result<Published, PublishError>) {
        let facts = SpanFacts { tenant: Some(tenant.as_str()), ..SpanFacts::default() };
        let facts = match result {
            Ok(published) => SpanFacts {
                event: Some(published.id.to_string()),
                event_type: Some(published.event_type.as_str()),
                deliveries: Some(published.deliveries),
                ..facts
            },
            Err(error) => SpanFacts { error: Some(error.kind()), ..facts },
        };
        self.spans.end(span, &facts);
    }

    /// Matches and commits the events at `open`. `None` stands where the match was stale.
    async fn publish_round(
        &self,
        tenant: &TenantId,
        events: &[PublishEvent],
        open: &[usize],
    ) -> Vec<Option<Result<Published, PublishError>>> {
        let config = match self.configs.by_id(tenant).await {
            Ok(Some(config)) => config,
            Ok(None) => return vec![Some(Err(PublishError::NoTenant)); open.len()],
            Err(error) => return vec![Some(Err(error.into())); open.len()],
        };
        let mut checked = Vec::with_capacity(open.len());
        for index in open {
            let PublishEvent { event_type, data, attributes, .. } = &events[*index];
            let checked_type = check_event(&config, EventToCheck { event_type, data, attributes }).await;
            checked.push(checked_type.map_err(PublishError::from));
        }
        // All are handed over before the first is waited for: they share a commit.
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let jobs = open.iter().zip(checked);
        let jobs: Vec<_> = jobs
            .map(|(index, checked)| {
                checked.and_then(|checked| self.hand_over(&config, &events[*index], checked, call))
            })
            .collect();
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs {
            answers.push(match job {
                Ok((handed, answer)) => {
                    let span = self.spans.child_of(handed.trace.as_ref(), "commit", "internal");
                    let answer = answer.await;
                    if let Some(span) = span {
                        self.spans.end(span, &SpanFacts::default());
                    }
                    self.read_answer(handed, answer)
                }
                Err(error) => Some(Err(error)),
            });
        }
        answers
    }

    fn hand_over(
        &self,
        config: &TenantConfig,
        event: &PublishEvent,
        event_type: EventType,
        call: u64,
    ) -> Result<(Handed, oneshot::Receiver<Result<EventAnswer, StoreError>>), PublishError> {
        if !self.health.is_writable() {
            return Err(StoreError::Unavailable("it cannot be written to now".to_owned()).into());
        }
        let overloaded = || {
            self.metrics.overloaded.inc();
            PublishError::Overloaded
        };
        let (tenant, bytes) = (config.tenant.no, event.data.len() + event.attributes.len());
        // Whoever is refused anyway is refused before the work of matching.
        if !self.gate.has_room(tenant, (bytes, 1)) {
            return Err(overloaded());
        }
        let now = self.commit_clock.now();
        let handed = Handed { id: self.ids.event(now), event_type, trace: event.trace.clone() };
        let route = route(config, event, &handed, now)?;
        let rows = 1 + route.own.len() + route.rest.len();
        let permit = self.gate.admit(tenant, (bytes, rows)).ok_or_else(overloaded)?;
        let event = routed(config, event, &handed, (route, now));
        let (sender, answer) = oneshot::channel();
        self.committer.event(EventJob { event, reply: EventReply { sender, _permit: permit }, call });
        Ok((handed, answer))
    }

    fn read_answer(
        &self,
        handed: Handed,
        answer: Result<Result<EventAnswer, StoreError>, oneshot::error::RecvError>,
    ) -> Option<Result<Published, PublishError>> {
        let stopping = || StoreError::Unavailable("the node is stopping".to_owned());
        let answer = match answer.map_err(|_| stopping()).and_then(|answer| answer) {
            Ok(answer) => answer,
            Err(error) => return Some(Err(error.into())),
        };
        let Handed { id, event_type, .. } = handed;
        match answer {
            EventAnswer::Accepted { at, deliveries } => {
                Some(Ok(Published { id, event_type, accepted_at: at, deliveries, duplicate: false }))
            }
            EventAnswer::Duplicate { event_id, at, deliveries } => {
                self.metrics.duplicates.inc();
                Some(Ok(Published { id: event_id, event_type, accepted_at: at, deliveries, duplicate: true }))
            }
            EventAnswer::Conflict => Some(Err(PublishError::KeyConflict)),
            EventAnswer::Stale | EventAnswer::NoTenant => {
                // Deleted or changed since it was cached. The store announced that before it answered this, so the next
                // round reads it anew.
                None
            }
        }
    }
}

/// Where the event goes.
fn route(
    config: &TenantConfig,
    event: &PublishEvent,
    handed: &Handed,
    now: Timestamp,
) -> Result<Route, PublishError> {
    let deliver_at = event.deliver_at.filter(|at| *at > now);
    if let Some(at) = deliver_at {
        check_deliver_at(config, at.since(now)).map_err(PublishError::DeliverAt)?;
    }
    let whole = || Event {
        id: handed.id,
        event_type: handed.event_type.clone(),
        accepted_at: now,
        occurred_at: event.occurred_at,
        tags: event.tags.clone(),
        attributes: event.attributes.clone(),
        data: event.data.clone(),
        deliveries: 0,
        profile: Some(config.profile.no),
        tenant_version: config.tenant.version,
        trace: None,
        test: false,
    };
    let times = (event.occurred_at, deliver_at);
    let route = config.route(&Arriving::new((&handed.event_type, &event.tags), times, now, &whole));
    // Also a moment that is over: whoever names one expects something of it that a group cannot keep.
    if event.deliver_at.is_some()
        && let Some(endpoint) = route.grouping().and_then(|no| config.endpoint(no))
    {
        return Err(PublishError::DeliverAt(format!(
            "cannot be set for an event that is sent together with others, as the subscription {} does: leave it out",
            endpoint.subscription.id
        )));
    }
    Ok(route)
}

/// Whether the event may wait for so long.
fn check_deliver_at(config: &TenantConfig, wait: Duration) -> Result<(), String> {
    if wait > DELAY.max {
        return Err(format!("must be within {} from now", duration_text(DELAY.max)));
    }
    let Some(kept) = config.own_age() else { return Ok(()) };
    let longest = config.schedules().map(|schedule| schedule.lifetime).max().unwrap_or_default();
    if wait + longest > kept {
        let (kept, longest) = (duration_text(kept), duration_text(longest));
        return Err(format!(
            "is too late: the events of this tenant are kept for {kept}, and a delivery may wait for {longest} behind it"
        ));
    }
    Ok(())
}

/// The event as it is committed.
fn routed(
    config: &TenantConfig,
    event: &PublishEvent,
    handed: &Handed,
    (route, now): (Route, Timestamp),
) -> NewEvent {
    let Handed { id, event_type, .. } = handed.clone();
    let deliveries = (1..)
        .zip(route.own)
        .map(|(number, target)| NewDelivery { id: id.delivery(number), target })
        .collect();
    let idempotency = event.idempotency.as_ref().map(|(key, bytes)| Idempotency {
        key_hash: sha256(key.as_bytes()),
        bytes_hash: sha256(bytes),
        expires_at: now.after(IDEMPOTENCY_RETENTION),
    });
    NewEvent {
        id,
        tenant_no: config.tenant.no,
        config_version: config.tenant.config_version,
        tenant_version: config.tenant.version,
        trace: event.trace.clone().map(Box::new),
        profile: config.profile.no,
        event_type,
        occurred_at: event.occurred_at,
        tags: event.tags.clone(),
        attributes: event.attributes.clone(),
        data: event.data.clone(),
        idempotency,
        deliveries,
        fanout: route.rest,
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}
