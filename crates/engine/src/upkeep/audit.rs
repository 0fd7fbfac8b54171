//! Forgetting old entries of the audit.

use std::{sync::Arc, time::Duration};

use postroad_domain::limits::{AUDIT_AGE_MAX, AUDIT_ENTRIES_MAX, AUDIT_ENTRIES_PER_TENANT_MAX};
use postroad_store::{PruneAudit, PrunedAudit};

use super::service::UpkeepService;

/// Between two looks at what is too old or too much. A look costs next to nothing, and until the next one a tenant may be
/// beyond what it may have.
const LOOK_PAUSE: Duration = Duration::from_secs(60);
/// Between two steps of forgetting.
const STEP_PAUSE: Duration = Duration::from_millis(100);
/// Entries that a step forgets, and how long it may keep the writer.
const STEP_ROWS: usize = 500;
const STEP_TIME_MAX: Duration = Duration::from_millis(3);

impl UpkeepService {
    /// Forgets what is too old or too much.
    pub(super) async fn keep_audit(self: Arc<Self>) {
        let mut pause = LOOK_PAUSE;
        loop {
            let before = self.clock.now().before(AUDIT_AGE_MAX);
            let step = PruneAudit {
                before,
                entries_of_tenant_max: AUDIT_ENTRIES_PER_TENANT_MAX,
                entries_max: AUDIT_ENTRIES_MAX,
                rows_max: STEP_ROWS,
                time_max: STEP_TIME_MAX,
            };
            let is_look = pause == LOOK_PAUSE;
            pause = match self.store.prune_audit(step).await {
                Ok(PrunedAudit { forgotten: 0, .. }) => LOOK_PAUSE,
                Ok(PrunedAudit { crowded, .. }) => {
                    if let Some(tenant) = crowded.filter(|_| is_look) {
                        tracing::warn!(%tenant, "very many changes: of this tenant's audit the oldest entries go");
                    }
                    STEP_PAUSE
                }
                Err(error) => {
                    tracing::warn!(%error, "old entries of the audit could not be erased");
                    LOOK_PAUSE
                }
            };
            self.clock.sleep(pause).await;
        }
    }
}
