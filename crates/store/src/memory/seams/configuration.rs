//! The memory store's configuration.

use async_trait::async_trait;
use postroad_domain::{
    ApiKey, KeyId, ProfileNo, Subscription, SubscriptionId, SubscriptionNo, SubscriptionVersion, Tenant,
    TenantId, TenantNo, tenant::TenantSpec,
};

use crate::{
    ConfigSnapshot, Configuration, CreateKey, CreateKeyError, CreateSubscription, CreateSubscriptionError,
    Deactivate, DeleteEventType, DeleteSubscription, DeleteTenant, Failing, KeyUsed, LaneKey,
    ListAllSubscriptions, ListFailing, ListKeys, ListTenants, Owned, Page, PendingVerifications,
    PutEventType, PutEventTypeError, PutProfile, PutTenant, RecordVerification, RevokeKey, SettingKey,
    StoreError, StoredKey, StoredProfile, UpdateSubscription, UpdateSubscriptionError, memory::MemoryStore,
};

#[async_trait]
impl Configuration for MemoryStore {
    async fn put_tenant(&self, put: PutTenant) -> Result<(Tenant, bool), StoreError> {
        let put = self.state().put_tenant(put);
        self.shared.faults.answer(put)
    }

    async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError> {
        Ok(self.state().tenant_by_id(&id).cloned())
    }

    async fn list_tenants(&self, list: ListTenants) -> Result<Page<Tenant, TenantId>, StoreError> {
        Ok(self.state().list_tenants(&list))
    }

    async fn delete_tenant(&self, delete: DeleteTenant) -> Result<bool, StoreError> {
        let deleted = self.state().delete_tenant(&delete);
        self.shared.faults.answer(deleted)
    }

    async fn tenant_version(
        &self,
        tenant_no: TenantNo,
        version: i64,
    ) -> Result<Option<TenantSpec>, StoreError> {
        Ok(self.state().tenant_version(tenant_no, version))
    }

    async fn create_subscription(
        &self,
        create: CreateSubscription,
    ) -> Result<Subscription, CreateSubscriptionError> {
        self.state().create_subscription(create)
    }

    async fn subscription(
        &self,
        tenant_no: TenantNo,
        id: SubscriptionId,
    ) -> Result<Option<Subscription>, StoreError> {
        Ok(self.state().subscription(tenant_no, id))
    }

    async fn list_all_subscriptions(
        &self,
        list: ListAllSubscriptions,
    ) -> Result<Page<Owned<Subscription>, SubscriptionNo>, StoreError> {
        Ok(self.state().list_all_subscriptions(&list))
    }

    async fn update_subscription(
        &self,
        update: UpdateSubscription,
    ) -> Result<Subscription, UpdateSubscriptionError> {
        self.state().update_subscription(update)
    }

    async fn deactivate(&self, deactivate: Deactivate) -> Result<bool, StoreError> {
        Ok(self.state().deactivate(deactivate))
    }

    async fn failing_subscriptions(&self, list: ListFailing) -> Result<Vec<Failing>, StoreError> {
        Ok(self.state().failing_subscriptions(list))
    }

    async fn record_verification(&self, record: RecordVerification) -> Result<bool, StoreError> {
        Ok(self.state().record_verification(record))
    }

    async fn pending_verifications(&self, list: PendingVerifications) -> Result<Vec<LaneKey>, StoreError> {
        Ok(self.state().pending_verifications(list))
    }

    async fn delete_subscription(&self, delete: DeleteSubscription) -> Result<bool, StoreError> {
        let deleted = self.state().delete_subscription(delete);
        self.shared.faults.answer(deleted)
    }

    async fn subscription_version(
        &self,
        tenant_no: TenantNo,
        no: SubscriptionNo,
        version: i64,
    ) -> Result<Option<SubscriptionVersion>, StoreError> {
        Ok(self.state().subscription_version(tenant_no, no, version))
    }

    async fn put_event_type(&self, put: PutEventType) -> Result<bool, PutEventTypeError> {
        self.state().put_event_type(put)
    }

    async fn delete_event_type(&self, delete: DeleteEventType) -> Result<bool, StoreError> {
        Ok(self.state().delete_event_type(&delete))
    }

    async fn config_snapshot(&self, id: TenantId) -> Result<Option<ConfigSnapshot>, StoreError> {
        let state = self.state();
        Ok(state.tenant_by_id(&id).and_then(|tenant| state.config_snapshot(tenant.no)))
    }

    async fn config_snapshot_by_no(&self, no: TenantNo) -> Result<Option<ConfigSnapshot>, StoreError> {
        Ok(self.state().config_snapshot(no))
    }

    async fn create_key(&self, create: CreateKey) -> Result<ApiKey, CreateKeyError> {
        self.state().create_key(create)
    }

    async fn key_by_hash(&self, hash: [u8; 32]) -> Result<Option<StoredKey>, StoreError> {
        Ok(self.state().key_by_hash(&hash))
    }

    async fn list_keys(&self, list: ListKeys) -> Result<Page<ApiKey, KeyId>, StoreError> {
        Ok(self.state().list_keys(list))
    }

    async fn revoke_key(&self, revoke: RevokeKey) -> Result<bool, StoreError> {
        Ok(self.state().revoke_key(revoke))
    }

    async fn note_key_uses(&self, used: Vec<KeyUsed>) -> Result<(), StoreError> {
        self.state().note_key_uses(&used);
        Ok(())
    }

    async fn put_profile(&self, put: PutProfile) -> Result<ProfileNo, StoreError> {
        Ok(self.state().put_profile(put))
    }

    async fn profile(&self, no: ProfileNo) -> Result<Option<StoredProfile>, StoreError> {
        Ok(self.state().profile(no))
    }

    async fn latest_profiles(&self) -> Result<Vec<StoredProfile>, StoreError> {
        Ok(self.state().latest_profiles())
    }

    async fn setting(&self, key: SettingKey) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.state().settings.get(&key).cloned())
    }

    async fn put_setting(&self, key: SettingKey, value: Vec<u8>) -> Result<(), StoreError> {
        self.state().settings.insert(key, value);
        Ok(())
    }
}
