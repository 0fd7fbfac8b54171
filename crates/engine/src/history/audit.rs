//! Reading the audit.

use postroad_domain::AuditEntry;
use postroad_store::{AuditFilter, ListAudit, Page, StoreError};

use super::service::HistoryService;

impl HistoryService {
    /// Entries of the audit, newest first.
    pub async fn list_audit(
        &self,
        filter: AuditFilter,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Page<AuditEntry, i64>, StoreError> {
        self.store.list_audit(ListAudit { filter, after, limit }).await
    }
}
