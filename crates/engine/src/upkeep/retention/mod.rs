//! Forgetting in the background: the oldest events go, and nobody who publishes notices.
//!
//! A step is small; what makes it harmless is the rest between two. While others keep the writer busy the rest is many
//! times the step, so that forgetting takes a twentieth of the writer at most; when nobody else writes, it is as long as
//! the step. Whether somebody writes is told by the store with each step.
//!
//! A profile and a tenant may say less than the installation ([`retention`](crate::configuration::retention)); the shortest wins. What is older than that is
//! erased in the same steps, and nobody can read it even before ([`TenantConfig::kept_since`]).
//!
//! [`TenantConfig::kept_since`]: crate::configuration::cache::TenantConfig::kept_since

mod tenants;

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use postroad_store::{ChangeKinds, Changes, Prune, Pruned, StoreError, TenantRetention};
use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge},
    registry::{Registry, Unit},
};

use self::tenants::TenantLimits;
use crate::{configuration::retention::Retention, upkeep::service::UpkeepService};

/// Rows of one step.
const STEP_ROWS: usize = 1_000;
/// Time of one step.
const STEP_TIME: Duration = Duration::from_millis(3);
/// Between two looks at what has grown old since.
const LOOK_PAUSE: Duration = Duration::from_secs(10);
/// The writer is busy when others had more than one part in so many of the time since the last step.
const BUSY_SHARE: u32 = 10;
/// While it is, the rest is so many times the step.
const BUSY_REST: u32 = 20;
/// The shortest rest: others come first also when a step takes no time that can be measured.
const REST_MIN: Duration = Duration::from_micros(200);

/// What is told of forgetting. Clones are the same figures.
#[derive(Clone, Debug, Default)]
pub struct RetentionMetrics {
    pruned: Counter,
    oldest_age_seconds: Gauge<f64, AtomicU64>,
}

impl RetentionMetrics {
    /// Enters everything into a registry.
    pub fn register(&self, registry: &mut Registry) {
        let pruned = "Events that were erased as they were too old or too much";
        registry.register("events_pruned", pruned, self.pruned.clone());
        let age = "Age of the oldest event that is kept";
        registry.register_with_unit("oldest_event_age", age, Unit::Seconds, self.oldest_age_seconds.clone());
    }
}

impl UpkeepService {
    /// Forgets from now on what is beyond `retention`, until the engine is stopped. To be called once, before tenants are
    /// put: theirs may not be longer.
    pub fn keep_within(self: &Arc<Self>, retention: Retention, metrics: RetentionMetrics) {
        self.configuration.set_installation(retention);
        let changes = self.store.changes(ChangeKinds::TENANTS);
        self.goes_on(Arc::clone(self).forget(retention, metrics, changes));
    }

    async fn forget(self: Arc<Self>, retention: Retention, metrics: RetentionMetrics, changes: Changes) {
        let mut limits = TenantLimits::default();
        let mut ended = self.clock.monotonic();
        loop {
            changes.catch_up(|change| limits.note(change));
            if let Err(error) = self.read_changed(&mut limits).await {
                tracing::warn!(%error, "the limits of tenants could not be read; nothing is erased before");
                self.clock.sleep(LOOK_PAUSE).await;
                continue;
            }
            let began = self.clock.monotonic();
            let rest = match self.prune_step(retention, limits.shared()).await {
                Ok(pruned) => {
                    self.show(&pruned, &metrics);
                    rest_after(&pruned, began.saturating_sub(ended))
                }
                Err(error) => {
                    tracing::warn!(%error, "old events could not be erased");
                    LOOK_PAUSE
                }
            };
            ended = self.clock.monotonic();
            self.clock.sleep(rest).await;
        }
    }

    async fn prune_step(
        &self,
        Retention { age_max, bytes_max }: Retention,
        tenants: Arc<[TenantRetention]>,
    ) -> Result<Pruned, StoreError> {
        let (at, rows_max, time_max) = (self.commit_clock.now(), STEP_ROWS, STEP_TIME);
        self.store.prune(Prune { at, age_max, bytes_max, tenants, rows_max, time_max }).await
    }

    fn show(&self, pruned: &Pruned, metrics: &RetentionMetrics) {
        metrics.pruned.inc_by(pruned.events as u64);
        let age = pruned.oldest.map_or(0.0, |oldest| self.commit_clock.now().since(oldest).as_secs_f64());
        metrics.oldest_age_seconds.set(age);
    }
}

/// How long to rest after a step, when so much time had passed since the one before.
fn rest_after(pruned: &Pruned, since_last: Duration) -> Duration {
    if !pruned.more {
        return LOOK_PAUSE;
    }
    let is_busy = pruned.others_took * BUSY_SHARE > since_last;
    let rest = if is_busy { pruned.took * BUSY_REST } else { pruned.took };
    rest.max(REST_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_long_while_others_write_and_short_while_nobody_does() {
        let millis = Duration::from_millis;
        let step = |others_took| Pruned { took: millis(2), others_took, more: true, ..Pruned::default() };
        assert_eq!(rest_after(&step(millis(0)), millis(40)), millis(2));
        assert_eq!(rest_after(&step(millis(3)), millis(40)), millis(2));
        assert_eq!(rest_after(&step(millis(5)), millis(40)), millis(40));
        let quick = Pruned { more: true, ..Pruned::default() };
        assert_eq!(rest_after(&quick, millis(0)), REST_MIN);
        assert_eq!(rest_after(&Pruned::default(), millis(40)), LOOK_PAUSE);
    }
}
