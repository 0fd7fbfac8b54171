//! Lists over all tenants, for the operator.

use std::sync::Arc;

use postroad_domain::{
    Event, EventId, Subscription, SubscriptionNo, TenantId, Timestamp, delivery::Delivery,
};
use postroad_store::{
    DeliveryFilter, EventFilter, ListAllDeliveries, ListAllEvents, ListAllSubscriptions, Owned, Page,
    StoreError, SubscriptionFilter,
};

use super::service::HistoryService;
use crate::configuration::profiles::LoadedProfile;

/// A subscription with what it takes to show it.
pub struct ListedSubscription {
    /// Whose it is.
    pub tenant: TenantId,
    /// The profile of that tenant.
    pub profile: Arc<LoadedProfile>,
    /// The subscription.
    pub subscription: Subscription,
}

impl HistoryService {
    /// Events of all tenants, newest first.
    pub async fn list_all_events(
        &self,
        filter: EventFilter,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Page<Owned<Event>, EventId>, StoreError> {
        let page = self.store.list_all_events(ListAllEvents { filter, after, limit }).await?;
        let mut items = Vec::with_capacity(page.items.len());
        for owned in page.items {
            if self.is_kept(&owned.tenant, owned.item.accepted_at).await? {
                items.push(owned);
            }
        }
        Ok(Page { items, next: page.next })
    }

    /// Deliveries of all tenants, newest event first.
    pub async fn list_all_deliveries(
        &self,
        filter: DeliveryFilter,
        after: Option<String>,
        limit: usize,
    ) -> Result<Page<Owned<Delivery>, String>, StoreError> {
        let page = self.store.list_all_deliveries(ListAllDeliveries { filter, after, limit }).await?;
        let mut items = Vec::with_capacity(page.items.len());
        for owned in page.items {
            if self.is_kept(&owned.tenant, owned.item.id.first_event().timestamp()).await? {
                let item = self.with_live_status(owned.tenant_no, owned.item);
                items.push(Owned { item, ..owned });
            }
        }
        Ok(Page { items, next: page.next })
    }

    /// Subscriptions of all tenants, newest first.
    pub async fn list_all_subscriptions(
        &self,
        filter: SubscriptionFilter,
        after: Option<SubscriptionNo>,
        limit: usize,
    ) -> Result<Page<ListedSubscription, SubscriptionNo>, StoreError> {
        let page = self.store.list_all_subscriptions(ListAllSubscriptions { filter, after, limit }).await?;
        let mut items = Vec::with_capacity(page.items.len());
        for Owned { tenant, item, .. } in page.items {
            // One whose tenant was deleted a moment ago is not there any more.
            if let Some(config) = self.configs.by_id(&tenant).await? {
                let profile = Arc::clone(&config.profile);
                items.push(ListedSubscription { tenant, profile, subscription: self.configs.opened(item) });
            }
        }
        Ok(Page { items, next: page.next })
    }

    /// Whether what is of that moment is young enough for its tenant: what is not is as good as erased.
    async fn is_kept(&self, tenant: &TenantId, moment: Timestamp) -> Result<bool, StoreError> {
        let config = self.configs.by_id(tenant).await?;
        Ok(config.is_some_and(|config| Some(moment) >= config.kept_since(self.commit_clock.now())))
    }
}
