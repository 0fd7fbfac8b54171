//! The configuration, with the disk in front.

use async_trait::async_trait;
use postroad_domain::{
    ApiKey, KeyId, ProfileNo, Subscription, SubscriptionId, SubscriptionNo, SubscriptionSpec,
    SubscriptionVersion, Tenant, TenantId, TenantNo, tenant::TenantSpec,
};
use postroad_store::{
    ConfigSnapshot, Configuration, CreateKey, CreateKeyError, CreateSubscription, CreateSubscriptionError,
    Deactivate, DeleteEventType, DeleteSubscription, DeleteTenant, Failing, KeyUsed, LaneKey,
    ListAllSubscriptions, ListFailing, ListKeys, ListTenants, Owned, Page, PendingVerifications,
    PutEventType, PutEventTypeError, PutProfile, PutTenant, RecordVerification, RevokeKey, SettingKey,
    StoreError, StoredKey, StoredProfile, UpdateSubscription, UpdateSubscriptionError,
};

use super::SimulatedStore;
use crate::{journal::What, network::subscription_of};

/// About the bytes of a specification.
fn bytes_of(spec: &SubscriptionSpec) -> usize {
    let sealed = spec.sealed.as_ref().map_or(0, String::len);
    let pushed = spec.push().map_or(0, |push| {
        push.url.as_ref().map_or(0, |url| url.as_str().len())
            + push.headers.iter().map(|header| header.name.len() + header.value.len()).sum::<usize>()
    });
    let tags = spec.tag_sets.iter().flatten().map(String::len).sum::<usize>();
    256 + sealed + pushed + tags + spec.options.len() + spec.description.as_ref().map_or(0, String::len)
}

fn bytes_of_all(snapshot: &Option<ConfigSnapshot>) -> usize {
    let subscriptions = snapshot.iter().flat_map(|snapshot| &snapshot.subscriptions);
    subscriptions.map(|subscription| bytes_of(&subscription.spec)).sum()
}

#[async_trait]
impl Configuration for SimulatedStore {
    async fn put_tenant(&self, put: PutTenant) -> Result<(Tenant, bool), StoreError> {
        self.write(2, self.inner.put_tenant(put)).await
    }

    async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError> {
        self.look("tenant", self.inner.tenant(id)).await
    }

    async fn list_tenants(&self, list: ListTenants) -> Result<Page<Tenant, TenantId>, StoreError> {
        self.look("list_tenants", self.inner.list_tenants(list)).await
    }

    async fn delete_tenant(&self, delete: DeleteTenant) -> Result<bool, StoreError> {
        self.write(2, self.inner.delete_tenant(delete)).await
    }

    async fn tenant_version(
        &self,
        tenant_no: TenantNo,
        version: i64,
    ) -> Result<Option<TenantSpec>, StoreError> {
        self.look("tenant_version", self.inner.tenant_version(tenant_no, version)).await
    }

    async fn create_subscription(
        &self,
        create: CreateSubscription,
    ) -> Result<Subscription, CreateSubscriptionError> {
        let created = self.write(3, self.inner.create_subscription(create)).await?;
        let lane = LaneKey { tenant_no: created.tenant_no, subscription_no: created.no };
        let index = created.spec.push().and_then(|push| subscription_of(push.url.as_ref()?.as_str()));
        if let Some(index) = index {
            self.journal.note(What::Created(lane, index));
        }
        Ok(created)
    }

    async fn subscription(
        &self,
        tenant_no: TenantNo,
        id: SubscriptionId,
    ) -> Result<Option<Subscription>, StoreError> {
        self.look("subscription", self.inner.subscription(tenant_no, id)).await
    }

    async fn list_all_subscriptions(
        &self,
        list: ListAllSubscriptions,
    ) -> Result<Page<Owned<Subscription>, SubscriptionNo>, StoreError> {
        self.look("list_all_subscriptions", self.inner.list_all_subscriptions(list)).await
    }

    async fn update_subscription(
        &self,
        update: UpdateSubscription,
    ) -> Result<Subscription, UpdateSubscriptionError> {
        self.write(3, self.inner.update_subscription(update)).await
    }

    async fn deactivate(&self, deactivate: Deactivate) -> Result<bool, StoreError> {
        let lane = LaneKey { tenant_no: deactivate.tenant_no, subscription_no: deactivate.subscription_no };
        // Looked at within its turn to write: somebody may activate it just before.
        let deactivating = async {
            let was_active = self.is_active(lane).await;
            self.inner.deactivate(deactivate).await?;
            Ok::<_, StoreError>(was_active && !self.is_active(lane).await)
        };
        let alone = self.disk.writer().await;
        self.disk.write_takes(2).await;
        self.disk.may_write()?;
        let is_deactivated = self.now(deactivating).await?;
        // Not within the call: the story's clock does not count there.
        if is_deactivated {
            self.journal.note(What::Deactivated(lane));
        }
        drop(alone);
        self.disk.answer_takes().await;
        Ok(is_deactivated)
    }

    async fn failing_subscriptions(&self, list: ListFailing) -> Result<Vec<Failing>, StoreError> {
        self.look("failing_subscriptions", self.inner.failing_subscriptions(list)).await
    }

    async fn record_verification(&self, record: RecordVerification) -> Result<bool, StoreError> {
        self.write(2, self.inner.record_verification(record)).await
    }

    async fn pending_verifications(&self, list: PendingVerifications) -> Result<Vec<LaneKey>, StoreError> {
        self.look("pending_verifications", self.inner.pending_verifications(list)).await
    }

    async fn delete_subscription(&self, delete: DeleteSubscription) -> Result<bool, StoreError> {
        self.write(2, self.inner.delete_subscription(delete)).await
    }

    async fn subscription_version(
        &self,
        tenant_no: TenantNo,
        no: SubscriptionNo,
        version: i64,
    ) -> Result<Option<SubscriptionVersion>, StoreError> {
        self.look("subscription_version", self.inner.subscription_version(tenant_no, no, version)).await
    }

    async fn put_event_type(&self, put: PutEventType) -> Result<bool, PutEventTypeError> {
        self.write(2, self.inner.put_event_type(put)).await
    }

    async fn delete_event_type(&self, delete: DeleteEventType) -> Result<bool, StoreError> {
        self.write(2, self.inner.delete_event_type(delete)).await
    }

    async fn config_snapshot(&self, id: TenantId) -> Result<Option<ConfigSnapshot>, StoreError> {
        self.read("config_snapshot", self.inner.config_snapshot(id), bytes_of_all).await
    }

    async fn config_snapshot_by_no(&self, no: TenantNo) -> Result<Option<ConfigSnapshot>, StoreError> {
        self.read("config_snapshot_by_no", self.inner.config_snapshot_by_no(no), bytes_of_all).await
    }

    async fn create_key(&self, create: CreateKey) -> Result<ApiKey, CreateKeyError> {
        self.write(2, self.inner.create_key(create)).await
    }

    async fn key_by_hash(&self, hash: [u8; 32]) -> Result<Option<StoredKey>, StoreError> {
        self.look("key_by_hash", self.inner.key_by_hash(hash)).await
    }

    async fn list_keys(&self, list: ListKeys) -> Result<Page<ApiKey, KeyId>, StoreError> {
        self.look("list_keys", self.inner.list_keys(list)).await
    }

    async fn revoke_key(&self, revoke: RevokeKey) -> Result<bool, StoreError> {
        self.write(2, self.inner.revoke_key(revoke)).await
    }

    async fn note_key_uses(&self, used: Vec<KeyUsed>) -> Result<(), StoreError> {
        self.write(used.len(), self.inner.note_key_uses(used)).await
    }

    async fn put_profile(&self, put: PutProfile) -> Result<ProfileNo, StoreError> {
        self.now(self.inner.put_profile(put)).await
    }

    async fn profile(&self, no: ProfileNo) -> Result<Option<StoredProfile>, StoreError> {
        self.now(self.inner.profile(no)).await
    }

    async fn latest_profiles(&self) -> Result<Vec<StoredProfile>, StoreError> {
        self.now(self.inner.latest_profiles()).await
    }

    async fn setting(&self, key: SettingKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.now(self.inner.setting(key)).await
    }

    async fn put_setting(&self, key: SettingKey, value: Vec<u8>) -> Result<(), StoreError> {
        self.now(self.inner.put_setting(key, value)).await
    }
}

impl SimulatedStore {
    /// Within a call that is done to its end.
    async fn is_active(&self, lane: LaneKey) -> bool {
        let snapshot = self.inner.config_snapshot_by_no(lane.tenant_no).await;
        let subscriptions =
            snapshot.ok().flatten().map(|snapshot| snapshot.subscriptions).unwrap_or_default();
        let found = subscriptions.iter().find(|subscription| subscription.no == lane.subscription_no);
        found.is_some_and(|subscription| subscription.inactive.is_none())
    }
}
