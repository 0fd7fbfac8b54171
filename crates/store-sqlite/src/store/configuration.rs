//! The operations of [`Configuration`], each handed to the writer or to a reader.

use std::sync::Arc;

use async_trait::async_trait;
use postroad_domain::{
    ApiKey, KeyId, ProfileNo, Subscription, SubscriptionId, SubscriptionNo, SubscriptionVersion, Tenant,
    TenantId, TenantNo, tenant::TenantSpec,
};
use postroad_store::{
    ConfigSnapshot, Configuration, CreateKey, CreateKeyError, CreateSubscription, CreateSubscriptionError,
    Deactivate, DeleteEventType, DeleteSubscription, DeleteTenant, Failing, KeyUsed, LaneKey,
    ListAllSubscriptions, ListFailing, ListKeys, ListTenants, Owned, Page, PendingVerifications,
    PutEventType, PutEventTypeError, PutProfile, PutTenant, RecordVerification, RevokeKey, SettingKey,
    StoreError, StoredKey, StoredProfile, UpdateSubscription, UpdateSubscriptionError,
};

use super::SqliteStore;
use crate::{
    reading::{
        all_tenants, keys, profiles, settings,
        snapshot::{self, Asked, Position},
        subscriptions, tenants,
    },
    writer::{self, WhenFull::GiveUp},
};

/// How often the settings of a tenant are read anew because they changed meanwhile.
const SNAPSHOT_ROUNDS_MAX: usize = 20;

#[async_trait]
impl Configuration for SqliteStore {
    async fn put_tenant(&self, put: PutTenant) -> Result<(Tenant, bool), StoreError> {
        self.writer.write(GiveUp, move |work| writer::subscriptions::put_tenant(work, &put)).await
    }

    async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError> {
        self.readers.read(move |db| tenants::by_id(db, &id)).await
    }

    async fn list_tenants(&self, list: ListTenants) -> Result<Page<Tenant, TenantId>, StoreError> {
        self.readers.read(move |db| tenants::list(db, &list)).await
    }

    async fn delete_tenant(&self, delete: DeleteTenant) -> Result<bool, StoreError> {
        self.writer.write(GiveUp, move |work| writer::tenants::delete(work, &delete)).await
    }

    async fn tenant_version(
        &self,
        tenant_no: TenantNo,
        version: i64,
    ) -> Result<Option<TenantSpec>, StoreError> {
        self.readers.read_for(tenant_no, move |db| tenants::version(db, tenant_no, version)).await
    }

    async fn create_subscription(
        &self,
        create: CreateSubscription,
    ) -> Result<Subscription, CreateSubscriptionError> {
        self.writer
            .write_for(create.tenant_no, GiveUp, move |work| writer::subscriptions::create(work, &create))
            .await?
    }

    async fn subscription(
        &self,
        tenant_no: TenantNo,
        id: SubscriptionId,
    ) -> Result<Option<Subscription>, StoreError> {
        self.readers.read_for(tenant_no, move |db| subscriptions::by_id(db, tenant_no, id)).await
    }

    async fn list_all_subscriptions(
        &self,
        list: ListAllSubscriptions,
    ) -> Result<Page<Owned<Subscription>, SubscriptionNo>, StoreError> {
        self.readers.read(move |db| all_tenants::subscriptions(db, &list)).await
    }

    async fn update_subscription(
        &self,
        update: UpdateSubscription,
    ) -> Result<Subscription, UpdateSubscriptionError> {
        self.writer
            .write_for(update.tenant_no, GiveUp, move |work| writer::subscriptions::update(work, &update))
            .await?
    }

    async fn deactivate(&self, deactivate: Deactivate) -> Result<bool, StoreError> {
        self.writer.write(GiveUp, move |work| writer::subscriptions::deactivate(work, &deactivate)).await
    }

    async fn failing_subscriptions(&self, list: ListFailing) -> Result<Vec<Failing>, StoreError> {
        self.writer.write(GiveUp, move |work| Ok(writer::subscriptions::failing(work, list))).await
    }

    async fn record_verification(&self, record: RecordVerification) -> Result<bool, StoreError> {
        self.writer
            .write_for(record.tenant_no, GiveUp, move |work| writer::subscriptions::verify(work, &record))
            .await
    }

    async fn pending_verifications(&self, list: PendingVerifications) -> Result<Vec<LaneKey>, StoreError> {
        self.readers.read(move |db| subscriptions::pending(db, list)).await
    }

    async fn delete_subscription(&self, delete: DeleteSubscription) -> Result<bool, StoreError> {
        self.writer
            .write_for(delete.tenant_no, GiveUp, move |work| writer::subscriptions::delete(work, &delete))
            .await
    }

    async fn subscription_version(
        &self,
        tenant_no: TenantNo,
        no: SubscriptionNo,
        version: i64,
    ) -> Result<Option<SubscriptionVersion>, StoreError> {
        self.readers.read_for(tenant_no, move |db| subscriptions::version(db, tenant_no, no, version)).await
    }

    async fn put_event_type(&self, put: PutEventType) -> Result<bool, PutEventTypeError> {
        self.writer.write_for(put.tenant_no, GiveUp, move |work| writer::event_types::put(work, &put)).await?
    }

    async fn delete_event_type(&self, delete: DeleteEventType) -> Result<bool, StoreError> {
        self.writer
            .write_for(delete.tenant_no, GiveUp, move |work| writer::event_types::delete(work, &delete))
            .await
    }

    async fn config_snapshot(&self, id: TenantId) -> Result<Option<ConfigSnapshot>, StoreError> {
        self.snapshot(Asked::Id(id)).await
    }

    async fn config_snapshot_by_no(&self, no: TenantNo) -> Result<Option<ConfigSnapshot>, StoreError> {
        self.snapshot(Asked::No(no)).await
    }

    async fn create_key(&self, create: CreateKey) -> Result<ApiKey, CreateKeyError> {
        self.writer
            .write_for(create.tenant_no, GiveUp, move |work| writer::keys::create(work, &create))
            .await?
    }

    async fn key_by_hash(&self, hash: [u8; 32]) -> Result<Option<StoredKey>, StoreError> {
        self.readers.read(move |db| keys::by_hash(db, &hash)).await
    }

    async fn list_keys(&self, list: ListKeys) -> Result<Page<ApiKey, KeyId>, StoreError> {
        self.readers.read_for(list.tenant_no, move |db| keys::list(db, list)).await
    }

    async fn revoke_key(&self, revoke: RevokeKey) -> Result<bool, StoreError> {
        self.writer.write_for(revoke.tenant_no, GiveUp, move |work| writer::keys::revoke(work, &revoke)).await
    }

    async fn note_key_uses(&self, used: Vec<KeyUsed>) -> Result<(), StoreError> {
        self.writer.write(GiveUp, move |work| writer::keys::note_uses(work, &used)).await
    }

    async fn put_profile(&self, put: PutProfile) -> Result<ProfileNo, StoreError> {
        self.writer.write(GiveUp, move |work| writer::profiles::put(work, &put)).await
    }

    async fn profile(&self, no: ProfileNo) -> Result<Option<StoredProfile>, StoreError> {
        self.readers.read(move |db| profiles::by_no(db, no)).await
    }

    async fn latest_profiles(&self) -> Result<Vec<StoredProfile>, StoreError> {
        self.readers.read(profiles::latest).await
    }

    async fn setting(&self, key: SettingKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.readers.read(move |db| settings::get(db, key)).await
    }

    async fn put_setting(&self, key: SettingKey, value: Vec<u8>) -> Result<(), StoreError> {
        self.writer.write(GiveUp, move |work| writer::settings::put(work, key, &value)).await
    }
}

impl SqliteStore {
    /// A tenant with all its settings, read in pieces under one version.
    async fn snapshot(&self, asked: Asked) -> Result<Option<ConfigSnapshot>, StoreError> {
        let asked = Arc::new(asked);
        for _ in 0..SNAPSHOT_ROUNDS_MAX {
            let of = Arc::clone(&asked);
            let Some(tenant) = self.readers.read(move |db| snapshot::tenant(db, &of)).await? else {
                return Ok(None);
            };
            let version = (tenant.no, tenant.config_version);
            let mut whole = ConfigSnapshot { tenant, subscriptions: Vec::new(), event_types: Vec::new() };
            let mut position = Some(Position::EventType(String::new()));
            while let Some(behind) = position.take() {
                let piece = self.readers.read(move |db| snapshot::piece(db, version, &behind)).await?;
                let Some(piece) = piece else { break };
                whole.event_types.extend(piece.event_types);
                whole.subscriptions.extend(piece.subscriptions);
                position = piece.next;
                if position.is_none() {
                    return Ok(Some(whole));
                }
            }
        }
        Err(StoreError::Unavailable("the settings of the tenant keep changing".to_owned()))
    }
}
