//! The service of history: what its operations share.

use std::sync::Arc;

use postroad_domain::Clock;
use postroad_store::Store;

use super::replays::schedule::ReplaySchedule;
use crate::{
    commit::commit_clock::CommitClock,
    configuration::{cache::ConfigCache, shaping::EarlierShapings},
    ids::IdSource,
    sending::dispatch::Dispatcher,
    telemetry::metrics::Metrics,
};

/// Events, deliveries, replays and the audit: reads them, and sends again.
pub struct HistoryService {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<IdSource>,
    pub(super) configs: Arc<ConfigCache>,
    pub(super) earlier: Arc<EarlierShapings>,
    pub(super) commit_clock: Arc<CommitClock>,
    pub(super) dispatcher: Arc<Dispatcher>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) replays: ReplaySchedule,
}

/// What the service is made from.
pub(crate) struct HistoryParts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<IdSource>,
    pub(crate) configs: Arc<ConfigCache>,
    pub(crate) earlier: Arc<EarlierShapings>,
    pub(crate) commit_clock: Arc<CommitClock>,
    pub(crate) dispatcher: Arc<Dispatcher>,
    pub(crate) metrics: Arc<Metrics>,
}

impl HistoryService {
    pub(crate) fn new(parts: HistoryParts) -> Self {
        let HistoryParts { store, clock, ids, configs, earlier, commit_clock, dispatcher, metrics } = parts;
        let replays = ReplaySchedule::default();
        Self { store, clock, ids, configs, earlier, commit_clock, dispatcher, metrics, replays }
    }
}
