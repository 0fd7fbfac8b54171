//! Traces for a collector, by OTLP over HTTP in protobuf.
//!
//! The engine tells each span when it ends, as an event of `tracing` under its own target; [`SpanLayer`] listens there and
//! hands spans to the queue of the OpenTelemetry SDK, whose own thread sends them. **Invariant:** nothing waits for the
//! collector: a queue that is full loses spans, a collector that hangs keeps that thread only. **Invariant:** without a
//! collector the layer does not exist, and no span is made.
//!
//! The standard variables hold where no key of ours is given: `OTEL_EXPORTER_OTLP_…`, `OTEL_BSP_…`, `OTEL_SERVICE_NAME`,
//! `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_TRACES_SAMPLER_ARG`, `OTEL_SDK_DISABLED`.

mod collector;
mod layer;

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    trace::{BatchSpanProcessor, SpanProcessor as _},
};
use postroad_engine::TRACE_TARGET;
use tokio::runtime::Handle;
use tracing::{Level, Subscriber};
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};

use self::collector::Collector;
pub use self::layer::SpanLayer;
use crate::config::Config;

const SERVICE_NAME: &str = "postroad";
/// What stands behind the collector's URL, for traces.
const TRACES_PATH: &str = "/v1/traces";
/// How long the last spans may take at the end.
const LAST_SPANS_TIME_MAX: Duration = Duration::from_secs(2);
/// How long the collector may take, as OpenTelemetry has it.
const EXPORT_TIME_DEFAULT: Duration = Duration::from_secs(10);
const ENDPOINT_VARIABLES: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
const TIMEOUT_VARIABLES: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];

/// What sends spans while a server runs.
pub struct Telemetry {
    spans: Arc<BatchSpanProcessor>,
    /// The share of the events without a trace of their own that begin one.
    pub ratio: f64,
}

impl Telemetry {
    /// What the configuration or the standard variables ask for; `None` when they name no collector. Needs a runtime of
    /// tokio around it. `variable` looks a variable of the environment up.
    ///
    /// Errors: the collector's URL or another variable cannot be used.
    pub fn start(config: &Config, variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<Option<Self>> {
        let given = |name: &&str| variable(name).filter(|value| !value.is_empty());
        let is_off = given(&"OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let names_collector =
            config.otlp_endpoint.is_some() || ENDPOINT_VARIABLES.iter().any(|name| given(name).is_some());
        if is_off || !names_collector {
            return Ok(None);
        }
        let millis = TIMEOUT_VARIABLES.iter().find_map(given).and_then(|text| text.parse().ok());
        let timeout = millis.map_or(EXPORT_TIME_DEFAULT, Duration::from_millis);
        let collector = Collector::new(Handle::current(), timeout)?;
        let exporter = SpanExporter::builder().with_http().with_http_client(collector);
        let exporter = exporter.with_protocol(Protocol::HttpBinary).with_timeout(timeout);
        let exporter = match &config.otlp_endpoint {
            Some(url) => {
                exporter.with_endpoint(format!("{}{TRACES_PATH}", url.as_str().trim_end_matches('/')))
            }
            None => exporter,
        };
        let exporter = exporter.build().context("traces cannot be exported")?;
        let mut spans = BatchSpanProcessor::builder(exporter).build();
        let mut resource = Resource::builder();
        if given(&"OTEL_SERVICE_NAME").is_none() {
            resource = resource.with_service_name(SERVICE_NAME);
        }
        spans.set_resource(&resource.build());
        let standard_ratio = || given(&"OTEL_TRACES_SAMPLER_ARG")?.parse().ok();
        let ratio = config.trace_ratio.or_else(standard_ratio).unwrap_or(1.0_f64).clamp(0.0, 1.0);
        Ok(Some(Self { spans: Arc::new(spans), ratio }))
    }

    /// What hears of spans, and of nothing else.
    pub fn listener<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let only = Targets::new().with_target(TRACE_TARGET, Level::TRACE);
        SpanLayer::new(Arc::clone(&self.spans)).with_filter(only)
    }

    /// Sends the last spans; gives up on a collector that does not take them.
    pub async fn stop(self) {
        let spans = self.spans;
        let stopped = tokio::task::spawn_blocking(move || spans.shutdown_with_timeout(LAST_SPANS_TIME_MAX));
        if let Ok(Err(error)) = stopped.await {
            tracing::warn!(%error, "the last spans could not be sent");
        }
    }
}
