//! Reading events.

use postroad_domain::{Event, EventId, TenantId};
use postroad_store::{EventFilter, ListEvents, Page};

use crate::{Engine, LookupError};

impl Engine {
    /// One event.
    pub async fn event(&self, tenant: &TenantId, id: EventId) -> Result<Event, LookupError> {
        let config = self.configs.by_id(tenant).await?.ok_or(LookupError::NoTenant)?;
        self.store.event(config.tenant.no, id).await?.ok_or(LookupError::NotFound)
    }

    /// Events, newest first.
    pub async fn list_events(
        &self,
        tenant: &TenantId,
        filter: EventFilter,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Page<Event, EventId>, LookupError> {
        let config = self.configs.by_id(tenant).await?.ok_or(LookupError::NoTenant)?;
        let list = ListEvents { tenant_no: config.tenant.no, filter, after, limit };
        Ok(self.store.list_events(list).await?)
    }
}
