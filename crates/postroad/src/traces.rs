//! Log lines and, where they are asked for, traces: what a server begins with and ends with.
//!
//! Built without the feature `opentelemetry` there are log lines only.

#[cfg(feature = "opentelemetry")]
use crate::telemetry::Telemetry;
use crate::{config::Config, logging, node::Node};

/// What listens to a server while it runs.
pub struct Traces {
    #[cfg(feature = "opentelemetry")]
    telemetry: Option<Telemetry>,
}

#[cfg(feature = "opentelemetry")]
impl Traces {
    /// Starts log lines, and traces where the configuration or the standard variables name a collector. Needs a runtime
    /// of tokio around it.
    ///
    /// Errors: as [`Telemetry::start`] and [`logging::start`].
    pub fn start(config: &Config) -> anyhow::Result<Self> {
        let telemetry = Telemetry::start(config, |name| std::env::var(name).ok())?;
        match &telemetry {
            Some(telemetry) => logging::start_with(config, telemetry.listener())?,
            None => logging::start(config)?,
        }
        Ok(Self { telemetry })
    }

    /// Tells the engine how many events begin a trace.
    pub fn sample(&self, node: &Node) {
        if let Some(telemetry) = &self.telemetry {
            node.engine().sample_traces(telemetry.ratio);
        }
    }

    /// Sends the last spans, when nothing happens any more.
    pub async fn stop(self) {
        if let Some(telemetry) = self.telemetry {
            telemetry.stop().await;
        }
    }
}

#[cfg(not(feature = "opentelemetry"))]
impl Traces {
    /// Starts log lines.
    ///
    /// Errors: as [`logging::start`].
    pub fn start(config: &Config) -> anyhow::Result<Self> {
        logging::start(config)?;
        Ok(Self {})
    }

    /// There are no traces to begin.
    pub fn sample(&self, _: &Node) {}

    /// There are no spans to send.
    pub async fn stop(self) {}
}
