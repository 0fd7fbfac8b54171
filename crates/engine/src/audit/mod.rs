//! The audit: what is written of each change, and reading it again.

mod fields;
pub(crate) mod origin;

use std::{fmt::Display, sync::Arc, time::Duration};

use postroad_domain::{
    AuditAction, AuditEntry, AuditId, TenantNo,
    limits::{AUDIT_AGE_MAX, AUDIT_ENTRIES_MAX, AUDIT_ENTRIES_PER_TENANT_MAX, AUDIT_SAME_WITHIN},
};
use postroad_store::{
    AuditFilter, ListAudit, NewAudit, Page, PruneAudit, PrunedAudit, RecordAudit, StoreError,
};

pub(crate) use self::fields::{
    Fields, fields_of_event_type, fields_of_key, fields_of_subscription, fields_of_tenant,
};
use crate::{Engine, Origin};

/// Between two looks at what is too old or too much. A look costs next to nothing, and until the next one a tenant may be
/// beyond what it may have.
const LOOK_PAUSE: Duration = Duration::from_secs(60);
/// Between two steps of forgetting.
const STEP_PAUSE: Duration = Duration::from_millis(100);
/// Entries that a step forgets, and how long it may keep the writer.
const STEP_ROWS: usize = 500;
const STEP_TIME_MAX: Duration = Duration::from_millis(3);

/// A change on its way into the audit.
pub(crate) struct Change {
    action: AuditAction,
    object: String,
    before: Fields,
    after: Fields,
}

impl Change {
    /// Something was done to the object of this id or name.
    pub(crate) fn of(action: AuditAction, object: impl Display) -> Self {
        Self { action, object: object.to_string(), before: Fields::default(), after: Fields::default() }
    }

    /// What it was.
    pub(crate) fn before(self, before: Fields) -> Self {
        Self { before, ..self }
    }

    /// What it is.
    pub(crate) fn after(self, after: Fields) -> Self {
        Self { after, ..self }
    }

    /// As it is written.
    pub(crate) fn entry(self, by: &Origin, id: AuditId) -> NewAudit {
        NewAudit {
            id,
            actor: by.actor,
            address: by.address,
            action: self.action,
            object: self.object,
            changes: fields::difference(&self.before, &self.after),
        }
    }
}

impl Engine {
    /// The entry about a change.
    pub(crate) fn audit_of(&self, by: &Origin, change: Change) -> NewAudit {
        change.entry(by, self.ids.audit())
    }

    /// Writes an entry about something that changes nothing else, such as the reading of a secret. Who does the same again
    /// and again is told of once in a while.
    pub(crate) async fn record(
        &self,
        by: &Origin,
        tenant_no: TenantNo,
        change: Change,
    ) -> Result<(), StoreError> {
        let (audit, at) = (self.audit_of(by, change), self.clock.now());
        let unless_within = AUDIT_SAME_WITHIN;
        self.store.record_audit(RecordAudit { tenant_no, audit, unless_within, at }).await
    }

    /// Entries of the audit, newest first.
    pub async fn list_audit(
        &self,
        filter: AuditFilter,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Page<AuditEntry, i64>, StoreError> {
        self.store.list_audit(ListAudit { filter, after, limit }).await
    }

    /// Forgets what is too old or too much.
    pub(crate) async fn keep_audit(self: Arc<Self>) {
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
