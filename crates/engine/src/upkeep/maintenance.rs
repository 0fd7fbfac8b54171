//! Work in the background: making watermarks real, keeping lanes within their budget, and figures for `/metrics`.

use std::{sync::Arc, time::Duration};

use postroad_domain::{Reason, Timestamp};
use postroad_store::{BacklogBudget, Changes, Sweep, Swept};

use super::service::UpkeepService;
use crate::operations::Occurrence;

/// Rows one sweep step touches: a few milliseconds between commits.
const SWEEP_ROWS: usize = 500;
/// After a step that took time the sweep rests so many times as long: it takes a fifth of the writer at most.
const SWEEP_REST: u32 = 4;
/// Between sweeps that nobody asked for.
const SWEEP_PAUSE: Duration = Duration::from_secs(30);
/// Between two readings of how much waits.
const FIGURES_PAUSE: Duration = Duration::from_secs(5);
/// The pause is at least so many times the reading's own duration: with very much waiting it comes less often.
const FIGURES_SHARE: u32 = 100;

impl UpkeepService {
    /// Sweeps now and then, and whenever something was paused or deleted: what waits for it is made cancelled soon.
    pub(super) async fn keep_swept(self: Arc<Self>, changes: Changes) {
        loop {
            self.sweep_on().await;
            tokio::select! {
                // Whichever it is, the same follows.
                biased;
                _ = changes.next() => {}
                () = self.clock.sleep(SWEEP_PAUSE) => {}
            }
            // One sweep is enough for all that is known by now.
            changes.catch_up(drop);
        }
    }

    /// Sweeps until nothing is left to do.
    async fn sweep_on(&self) {
        loop {
            let started = self.clock.monotonic();
            let is_more = self.sweep_step().await;
            let rest = SWEEP_REST * self.clock.monotonic().saturating_sub(started);
            self.clock.sleep(rest).await;
            if !is_more {
                return;
            }
        }
    }

    /// Answers whether there is more to do.
    async fn sweep_step(&self) -> bool {
        let at = self.commit_clock.now();
        let sweep = Sweep { at, limit: SWEEP_ROWS, budget: BacklogBudget::default() };
        let swept = self.store.sweep(sweep).await;
        match swept {
            Ok(Swept { expired, overflowed, growing, more, .. }) => {
                for growing in growing {
                    if !self.operations.note(growing.lane, Occurrence::Growing(growing), at) {
                        self.metrics.untold.inc();
                    }
                }
                self.metrics.failed(Reason::Expired, expired as u64);
                self.metrics.failed(Reason::BacklogFull, overflowed as u64);
                more
            }
            Err(error) => {
                tracing::warn!(%error, "the store could not be swept");
                false
            }
        }
    }

    pub(super) async fn keep_figures(self: Arc<Self>) {
        loop {
            let started = self.clock.monotonic();
            self.read_figures().await;
            let took = self.clock.monotonic().saturating_sub(started);
            self.clock.sleep(FIGURES_PAUSE.max(took * FIGURES_SHARE)).await;
        }
    }

    async fn read_figures(&self) {
        match self.store.backlog().await {
            Ok(backlog) => {
                self.metrics.waiting.set(i64::try_from(backlog.waiting).unwrap_or(i64::MAX));
                let age = |since: Timestamp| self.commit_clock.now().since(since).as_secs_f64();
                self.metrics.oldest_age_seconds.set(backlog.oldest.map_or(0.0, age));
            }
            Err(error) => tracing::warn!(%error, "the backlog could not be read"),
        }
        self.refresh_gauges();
    }

    /// Looks up the ids of tenants that have counters of their own and are not shown yet: called before each reading of
    /// `/metrics`.
    pub async fn name_tenants(&self) {
        let Some(tenants) = self.metrics.per_tenant() else { return };
        for no in tenants.unnamed() {
            match self.configs.by_no(no).await {
                Ok(Some(config)) => tenants.name(no, &config.tenant.id),
                // Deleted: its counters are no use to anybody.
                Ok(None) => {}
                Err(error) => {
                    return tracing::warn!(%error, "a tenant's id could not be read for the figures");
                }
            }
        }
    }

    /// Brings the figures of the store up to date.
    pub(crate) fn refresh_gauges(&self) {
        let stats = self.store.stats();
        self.metrics.wal_bytes.set(i64::try_from(stats.pending_bytes).unwrap_or(i64::MAX));
        self.metrics.file_bytes.set(i64::try_from(stats.file_bytes).unwrap_or(i64::MAX));
    }
}
