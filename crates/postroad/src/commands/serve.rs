//! `postroad serve`: the server.

use std::sync::Arc;

use anyhow::Context;

use super::{CommandError, load_config, warn_of_unknown_variables};
use crate::{
    ambient::{self, SystemClock},
    config::{Given, Purpose},
    node::Node,
    output, signals,
    traces::Traces,
};

/// Shorter keys can be guessed by trying.
const ADMIN_KEY_CHARS_ADVISED: usize = 16;

/// Runs until a signal asks it to stop.
///
/// Errors: the configuration cannot be used, the start is refused, or the listener failed.
pub async fn run(flags: &Given) -> Result<(), CommandError> {
    let mut config = load_config(Purpose::Serve, flags)?;
    let traces = Traces::start(&config)?;
    warn_of_unknown_variables();
    let stop = signals::stop_token(|| {}).context("signals cannot be received")?;
    match ambient::raise_open_files_limit() {
        Ok(limit) => tracing::debug!(limit, "open files"),
        Err(error) => tracing::warn!(%error, "the limit of open files could not be raised"),
    }
    if config.admin_key.as_ref().is_some_and(|key| key.len() < ADMIN_KEY_CHARS_ADVISED) {
        tracing::warn!("the admin key is short; one of 16 characters or more cannot be guessed");
    }
    let rng = ambient::rng().context("the system has no randomness to give")?;
    let node =
        Node::start(&mut config, Arc::new(SystemClock::new()), rng).await.map_err(anyhow::Error::msg)?;
    traces.sample(&node);
    announce(&node).context("cannot write to standard output")?;
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(version, address = %node.address(), data_dir = %config.data_dir.display(), "started");
    let served = node.serve(stop, config.shutdown_grace).await;
    traces.stop().await;
    served.context("the listener failed")?;
    Ok(())
}

/// The first line is for scripts; what else there is to know follows.
fn announce(node: &Node) -> std::io::Result<()> {
    output::line(format_args!("listening on http://{}", node.address()))?;
    if let Some(address) = node.metrics_address() {
        output::line(format_args!("metrics on http://{address}/metrics"))?;
    }
    let Some(key) = node.fresh_admin_key() else { return Ok(()) };
    output::line(format_args!("admin key: {key}"))?;
    output::line(
        "It is shown this once and kept only as a hash. To set another, start with --admin-key or POSTROAD_ADMIN_KEY.",
    )
}
