//! Log lines on standard error, as text for people or as JSON for collectors. Standard output is for answers.

use std::io::{self, IsTerminal};

use anyhow::{Context, anyhow};
use tracing::Level;
use tracing_subscriber::{
    EnvFilter, Layer, Registry, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::config::{Config, LogFormat};

/// Starts writing log lines as the configuration says; once in a process.
///
/// Errors: it was started before, or the filter is not one.
pub fn start(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log_level).context("log-level")?;
    // A line that cannot be written must not end the server: the subscriber would complain with a panicking macro.
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).log_internal_errors(false);
    let started = match config.log_format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).try_init(),
    };
    started.map_err(|error| anyhow!("log lines cannot be written: {error}"))
}

/// As [`start`], with a second listener beside the log lines, which hears what it asks for whatever their filter is.
///
/// Errors: as [`start`].
pub fn start_with<L>(config: &Config, listener: L) -> anyhow::Result<()>
where
    L: Layer<Registry> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(&config.log_level).context("log-level")?;
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr).log_internal_errors(false);
    let lines = match config.log_format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).boxed(),
    };
    let both: Vec<Box<dyn Layer<Registry> + Send + Sync>> =
        vec![lines.with_filter(filter).boxed(), listener.boxed()];
    let started = tracing_subscriber::registry().with(both).try_init();
    started.map_err(|error| anyhow!("log lines cannot be written: {error}"))
}

/// Does a piece of work of a command that is no server, with its warnings as plain lines on standard error.
pub fn with_warnings<T>(work: impl FnOnce() -> T) -> T {
    let lines = tracing_subscriber::fmt()
        .with_max_level(Level::WARN)
        .with_writer(io::stderr)
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .log_internal_errors(false);
    tracing::subscriber::with_default(lines.finish(), work)
}
