//! What the engine counts, in the terms of Prometheus. Names and meanings are listed in `docs/metrics.md`.
//!
//! No metric carries a tenant unless the operator asks for it ([`per_tenant`]): their number is the operator's, not ours to
//! multiply.

mod per_tenant;

use std::{
    sync::{OnceLock, atomic::AtomicU64},
    time::Duration,
};

use postroad_domain::{Attempt, Reason, TenantNo, attempt::Answer, subscription::InactiveReason};
use postroad_store::{Commit, Next};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

use self::per_tenant::PerTenant;

/// The label of attempts, and of tries to send a mail: how they ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OutcomeLabel {
    /// `2xx`, `3xx`, `4xx`, `5xx`, or the class of the error; `sent`, `refused`, `put_off` or `given_up`.
    pub(crate) outcome: &'static str,
}

/// The label of deliveries that ended without success, and of subscriptions that became inactive.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ReasonLabel {
    /// As in the API.
    pub(crate) reason: &'static str,
}

/// The engine's counters and histograms.
pub struct Metrics {
    accepted: Counter,
    pub(crate) duplicates: Counter,
    pub(crate) overloaded: Counter,
    delivered: Counter,
    failed: Family<ReasonLabel, Counter>,
    attempts: Family<OutcomeLabel, Counter>,
    attempt_seconds: Histogram,
    commit_rows: Histogram,
    commit_seconds: Histogram,
    pub(crate) replayed: Counter,
    deactivated: Family<ReasonLabel, Counter>,
    mails: Family<OutcomeLabel, Counter>,
    pub(crate) untold: Counter,
    pub(crate) waiting: Gauge,
    pub(crate) oldest_age_seconds: Gauge<f64, AtomicU64>,
    pub(crate) under_way: Gauge,
    pub(crate) lanes: Gauge,
    pub(crate) lanes_slowed: Gauge,
    pub(crate) lanes_rescued: Counter,
    pub(crate) memory_bytes: Gauge,
    pub(crate) wal_bytes: Gauge,
    pub(crate) file_bytes: Gauge,
    /// Nothing is in it unless the operator asks for it.
    per_tenant: OnceLock<PerTenant>,
}

/// From 0.1 ms to 26 s, each bound twice the one before.
fn seconds_buckets() -> impl Iterator<Item = f64> {
    prometheus_client::metrics::histogram::exponential_buckets(0.000_1, 2.0, 19)
}

impl Metrics {
    /// Counters at zero.
    pub(crate) fn new() -> Self {
        Self {
            accepted: Counter::default(),
            duplicates: Counter::default(),
            overloaded: Counter::default(),
            delivered: Counter::default(),
            failed: Family::default(),
            attempts: Family::default(),
            attempt_seconds: Histogram::new(seconds_buckets()),
            commit_rows: Histogram::new([
                1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0,
            ]),
            commit_seconds: Histogram::new(seconds_buckets()),
            replayed: Counter::default(),
            deactivated: Family::default(),
            mails: Family::default(),
            untold: Counter::default(),
            waiting: Gauge::default(),
            oldest_age_seconds: Gauge::default(),
            under_way: Gauge::default(),
            lanes: Gauge::default(),
            lanes_slowed: Gauge::default(),
            lanes_rescued: Counter::default(),
            memory_bytes: Gauge::default(),
            wal_bytes: Gauge::default(),
            file_bytes: Gauge::default(),
            per_tenant: OnceLock::new(),
        }
    }

    /// How often a regular look found a lane that was ready and that nobody had started. Anything but 0 is a fault.
    pub fn lanes_rescued(&self) -> u64 {
        self.lanes_rescued.get()
    }

    /// Enters everything into a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("events_accepted", "Events made durable", self.accepted.clone());
        registry.register(
            "events_duplicate",
            "Events that were answered from an idempotency key",
            self.duplicates.clone(),
        );
        registry.register(
            "events_overloaded",
            "Events and bodies of requests refused because too much waited to be written",
            self.overloaded.clone(),
        );
        registry.register("deliveries_succeeded", "Deliveries taken by a receiver", self.delivered.clone());
        registry.register("deliveries_failed", "Deliveries that ended without success", self.failed.clone());
        registry.register("deliveries_replayed", "Deliveries that replays queued", self.replayed.clone());
        registry.register(
            "subscriptions_deactivated",
            "Subscriptions that became inactive by what was answered",
            self.deactivated.clone(),
        );
        registry.register("attempts", "HTTP exchanges by how they ended", self.attempts.clone());
        registry.register_with_unit(
            "attempt",
            "Duration of an exchange",
            Unit::Seconds,
            self.attempt_seconds.clone(),
        );
        registry.register("commit_rows", "Events and outcomes in a commit", self.commit_rows.clone());
        registry.register_with_unit(
            "commit",
            "Duration of a commit",
            Unit::Seconds,
            self.commit_seconds.clone(),
        );
        self.register_notifications(registry);
        self.register_gauges(registry);
    }

    fn register_notifications(&self, registry: &mut Registry) {
        registry.register(
            "mails",
            "Tries to send a mail to a contact by what became of them",
            self.mails.clone(),
        );
        registry.register(
            "operational_events_lost",
            "Operational events that were not published because too many waited",
            self.untold.clone(),
        );
    }

    fn register_gauges(&self, registry: &mut Registry) {
        registry.register("deliveries_waiting", "Deliveries that are not final", self.waiting.clone());
        registry.register_with_unit(
            "oldest_waiting_age",
            "Age of the oldest delivery that is not final",
            Unit::Seconds,
            self.oldest_age_seconds.clone(),
        );
        registry.register("exchanges_under_way", "HTTP exchanges under way", self.under_way.clone());
        registry.register("lanes", "Lanes in memory", self.lanes.clone());
        registry.register(
            "lanes_slowed",
            "Lanes that send one probe after each pause because their receivers fail",
            self.lanes_slowed.clone(),
        );
        registry.register(
            "lanes_rescued",
            "Lanes that a regular look found ready and that nobody had started: always 0, or Postroad has a fault",
            self.lanes_rescued.clone(),
        );
        registry.register_with_unit(
            "lanes_memory",
            "Deliveries that wait in memory",
            Unit::Bytes,
            self.memory_bytes.clone(),
        );
        registry.register_with_unit(
            "store_wal",
            "Size of the write-ahead log",
            Unit::Bytes,
            self.wal_bytes.clone(),
        );
        registry.register_with_unit(
            "store_files",
            "Size of the database's files",
            Unit::Bytes,
            self.file_bytes.clone(),
        );
    }

    /// Enters counters of single tenants too, which count from now on.
    pub fn register_per_tenant(&self, registry: &mut Registry) {
        registry.register_collector(Box::new(self.per_tenant.get_or_init(PerTenant::new).clone()));
    }

    /// The counters of single tenants, where the operator asked for them.
    pub(crate) fn per_tenant(&self) -> Option<&PerTenant> {
        self.per_tenant.get()
    }

    pub(crate) fn accepted(&self, tenant: TenantNo) {
        self.accepted.inc();
        if let Some(tenants) = self.per_tenant() {
            tenants.of(tenant).accepted.inc();
        }
    }

    pub(crate) fn committed(&self, commit: &Commit, duration: Duration) {
        self.commit_rows.observe((commit.events.len() + commit.outcomes.len()) as f64);
        self.commit_seconds.observe(duration.as_secs_f64());
    }

    pub(crate) fn attempted(&self, attempt: &Attempt) {
        self.attempt_seconds.observe(attempt.duration.as_secs_f64());
        let outcome = match &attempt.answer {
            Answer::Error { class, .. } => class.as_str(),
            Answer::Response(response) => match response.status {
                200..=299 => "2xx",
                300..=399 => "3xx",
                400..=499 => "4xx",
                _ => "5xx",
            },
        };
        self.attempts.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    pub(crate) fn ended(&self, tenant: TenantNo, next: Next) {
        if let Some(tenants) = self.per_tenant() {
            match next {
                Next::Succeeded => _ = tenants.of(tenant).succeeded.inc(),
                Next::Failed(_) => _ = tenants.of(tenant).failed.inc(),
                Next::Queued { .. } | Next::InPlace { .. } => {}
            }
        }
        match next {
            Next::Succeeded => {
                self.delivered.inc();
            }
            Next::Failed(reason) => self.failed(reason, 1),
            Next::Queued { .. } | Next::InPlace { .. } => {}
        }
    }

    /// Mails are tried no more.
    pub(crate) fn mails_given_up(&self, count: usize) {
        self.mails.get_or_create(&OutcomeLabel { outcome: "given_up" }).inc_by(count as u64);
    }

    /// A mail was tried.
    pub(crate) fn mailed(&self, outcome: &'static str) {
        self.mails.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    pub(crate) fn deactivated(&self, reason: InactiveReason) {
        self.deactivated.get_or_create(&ReasonLabel { reason: reason.as_str() }).inc();
    }

    pub(crate) fn failed(&self, reason: Reason, count: u64) {
        self.failed.get_or_create(&ReasonLabel { reason: reason.as_str() }).inc_by(count);
    }
}
