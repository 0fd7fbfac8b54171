//! The operations of a trial on tenants, subscriptions, event types and profiles, and tests of subscriptions.

use postroad_domain::{
    EndpointUrl, EventType, ProfileNo, RegisteredType, SealedSecret, Subscription, SubscriptionSpec, Tenant,
    TenantId, Timestamp, tenant::TenantSpec,
};
use postroad_store::{
    CreateSubscription, CreateSubscriptionError, Deactivate, Deactivation, DeleteEventType,
    DeleteSubscription, PutEventType, PutEventTypeError, PutProfile, PutTenant, RecordTest, StoreError,
    SubscriptionChange, UpdateSubscription, UpdateSubscriptionError,
};

use super::{
    actor::{Actor, in_words, nothing},
    step::{SubscriptionName, TestPlan},
};

/// Event types that a tenant of a trial may add.
const EVENT_TYPES_MAX: usize = 3;

impl Actor {
    pub(super) async fn put_tenant(
        &self,
        at: Timestamp,
        id: &TenantId,
        name: &str,
    ) -> Result<String, StoreError> {
        let spec = TenantSpec {
            profile: "standard".to_owned(),
            name: Some(name.to_owned()),
            contacts: Vec::new(),
            options: "{}".to_owned(),
            retention: None,
            retention_bytes: None,
            sealed: None,
        };
        self.store
            .put_tenant(PutTenant { redirected: Vec::new(), audit: None, id: id.clone(), spec, at })
            .await
            .map(|(_, is_new)| in_words(is_new))
    }

    pub(super) async fn create(&self, at: Timestamp, name: &SubscriptionName) -> Result<String, StoreError> {
        let Some(tenant) = self.store.tenant(name.tenant.clone()).await? else { return Ok(nothing()) };
        let (tenant_no, spec) = (tenant.no, spec(true));
        let create = CreateSubscription {
            tenant: None,
            ask: None,
            audit: None,
            tenant_no,
            id: name.id,
            spec,
            secrets: Vec::new(),
            max: 1_000,
            at,
        };
        match self.store.create_subscription(create).await {
            Err(CreateSubscriptionError::Store(error)) => Err(error),
            answer => Ok(in_words(answer.map(|created| created.version))),
        }
    }

    pub(super) async fn set_active(
        &self,
        at: Timestamp,
        name: &SubscriptionName,
        active: bool,
    ) -> Result<String, StoreError> {
        self.update(at, name, SubscriptionChange::Spec(Box::new(spec(active)))).await
    }

    pub(super) async fn delete(&self, at: Timestamp, name: &SubscriptionName) -> Result<String, StoreError> {
        let Some(tenant) = self.store.tenant(name.tenant.clone()).await? else { return Ok(nothing()) };
        let delete = DeleteSubscription { audit: None, tenant_no: tenant.no, id: name.id, at };
        self.store.delete_subscription(delete).await.map(in_words)
    }

    pub(super) async fn rotate(
        &self,
        at: Timestamp,
        name: &SubscriptionName,
        sealed: &[u8],
    ) -> Result<String, StoreError> {
        let secret = SealedSecret { sealed: sealed.to_vec(), created_at: at, expires_at: None };
        self.update(at, name, SubscriptionChange::Secrets(vec![secret])).await
    }

    pub(super) async fn deactivate(
        &self,
        at: Timestamp,
        name: &SubscriptionName,
    ) -> Result<String, StoreError> {
        let Some((tenant, known)) = self.find(name).await? else { return Ok(nothing()) };
        let (tenant_no, subscription_no, version) = (tenant.no, known.no, known.version);
        let why = known.failures.map_or(Deactivation::Gone, Deactivation::Failing);
        let deactivate = Deactivate { audit: None, tenant_no, subscription_no, version, why, at };
        self.store.deactivate(deactivate).await.map(in_words)
    }

    pub(super) async fn put_event_type(
        &self,
        at: Timestamp,
        id: &TenantId,
        event_type: &RegisteredType,
    ) -> Result<String, StoreError> {
        let Some(tenant) = self.store.tenant(id.clone()).await? else { return Ok(nothing()) };
        let (tenant_no, event_type, max) = (tenant.no, event_type.clone(), EVENT_TYPES_MAX);
        match self.store.put_event_type(PutEventType { audit: None, tenant_no, event_type, max, at }).await {
            Err(PutEventTypeError::Store(error)) => Err(error),
            answer => Ok(in_words(answer)),
        }
    }

    pub(super) async fn delete_event_type(
        &self,
        at: Timestamp,
        id: &TenantId,
        name: &EventType,
    ) -> Result<String, StoreError> {
        let Some(tenant) = self.store.tenant(id.clone()).await? else { return Ok(nothing()) };
        let delete = DeleteEventType { audit: None, tenant_no: tenant.no, name: name.clone(), at };
        self.store.delete_event_type(delete).await.map(in_words)
    }

    pub(super) async fn put_profile(&self, at: Timestamp, content: u8) -> Result<String, StoreError> {
        let name = format!("profile-{}", content % 2);
        let files = vec![content; 5_000];
        let put = PutProfile { name, digest: [content; 32], files, at };
        // The number is the store's own.
        self.store.put_profile(put).await.map(|_| "put".to_owned())
    }

    pub(super) async fn test(&self, at: Timestamp, plan: &TestPlan) -> Result<String, StoreError> {
        let Some((tenant, known)) = self.find(&plan.subscription).await? else { return Ok(nothing()) };
        let test = RecordTest {
            audit: None,
            tenant_no: tenant.no,
            event_id: plan.id,
            event_type: plan.event_type.clone(),
            attributes: plan.attributes.clone(),
            data: plan.data.clone(),
            tenant_version: tenant.version,
            profile: ProfileNo(1),
            subscription_no: known.no,
            subscription_version: known.version,
            at: plan.id.timestamp(),
            attempt: plan.attempt.clone(),
            succeeded: plan.succeeded,
            finished_at: at,
        };
        self.store.record_test(test).await.map(in_words)
    }

    async fn update(
        &self,
        at: Timestamp,
        name: &SubscriptionName,
        change: SubscriptionChange,
    ) -> Result<String, StoreError> {
        let Some((tenant, known)) = self.find(name).await? else { return Ok(nothing()) };
        let (tenant_no, id, expected) = (tenant.no, name.id, known.revision());
        let update =
            UpdateSubscription { tenant: None, ask: None, audit: None, expected, tenant_no, id, change, at };
        match self.store.update_subscription(update).await {
            Err(UpdateSubscriptionError::Store(error)) => Err(error),
            answer => Ok(in_words(answer.map(|updated| updated.version))),
        }
    }

    async fn find(&self, name: &SubscriptionName) -> Result<Option<(Tenant, Subscription)>, StoreError> {
        let Some(tenant) = self.store.tenant(name.tenant.clone()).await? else { return Ok(None) };
        let known = self.store.subscription(tenant.no, name.id).await?;
        Ok(known.map(|known| (tenant, known)))
    }
}

fn spec(active: bool) -> SubscriptionSpec {
    let url = EndpointUrl::parse("https://example.com/hook").unwrap();
    SubscriptionSpec { active, ..SubscriptionSpec::to(url) }
}
