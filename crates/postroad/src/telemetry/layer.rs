//! From what the engine tells to the spans of OpenTelemetry.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use opentelemetry::{
    InstrumentationScope, KeyValue, SpanId, TraceFlags, TraceId, Value,
    trace::{SpanContext, SpanKind, Status, TraceState},
};
use opentelemetry_sdk::trace::{BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor as _};
use postroad_domain::TraceContext;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer};

/// Takes what the engine tells of spans that have ended.
pub struct SpanLayer {
    spans: Arc<BatchSpanProcessor>,
    scope: InstrumentationScope,
}

impl SpanLayer {
    pub(super) fn new(spans: Arc<BatchSpanProcessor>) -> Self {
        let scope = InstrumentationScope::builder("postroad").with_version(env!("CARGO_PKG_VERSION")).build();
        Self { spans, scope }
    }
}

impl<S: Subscriber> Layer<S> for SpanLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut told = Told::default();
        event.record(&mut told);
        if let Some(span) = told.into_span(&self.scope) {
            self.spans.on_end(span);
        }
    }
}

/// The fields of one event, as `engine/src/trace.rs` writes them.
#[derive(Default)]
struct Told {
    name: String,
    kind: String,
    context: Option<TraceContext>,
    parent: Option<u64>,
    began_us: i64,
    took_us: u64,
    has_failed: bool,
    attributes: Vec<KeyValue>,
}

impl Told {
    fn into_span(self, scope: &InstrumentationScope) -> Option<SpanData> {
        let context = self.context?;
        let began = after_1970(self.began_us);
        let kind = match self.kind.as_str() {
            "server" => SpanKind::Server,
            "client" => SpanKind::Client,
            _ => SpanKind::Internal,
        };
        let span_context = SpanContext::new(
            TraceId::from_bytes(context.trace_id),
            SpanId::from_bytes(context.span_id),
            TraceFlags::SAMPLED,
            false,
            context.state().and_then(|state| state.parse().ok()).unwrap_or_else(TraceState::default),
        );
        Some(SpanData {
            span_context,
            parent_span_id: self.parent.map_or(SpanId::INVALID, |id| SpanId::from_bytes(id.to_be_bytes())),
            // Only what takes requests has its parent elsewhere.
            parent_span_is_remote: self.parent.is_some() && kind == SpanKind::Server,
            span_kind: kind,
            name: self.name.into(),
            start_time: began,
            end_time: began + Duration::from_micros(self.took_us),
            attributes: self.attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: if self.has_failed { Status::error("") } else { Status::Unset },
            instrumentation_scope: scope.clone(),
        })
    }

    fn attribute(&mut self, field: &Field, value: impl Into<Value>) {
        self.attributes.push(KeyValue::new(field.name(), value.into()));
    }
}

impl Visit for Told {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "span" => value.clone_into(&mut self.name),
            "kind" => value.clone_into(&mut self.kind),
            "context" => self.context = TraceContext::parse(value, None),
            name => {
                self.has_failed |= name == "error.type";
                self.attribute(field, value.to_owned());
            }
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        match field.name() {
            "began_us" => self.began_us = value,
            _ => self.attribute(field, value),
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "took_us" => self.took_us = value,
            "parent" => self.parent = Some(value),
            name => {
                self.has_failed |= name == "http.response.status_code" && value >= 300;
                self.attribute(field, i64::try_from(value).unwrap_or(i64::MAX));
            }
        }
    }

    /// The engine writes no such field.
    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

fn after_1970(micros: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}
