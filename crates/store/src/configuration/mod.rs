//! What is configured: tenants, subscriptions, event types, API keys, profiles, and values of the installation.
//!
//! **Invariants:**
//! * each change of what a tenant's events are matched against makes the tenant's `config_version` grow, in the same
//!   transaction;
//! * each version of a tenant and of a subscription stays readable, so that a delivery can be shaped with the version it was
//!   made with;
//! * a deleted tenant is gone at once for every reader;
//! * each change is announced in the feed of changes ([`crate::Cluster::changes`]) before it is answered.

mod keys;
mod profiles;
mod settings;
mod tenants;
mod verification;

use async_trait::async_trait;
pub use keys::{CreateKey, KeyUsed, ListKeys, RevokeKey, StoredKey};
use postroad_domain::{
    ApiKey, KeyId, ProfileNo, Subscription, SubscriptionId, SubscriptionNo, SubscriptionVersion, Tenant,
    TenantId, TenantNo, tenant::TenantSpec,
};
pub use profiles::{PutProfile, StoredProfile};
pub use settings::SettingKey;
pub use tenants::{
    ConfigSnapshot, CreateSubscription, Deactivate, Deactivation, DeleteEventType, DeleteSubscription,
    DeleteTenant, ListFailing, ListTenants, PutEventType, PutTenant, Redirected, SubscriptionChange,
    TenantChange, UpdateSubscription,
};
pub use verification::{AskVerification, PendingVerifications, RecordVerification};

use crate::{
    Failing, LaneKey, ListAllSubscriptions, Owned, Page,
    error::{
        CreateKeyError, CreateSubscriptionError, PutEventTypeError, StoreError, UpdateSubscriptionError,
    },
};

/// Tenants and everything that is set up for them.
#[async_trait]
pub trait Configuration: Send + Sync + 'static {
    // --- tenants -----------------------------------------------------------------------------------------------------

    /// Creates or replaces a tenant, and notes which of its subscriptions lead elsewhere by it; answers it and whether it is new.
    async fn put_tenant(&self, put: PutTenant) -> Result<(Tenant, bool), StoreError>;

    /// One tenant.
    async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError>;

    /// Tenants by id.
    async fn list_tenants(&self, list: ListTenants) -> Result<Page<Tenant, TenantId>, StoreError>;

    /// Hides a tenant at once; [`crate::Queue::sweep`] erases its rows. Answers whether there was one.
    async fn delete_tenant(&self, delete: DeleteTenant) -> Result<bool, StoreError>;

    /// What the caller had set of a tenant at one of its versions.
    async fn tenant_version(
        &self,
        tenant_no: TenantNo,
        version: i64,
    ) -> Result<Option<TenantSpec>, StoreError>;

    // --- subscriptions -----------------------------------------------------------------------------------------------

    /// Creates a subscription, and changes its tenant with it where that is asked for.
    async fn create_subscription(
        &self,
        create: CreateSubscription,
    ) -> Result<Subscription, CreateSubscriptionError>;

    /// One subscription of the tenant.
    async fn subscription(
        &self,
        tenant_no: TenantNo,
        id: SubscriptionId,
    ) -> Result<Option<Subscription>, StoreError>;

    /// Subscriptions of all tenants, newest first.
    async fn list_all_subscriptions(
        &self,
        list: ListAllSubscriptions,
    ) -> Result<Page<Owned<Subscription>, SubscriptionNo>, StoreError>;

    /// Changes a subscription that is still as expected, and its tenant with it where that is asked for. Setting it inactive cancels what waits; setting it active begins the count
    /// of its failures anew, and no other change does.
    async fn update_subscription(
        &self,
        update: UpdateSubscription,
    ) -> Result<Subscription, UpdateSubscriptionError>;

    /// Makes a subscription inactive for a reason that is not its customer's; what waits is held or cancelled, as the reason says
    /// ([`postroad_domain::subscription::InactiveReason::holds`]). It is no new version of the subscription, but the tenant's
    /// `config_version` grows. Answers whether it did that: not when it is inactive already, has another version by now, is gone, or
    /// does not have the failures any more.
    async fn deactivate(&self, deactivate: Deactivate) -> Result<bool, StoreError>;

    /// Active subscriptions whose deliveries fail, by number: what a restart looks at, since the commit that counted their failures
    /// may have been the last thing that was done.
    async fn failing_subscriptions(&self, list: ListFailing) -> Result<Vec<Failing>, StoreError>;

    /// Writes what the handshakes of a subscription came to. It is no new version of the subscription; where it becomes active by
    /// it, its failures are forgotten and the tenant's `config_version` grows. Answers whether it was written: not when the
    /// subscription has another verification by now, or is gone.
    async fn record_verification(&self, record: RecordVerification) -> Result<bool, StoreError>;

    /// The lanes of subscriptions that are unverified and whose verification is pending, by key.
    async fn pending_verifications(&self, list: PendingVerifications) -> Result<Vec<LaneKey>, StoreError>;

    /// Deletes a subscription and cancels what waits. Answers whether there was one.
    async fn delete_subscription(&self, delete: DeleteSubscription) -> Result<bool, StoreError>;

    /// A subscription as it was at one of its versions, also a deleted one.
    async fn subscription_version(
        &self,
        tenant_no: TenantNo,
        no: SubscriptionNo,
        version: i64,
    ) -> Result<Option<SubscriptionVersion>, StoreError>;

    // --- event types -------------------------------------------------------------------------------------------------

    /// Adds or replaces an event type of a tenant; answers whether it is new. The tenant's `config_version` grows.
    async fn put_event_type(&self, put: PutEventType) -> Result<bool, PutEventTypeError>;

    /// Removes an event type of a tenant. Answers whether there was one. The tenant's `config_version` grows.
    async fn delete_event_type(&self, delete: DeleteEventType) -> Result<bool, StoreError>;

    // --- a tenant as a whole -----------------------------------------------------------------------------------------

    /// A tenant with all its subscriptions as one consistent picture: what events are matched against.
    async fn config_snapshot(&self, id: TenantId) -> Result<Option<ConfigSnapshot>, StoreError>;

    /// The same, found by the tenant's number: what a lane starts from.
    async fn config_snapshot_by_no(&self, no: TenantNo) -> Result<Option<ConfigSnapshot>, StoreError>;

    // --- keys --------------------------------------------------------------------------------------------------------

    /// Keeps a new key of a tenant.
    async fn create_key(&self, create: CreateKey) -> Result<ApiKey, CreateKeyError>;

    /// The key with this hash, also one that has expired or was revoked. None of a deleted tenant is found.
    async fn key_by_hash(&self, hash: [u8; 32]) -> Result<Option<StoredKey>, StoreError>;

    /// Keys of a tenant that are not revoked, by id.
    async fn list_keys(&self, list: ListKeys) -> Result<Page<ApiKey, KeyId>, StoreError>;

    /// Revokes a key. Answers whether there was one that was not revoked.
    async fn revoke_key(&self, revoke: RevokeKey) -> Result<bool, StoreError>;

    /// Notes when keys were last used; an earlier moment than the known one changes nothing, and neither does a key that is
    /// not there.
    async fn note_key_uses(&self, used: Vec<KeyUsed>) -> Result<(), StoreError>;

    // --- profiles ----------------------------------------------------------------------------------------------------

    /// Keeps a profile's files and answers their number: the same as before where the digest is known.
    async fn put_profile(&self, put: PutProfile) -> Result<ProfileNo, StoreError>;

    /// One profile as it was.
    async fn profile(&self, no: ProfileNo) -> Result<Option<StoredProfile>, StoreError>;

    /// Of each name the profile that was put last.
    async fn latest_profiles(&self) -> Result<Vec<StoredProfile>, StoreError>;

    // --- values of the installation ----------------------------------------------------------------------------------

    /// A small value kept for the whole installation.
    async fn setting(&self, key: SettingKey) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps such a value.
    async fn put_setting(&self, key: SettingKey, value: Vec<u8>) -> Result<(), StoreError>;
}
