//! Reading events.

use postroad_domain::{Event, EventId, TenantId};
use postroad_store::{EventFilter, ListEvents, Page, StoreError};

use super::service::HistoryService;
use crate::configuration::{cache::TenantConfig, lookup_error::LookupError};

impl HistoryService {
    /// One event.
    pub async fn event(&self, tenant: &TenantId, id: EventId) -> Result<Event, LookupError> {
        let config = self.configs.by_id(tenant).await?.ok_or(LookupError::NoTenant)?;
        let event = self.store.event(config.tenant.no, id).await?;
        let kept_since = config.kept_since(self.commit_clock.now());
        event.filter(|event| Some(event.accepted_at) >= kept_since).ok_or(LookupError::NotFound)
    }

    /// Whether what belongs to an event may still be read. Whether it is there is another question.
    pub(crate) async fn may_read(&self, config: &TenantConfig, id: EventId) -> Result<bool, StoreError> {
        let Some(since) = config.kept_since(self.commit_clock.now()) else { return Ok(true) };
        let event = self.store.event(config.tenant.no, id).await?;
        Ok(event.is_none_or(|event| event.accepted_at >= since))
    }

    /// Events, newest first.
    pub async fn list_events(
        &self,
        tenant: &TenantId,
        mut filter: EventFilter,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Page<Event, EventId>, LookupError> {
        let config = self.configs.by_id(tenant).await?.ok_or(LookupError::NoTenant)?;
        filter.since = filter.since.max(config.kept_since(self.commit_clock.now()));
        let list = ListEvents { tenant_no: config.tenant.no, filter, after, limit };
        Ok(self.store.list_events(list).await?)
    }
}
