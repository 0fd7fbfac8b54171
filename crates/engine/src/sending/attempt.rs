//! One attempt: the exact request and the exchange. What its answer means is in [`crate::sending::verdict`].

use std::sync::Arc;

use postroad_domain::{
    Attempt, Clock, DeliveryId, ErrorClass, Event, Headers, RequestHead, ResponseHead, Timestamp,
    TraceContext,
    attempt::Answer,
    trace::{TRACEPARENT, TRACESTATE},
};
use postroad_egress::{Egress, OutboundResponse, SendError};
use postroad_profile::AttemptFacts;
use postroad_store::{QueuedDelivery, Store, StoreError};

use crate::{
    commit::commit_clock::CommitClock,
    configuration::endpoint::{Endpoint, Made, RequestError},
    configuration::shaping::{Carried, EarlierShapings, Shaping, ShapingError, ShapingKey},
    ids::IdSource,
    sending::verdict::{Verdict, judge},
    telemetry::trace::{Span, SpanFacts, Spans},
};

/// Makes exchanges and records them.
pub(crate) struct Attempts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) commit_clock: Arc<CommitClock>,
    pub(crate) egress: Arc<dyn Egress>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<IdSource>,
    pub(crate) earlier: Arc<EarlierShapings>,
    pub(crate) spans: Arc<Spans>,
}

/// Which delivery an attempt is made for.
#[derive(Clone, Copy)]
pub(crate) struct Of<'a> {
    pub(crate) id: DeliveryId,
    pub(crate) event: &'a Event,
    /// The subscription's version that it was created with.
    pub(crate) subscription_version: i64,
    /// 1 for the first attempt.
    pub(crate) number: u32,
    /// Of a delivery that is in the store: when it was due, and whether it was known to carry more events then.
    pub(crate) stored: Option<(Timestamp, bool)>,
}

impl<'a> From<&'a QueuedDelivery> for Of<'a> {
    fn from(delivery: &'a QueuedDelivery) -> Self {
        Self {
            id: delivery.id,
            event: &delivery.event,
            subscription_version: delivery.subscription_version,
            number: delivery.attempts + 1,
            stored: Some((delivery.due, delivery.group.is_some())),
        }
    }
}

/// Why there is no attempt: nothing happened, and it may be tried again.
#[derive(Debug)]
pub(crate) enum Unmade {
    /// The store did not answer what the request is made from.
    Unreadable(StoreError),
    /// The delivery waits elsewhere by now: an event that keeps it for longer was added since it was read.
    Elsewhere,
}

impl From<StoreError> for Unmade {
    fn from(error: StoreError) -> Self {
        Self::Unreadable(error)
    }
}

/// For what is in no queue, and so nowhere else.
impl From<Unmade> for StoreError {
    fn from(unmade: Unmade) -> Self {
        match unmade {
            Unmade::Unreadable(error) => error,
            Unmade::Elsewhere => Self::Unavailable("the delivery waits elsewhere by now".to_owned()),
        }
    }
}

impl Attempts {
    /// One exchange.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request).
    pub(crate) async fn make(&self, of: Of<'_>, endpoint: &Endpoint) -> Result<(Attempt, Verdict), Unmade> {
        let at = self.clock.now();
        let started = self.clock.monotonic();
        let span = self.spans.child_of(of.event.trace.as_deref(), "attempt", "client");
        let shaping = self.spans.child_of(span.as_ref().map(|span| &span.context), "shape", "internal");
        let mut made = self.request(of, endpoint, at).await?;
        if let Some(shaping) = shaping {
            self.spans.end(shaping, &SpanFacts::default());
        }
        // Also where nobody listens here: what the caller gave is the receiver's to use.
        let context = span.as_ref().map(|span| &span.context).or(of.event.trace.as_deref());
        if let (Some(context), Ok(made)) = (context, &mut made) {
            pass_on(context, made);
        }
        let (request, result) = match made.and_then(|made| endpoint.outbound(made)) {
            Ok((request, head)) => (head, self.egress.exchange(request).await),
            Err(error) => {
                tracing::error!(%error, subscription = %endpoint.subscription.id, "a request could not be made");
                let nothing =
                    RequestHead { method: String::new(), url: String::new(), headers: Headers::new() };
                (nothing, Err(SendError::new(ErrorClass::Protocol, error.to_string())))
            }
        };
        let verdict = judge(&result, &endpoint.settings, at);
        let attempt = Attempt {
            id: self.ids.attempt(),
            number: of.number,
            at,
            duration: self.clock.monotonic().saturating_sub(started),
            repeated: match &result {
                Ok(response) => response.repeated,
                Err(failed) => failed.repeated,
            },
            request,
            answer: answer_of(result),
        };
        if let Some(span) = span {
            self.end_span(span, of, endpoint, &attempt);
        }
        Ok((attempt, verdict))
    }

    fn end_span(&self, span: Span, of: Of<'_>, endpoint: &Endpoint, attempt: &Attempt) {
        let (status, error) = match &attempt.answer {
            Answer::Response(response) => (Some(response.status), None),
            Answer::Error { class, .. } => (None, Some(class.as_str())),
        };
        let facts = SpanFacts {
            tenant: Some(endpoint.tenant.as_str()),
            event: Some(of.event.id.to_string()),
            event_type: Some(of.event.event_type.as_str()),
            delivery: Some(of.id.to_string()),
            subscription: Some(endpoint.subscription.id.to_string()),
            attempt: Some(attempt.number),
            method: Some(&attempt.request.method),
            status,
            error,
            ..SpanFacts::default()
        };
        self.spans.end(span, &facts);
    }

    /// The exact request of one attempt at this moment.
    ///
    /// # Errors
    ///
    /// The store did not answer what it is made from, or the delivery waits elsewhere.
    pub(crate) async fn request(
        &self,
        of: Of<'_>,
        endpoint: &Endpoint,
        at: Timestamp,
    ) -> Result<Result<Made, RequestError>, Unmade> {
        let shaping = match self.shaping(of, endpoint).await {
            Ok(shaping) => shaping,
            Err(failed) => return Ok(Err(failed?)),
        };
        let signer = match self.signer(&shaping, endpoint).await {
            Ok(signer) => signer,
            Err(failed) => return Ok(Err(failed?)),
        };
        let attempt = AttemptFacts { number: of.number, at };
        let mut group = self.group(of, &shaping, endpoint).await?;
        let carried = Carried::ordered(&mut group).unwrap_or_else(|| Carried::alone(of.event));
        let exact = endpoint.request(&shaping, &signer, (of.id, carried), attempt);
        Ok(exact.map(|exact| Made { exact, profile: Arc::clone(&shaping.profile) }))
    }

    /// All events of a delivery that may carry several, as soon as no other can join them; none of one that carries its own alone.
    async fn group(&self, of: Of<'_>, shaping: &Shaping, endpoint: &Endpoint) -> Result<Vec<Event>, Unmade> {
        let Some((due, is_group)) = of.stored else { return Ok(Vec::new()) };
        if !is_group && !shaping.groups(of.event) {
            return Ok(Vec::new());
        }
        self.commit_clock.pass(due).await;
        let tenant_no = endpoint.subscription.tenant_no;
        // The last event that came may have a delay beyond the end of the window. What was tried before takes none.
        let may_have_moved = of.number == 1 && (shaping.delays() || !endpoint.push.delay.is_zero());
        if may_have_moved {
            let found = self.store.delivery(tenant_no, of.id).await?;
            if found.is_none_or(|found| found.due_at != Some(due)) {
                return Err(Unmade::Elsewhere);
            }
        }
        Ok(self.store.delivery_events(tenant_no, of.id).await?)
    }

    /// What the delivery was created with: mostly what is in force now.
    async fn shaping(&self, of: Of<'_>, endpoint: &Endpoint) -> Result<Arc<Shaping>, Failed> {
        let now = endpoint.key();
        let key = ShapingKey {
            tenant_version: of.event.tenant_version,
            profile: of.event.profile.unwrap_or(now.profile),
            subscription_version: of.subscription_version,
            ..now
        };
        if key == now { endpoint.shaping().cloned().map_err(Ok) } else { self.earlier(key, endpoint).await }
    }

    /// Holds the secrets of today, as the delivery's profile reads them.
    async fn signer(&self, shaping: &Arc<Shaping>, endpoint: &Endpoint) -> Result<Arc<Shaping>, Failed> {
        if !shaping.profile.profile.signs_each_attempt() {
            return Ok(Arc::clone(shaping));
        }
        let (now, profile) = (endpoint.key(), shaping.profile.no);
        if profile == now.profile {
            return endpoint.shaping().cloned().map_err(Ok);
        }
        self.earlier(ShapingKey { profile, ..now }, endpoint).await
    }

    async fn earlier(&self, key: ShapingKey, endpoint: &Endpoint) -> Result<Arc<Shaping>, Failed> {
        let subscription = endpoint.subscription.id;
        self.earlier.of(key, &endpoint.tenant, subscription).await.map_err(|error| match error {
            ShapingError::Store(error) => Err(error),
            error => Ok(RequestError::NotReady(error.to_string())),
        })
    }
}

/// Gives the receiver the context, where the profile allows it and the customer has no such header of their own.
fn pass_on(context: &TraceContext, made: &mut Made) {
    if !made.profile.profile.delivery.trace_context {
        return;
    }
    let headers = &mut made.exact.headers;
    if headers.get(TRACEPARENT).is_some() {
        return;
    }
    headers.push(TRACEPARENT, &context.parent());
    headers.extend(context.state().map(|state| (TRACESTATE, state)));
}

/// Why there is no request: for good, or because the store does not answer now.
type Failed = Result<RequestError, StoreError>;

/// What became of an exchange, for the log.
pub(super) fn answer_of(result: Result<OutboundResponse, SendError>) -> Answer {
    match result {
        Ok(OutboundResponse { status, headers, body, truncated, .. }) => {
            Answer::Response(ResponseHead { status, headers, body, truncated })
        }
        Err(SendError { class, message, .. }) => Answer::Error { class, message },
    }
}
