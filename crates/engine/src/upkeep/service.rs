//! The service of upkeep: what its work shares, and its start.

use std::sync::Arc;

use parking_lot::Mutex;
use postroad_domain::Clock;
use postroad_store::{ChangeKinds, Store};
use tokio::task::JoinHandle;

use crate::{
    commit::commit_clock::CommitClock,
    configuration::{cache::ConfigCache, service::ConfigurationService},
    operations::Operations,
    telemetry::metrics::Metrics,
};

/// Sweeps, forgets what is old, and keeps the figures.
pub struct UpkeepService {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) commit_clock: Arc<CommitClock>,
    pub(super) configuration: Arc<ConfigurationService>,
    pub(super) configs: Arc<ConfigCache>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) operations: Arc<Operations>,
    /// Ended with the node.
    background: Mutex<Vec<JoinHandle<()>>>,
}

/// What the service is made from.
pub(crate) struct UpkeepParts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) commit_clock: Arc<CommitClock>,
    pub(crate) configuration: Arc<ConfigurationService>,
    pub(crate) configs: Arc<ConfigCache>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) operations: Arc<Operations>,
}

impl UpkeepService {
    pub(crate) fn new(parts: UpkeepParts) -> Self {
        let UpkeepParts { store, clock, commit_clock, configuration, configs, metrics, operations } = parts;
        let background = Mutex::default();
        Self { store, clock, commit_clock, configuration, configs, metrics, operations, background }
    }

    /// Starts what goes on in the background.
    pub(crate) fn start(self: &Arc<Self>) {
        let changes = self.store.changes(ChangeKinds::CALLED_OFF);
        self.goes_on(Arc::clone(self).keep_swept(changes));
        self.goes_on(Arc::clone(self).keep_figures());
        self.goes_on(Arc::clone(self).keep_audit());
    }

    /// Ends it.
    pub(crate) fn stop(&self) {
        self.background.lock().drain(..).for_each(|task| task.abort());
    }

    /// Something goes on in the background until the node stops.
    pub(super) fn goes_on(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.background.lock().push(tokio::spawn(work));
    }
}
