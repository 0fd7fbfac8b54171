//! The service that accepts events: what its operations share.

use std::sync::{Arc, atomic::AtomicU64};

use postroad_domain::{
    TenantId,
    limits::{REQUEST_BODIES_BYTES_MAX, REQUEST_BODIES_MAX},
};

use crate::{
    commit::{Committer, commit_clock::CommitClock, publish_gate::PublishGate},
    configuration::cache::ConfigCache,
    ids::IdSource,
    shares::{Amount, Shares},
    telemetry::{health::Health, metrics::Metrics, trace::Spans},
};

/// Takes events in.
pub struct AcceptingService {
    pub(super) commit_clock: Arc<CommitClock>,
    pub(super) ids: Arc<IdSource>,
    pub(super) configs: Arc<ConfigCache>,
    pub(super) committer: Committer,
    pub(super) health: Arc<Health>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) spans: Arc<Spans>,
    pub(super) gate: PublishGate,
    /// Calls so far: each event says which of them published it.
    pub(super) calls: AtomicU64,
    /// Of bodies of requests. Their tenants are not looked up yet, so they go by the id in the path.
    pub(super) bodies: Shares<TenantId>,
}

/// What the service is made from.
pub(crate) struct AcceptingParts {
    pub(crate) commit_clock: Arc<CommitClock>,
    pub(crate) ids: Arc<IdSource>,
    pub(crate) configs: Arc<ConfigCache>,
    pub(crate) committer: Committer,
    pub(crate) health: Arc<Health>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) spans: Arc<Spans>,
}

impl AcceptingService {
    pub(crate) fn new(parts: AcceptingParts) -> Self {
        let AcceptingParts { commit_clock, ids, configs, committer, health, metrics, spans } = parts;
        let bodies = Shares::new(Amount { places: REQUEST_BODIES_MAX, bytes: REQUEST_BODIES_BYTES_MAX });
        let gate = PublishGate::new();
        let calls = AtomicU64::default();
        Self { commit_clock, ids, configs, committer, health, metrics, spans, gate, calls, bodies }
    }
}
