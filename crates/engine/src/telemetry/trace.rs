//! Spans of what happens to an event: publishing it, its commit, the shaping and each attempt of its deliveries.
//!
//! A span is told when it ends, as one event of `tracing` under [`TRACE_TARGET`] with all of its facts; whoever exports
//! spans listens there. **Invariant:** while nobody listens, a span costs one comparison, and nothing is made. The context
//! that the caller gave travels with the event all the same.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use postroad_domain::{Clock, Timestamp, TraceContext};
use rand::{Rng, RngExt};

use crate::ids::IdSource;

/// Who listens here gets the spans.
pub const TRACE_TARGET: &str = "postroad_trace";

/// Begins spans.
pub(crate) struct Spans {
    clock: Arc<dyn Clock>,
    ids: Arc<IdSource>,
    /// Of the events that come without a context, the share that begins a trace; unset for none.
    ratio: OnceLock<f64>,
}

/// A span under way.
pub(crate) struct Span {
    name: &'static str,
    /// As OpenTelemetry calls it: `server`, `client`, `internal`.
    kind: &'static str,
    /// The span itself.
    pub(crate) context: TraceContext,
    parent: Option<[u8; 8]>,
    began: Timestamp,
    started: Duration,
}

/// What is known of a span at its end. Names are those of OpenTelemetry's conventions where it has them.
#[derive(Default)]
pub(crate) struct SpanFacts<'a> {
    pub(crate) tenant: Option<&'a str>,
    pub(crate) event: Option<String>,
    pub(crate) event_type: Option<&'a str>,
    pub(crate) deliveries: Option<u32>,
    pub(crate) delivery: Option<String>,
    pub(crate) subscription: Option<String>,
    pub(crate) attempt: Option<u32>,
    pub(crate) method: Option<&'a str>,
    pub(crate) status: Option<u16>,
    /// Why it failed: `timeout`.
    pub(crate) error: Option<&'a str>,
}

/// Whether anybody wants spans.
pub(crate) fn is_wanted() -> bool {
    tracing::enabled!(target: TRACE_TARGET, tracing::Level::TRACE)
}

impl Spans {
    pub(crate) fn new(clock: Arc<dyn Clock>, ids: Arc<IdSource>) -> Self {
        Self { clock, ids, ratio: OnceLock::new() }
    }

    /// From now on this share of the events that come without a context begins a trace.
    pub(crate) fn sample(&self, ratio: f64) {
        self.ratio.get_or_init(|| ratio);
    }

    /// What publishes an event, in the trace of its caller or in a new one.
    pub(crate) fn publishing(&self, caller: Option<&TraceContext>) -> Option<Span> {
        if !is_wanted() {
            return None;
        }
        match caller {
            Some(caller) => self.child_of(Some(caller), "publish", "server"),
            None => self.ids.with_rng(|rng| {
                let is_sampled = rng.random::<f64>() < self.ratio.get().copied().unwrap_or_default();
                is_sampled.then(|| {
                    let context = TraceContext::root(nonzero(rng), nonzero(rng));
                    self.begin("publish", "server", context, None)
                })
            }),
        }
    }

    /// What follows from `parent`, where its trace is recorded and somebody wants it.
    pub(crate) fn child_of(
        &self,
        parent: Option<&TraceContext>,
        name: &'static str,
        kind: &'static str,
    ) -> Option<Span> {
        let parent = parent.filter(|parent| parent.is_sampled && is_wanted())?;
        let context = parent.child(self.ids.with_rng(nonzero));
        Some(self.begin(name, kind, context, Some(parent.span_id)))
    }

    fn begin(
        &self,
        name: &'static str,
        kind: &'static str,
        context: TraceContext,
        parent: Option<[u8; 8]>,
    ) -> Span {
        Span { name, kind, context, parent, began: self.clock.now(), started: self.clock.monotonic() }
    }

    /// Tells a span, which has ended now.
    pub(crate) fn end(&self, span: Span, facts: &SpanFacts<'_>) {
        let Span { name, kind, context, parent, began, started } = span;
        let took = self.clock.monotonic().saturating_sub(started);
        tracing::event!(
            target: TRACE_TARGET,
            tracing::Level::TRACE,
            span = name,
            kind,
            context = context.parent(),
            parent = parent.map(u64::from_be_bytes),
            began_us = began.as_micros(),
            took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            postroad.tenant = facts.tenant,
            postroad.event.id = facts.event.as_deref(),
            postroad.event.type = facts.event_type,
            postroad.event.deliveries = facts.deliveries,
            postroad.delivery.id = facts.delivery.as_deref(),
            postroad.subscription.id = facts.subscription.as_deref(),
            postroad.attempt = facts.attempt,
            http.request.method = facts.method,
            http.response.status_code = facts.status,
            error.type = facts.error,
        );
    }
}

/// Random bytes that are not all zero.
fn nonzero<const N: usize>(rng: &mut impl Rng) -> [u8; N] {
    let mut bytes = [0; N];
    while bytes.iter().all(|byte| *byte == 0) {
        rng.fill_bytes(&mut bytes);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use postroad_testkit::ManualClock;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    fn spans() -> Spans {
        let clock = Arc::new(ManualClock::default());
        let ids = Arc::new(IdSource::new(clock.clone(), StdRng::seed_from_u64(1)));
        Spans::new(clock, ids)
    }

    #[test]
    fn while_nobody_listens_no_span_begins_whatever_the_caller_traces() {
        let (spans, caller) = (spans(), TraceContext::root([1; 16], [2; 8]));
        spans.sample(1.0);
        assert!(spans.publishing(None).is_none() && spans.publishing(Some(&caller)).is_none());
        assert!(spans.child_of(Some(&caller), "attempt", "client").is_none());
    }

    #[test]
    fn who_listens_gets_the_callers_trace_and_a_share_of_the_rest() {
        tracing::subscriber::with_default(tracing_subscriber::registry(), || {
            let (spans, caller) = (spans(), TraceContext::root([1; 16], [2; 8]));
            assert!(spans.publishing(None).is_none(), "nobody asked for a share");
            let span = spans.publishing(Some(&caller)).unwrap();
            assert_eq!((span.context.trace_id, span.parent), ([1; 16], Some([2; 8])));
            assert_ne!(span.context.span_id, [2; 8]);
            let mut unsampled = caller.clone();
            unsampled.is_sampled = false;
            assert!(spans.publishing(Some(&unsampled)).is_none());
            spans.sample(0.5);
            let begun = (0..1_000).filter(|_| spans.publishing(None).is_some()).count();
            assert!((400..600).contains(&begun), "{begun}");
        });
    }
}
