//! The service that sends: what its operations share, and its start.

use std::{sync::Arc, time::Duration};

use postroad_domain::{Clock, TenantId, limits};
use postroad_egress::Egress;
use postroad_store::{ChangeKinds, Store};
use tokio::task::JoinHandle;

use super::{
    attempt::Attempts,
    dispatch::{Dispatcher, DispatcherParts},
    handshakes::making::Handshakes,
    lanes::types::LaneLimits,
};
use crate::{
    commit::{Committer, commit_clock::CommitClock},
    configuration::{cache::ConfigCache, handshakes::queue::Inbox, shaping::EarlierShapings},
    ids::IdSource,
    operations::Operations,
    shares::{Amount, Shares},
    telemetry::{health::Health, metrics::Metrics, trace::Spans},
};

/// Sends deliveries, and tries subscriptions.
pub struct SendingService {
    pub(super) store: Arc<dyn Store>,
    pub(super) commit_clock: Arc<CommitClock>,
    pub(super) ids: Arc<IdSource>,
    pub(super) configs: Arc<ConfigCache>,
    pub(super) health: Arc<Health>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) dispatcher: Arc<Dispatcher>,
    /// Of tests that are under way, and of handshakes that somebody waits for.
    pub(super) tests: Shares<TenantId>,
    /// Of calls that make due what waits.
    pub(super) send_nows: Shares<TenantId>,
    pub(super) handshakes: Arc<Handshakes>,
}

/// What the service is made from.
pub(crate) struct SendingParts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) egress: Arc<dyn Egress>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<IdSource>,
    pub(crate) configs: Arc<ConfigCache>,
    pub(crate) earlier: Arc<EarlierShapings>,
    pub(crate) commit_clock: Arc<CommitClock>,
    pub(crate) committer: Committer,
    pub(crate) health: Arc<Health>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) spans: Arc<Spans>,
    pub(crate) operations: Arc<Operations>,
    pub(crate) deactivate_after: Option<Duration>,
}

impl SendingService {
    pub(crate) fn new(parts: SendingParts) -> Self {
        let SendingParts { store, egress, clock, ids, configs, earlier, .. } = parts;
        let SendingParts {
            commit_clock,
            committer,
            health,
            metrics,
            spans,
            operations,
            deactivate_after,
            ..
        } = parts;
        let attempts = Attempts {
            store: Arc::clone(&store),
            commit_clock: Arc::clone(&commit_clock),
            egress,
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
            earlier,
            spans,
        };
        let dispatcher = Arc::new(Dispatcher::new(DispatcherParts {
            store: Arc::clone(&store),
            attempts,
            clock,
            commit_clock: Arc::clone(&commit_clock),
            ids: Arc::clone(&ids),
            configs: Arc::clone(&configs),
            committer,
            health: Arc::clone(&health),
            metrics: Arc::clone(&metrics),
            operations,
            deactivate_after,
            limits: lane_limits(),
        }));
        let tests = Shares::new(Amount { places: limits::TESTS_MAX, bytes: 0 });
        let send_nows = Shares::new(Amount { places: limits::SEND_NOWS_MAX, bytes: 0 });
        let handshakes = Arc::new(Handshakes {
            store: Arc::clone(&store),
            dispatcher: Arc::clone(&dispatcher),
            configs: Arc::clone(&configs),
            commit_clock: Arc::clone(&commit_clock),
            ids: Arc::clone(&ids),
            health: Arc::clone(&health),
            metrics: Arc::clone(&metrics),
        });
        Self { store, commit_clock, ids, configs, health, metrics, dispatcher, tests, send_nows, handshakes }
    }

    /// The lanes and what takes turns from them.
    pub(crate) fn dispatcher(&self) -> &Arc<Dispatcher> {
        &self.dispatcher
    }

    /// Starts what goes on in the background.
    pub(crate) fn start(&self) -> Vec<JoinHandle<()>> {
        let changes = self.store.changes(ChangeKinds::LANES.and(ChangeKinds::TENANTS));
        let dispatcher = || Arc::clone(&self.dispatcher);
        vec![
            tokio::spawn(dispatcher().keep_time()),
            tokio::spawn(dispatcher().keep_up(changes)),
            tokio::spawn(dispatcher().keep_judging()),
        ]
    }

    /// Makes the handshakes that changes ask for, until it is ended.
    pub(crate) fn keep_handshakes(&self, ordered: Inbox) -> JoinHandle<()> {
        tokio::spawn(Arc::clone(&self.handshakes).keep(ordered))
    }

    /// Brings the figures of the lanes up to date.
    pub(crate) fn refresh_gauges(&self) {
        let lanes = self.dispatcher.figures();
        let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.metrics.lanes.set(signed(lanes.lanes));
        self.metrics.lanes_slowed.set(signed(lanes.slowed));
        self.metrics.under_way.set(signed(lanes.under_way));
        self.metrics.memory_bytes.set(signed(lanes.ready_bytes));
    }
}

fn lane_limits() -> LaneLimits {
    LaneLimits {
        lane_deliveries: limits::LANE_DELIVERIES_MAX,
        lane_bytes: limits::LANE_BYTES_MAX,
        all_bytes: limits::LANES_BYTES_MAX,
        exchanges: limits::EXCHANGES_MAX,
        exchange_bytes: limits::EXCHANGES_BYTES_MAX,
        host_exchanges: limits::EXCHANGES_PER_HOST_MAX,
        refills: limits::REFILLS_MAX,
    }
}
