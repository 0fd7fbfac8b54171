//! Operations on tenants and subscriptions.

use postroad_domain::{
    EventType, RegisteredType, SealedSecret, Subscription, SubscriptionId, SubscriptionNo, SubscriptionSpec,
    Tenant, TenantId, TenantNo, Timestamp, tenant::TenantSpec,
};

use super::AskVerification;
use crate::NewAudit;

/// Creates or replaces a tenant.
#[derive(Clone, Debug)]
pub struct PutTenant {
    /// The caller's name for it.
    pub id: TenantId,
    /// What the caller set.
    pub spec: TenantSpec,
    /// Now.
    pub at: Timestamp,
    /// What the audit says of it.
    pub audit: Option<NewAudit>,
}

/// Asks for tenants.
#[derive(Clone, Debug)]
pub struct ListTenants {
    /// Only tenants of this profile.
    pub profile: Option<String>,
    /// Only tenants after this one.
    pub after: Option<TenantId>,
    /// At most so many.
    pub limit: usize,
}

/// Deletes a tenant.
#[derive(Clone, Debug)]
pub struct DeleteTenant {
    /// Which.
    pub id: TenantId,
    /// Now.
    pub at: Timestamp,
    /// What the audit says of it.
    pub audit: Option<NewAudit>,
}

/// A tenant with all its subscriptions, inactive ones too, in the order of their creation.
#[derive(Clone, Debug)]
pub struct ConfigSnapshot {
    /// The tenant.
    pub tenant: Tenant,
    /// Its subscriptions.
    pub subscriptions: Vec<Subscription>,
    /// The event types that it adds to its profile's, by name.
    pub event_types: Vec<RegisteredType>,
}

/// Adds or replaces an event type of a tenant.
#[derive(Clone, Debug)]
pub struct PutEventType {
    /// Whose.
    pub tenant_no: TenantNo,
    /// Its name and what is said of it.
    pub event_type: RegisteredType,
    /// Event types a tenant may add.
    pub max: usize,
    /// Now.
    pub at: Timestamp,
    /// What the audit says of it.
    pub audit: Option<NewAudit>,
}

/// Removes an event type of a tenant.
#[derive(Clone, Debug)]
pub struct DeleteEventType {
    /// Whose.
    pub tenant_no: TenantNo,
    /// Its name.
    pub name: EventType,
    /// Now.
    pub at: Timestamp,
    /// What the audit says of it.
    pub audit: Option<NewAudit>,
}

/// Creates a subscription.
#[derive(Clone, Debug)]
pub struct CreateSubscription {
    /// In which tenant.
    pub tenant_no: TenantNo,
    /// Ours.
    pub id: SubscriptionId,
    /// What the customer configured.
    pub spec: SubscriptionSpec,
    /// Its secrets.
    pub secrets: Vec<SealedSecret>,
    /// Subscriptions a tenant may have.
    pub max: usize,
    /// The handshakes that it asks for.
    pub ask: Option<AskVerification>,
    /// Now.
    pub at: Timestamp,
    /// What the audit says of it.
    pub audit: Option<NewAudit>,
}

/// Changes a subscription.
#[derive(Clone, Debug)]
pub struct UpdateSubscription {
    /// In which tenant.
    pub tenant_no: TenantNo,
    /// Which.
    pub id: SubscriptionId,
    /// The version the change was made from.
    pub expected_version: i64,
    /// Whether it was held then, as its receiver was gone or not verified: neither a 410 nor a handshake that passes is a version,
    /// and a change that was made before it must not undo it.
    pub expected_gone: bool,
    /// What changes.
    pub change: SubscriptionChange,
    /// The handshakes that it asks for.
    pub ask: Option<AskVerification>,
    /// Now.
    pub at: Timestamp,
    /// What the audit says of it.
    pub audit: Option<NewAudit>,
}

/// What changes of a subscription.
#[derive(Clone, Debug)]
pub enum SubscriptionChange {
    /// What the customer configured. `active` false on an active one: it becomes inactive with the reason `paused` and
    /// what waits is cancelled as of this commit; on one that is inactive already its reason stays, and what is held
    /// stays held. `active` true: the reason goes, also `gone` and `unverified`, and what was held goes out, unless the change
    /// asks for handshakes that must pass first.
    Spec(Box<SubscriptionSpec>),
    /// The secrets, the current one first.
    Secrets(Vec<SealedSecret>),
    /// Both, in one version.
    Both(Box<SubscriptionSpec>, Vec<SealedSecret>),
}

/// Makes a subscription inactive with the reason `gone`, if it is active and was not changed since it had this version.
#[derive(Clone, Debug)]
pub struct Deactivate {
    /// In which tenant.
    pub tenant_no: TenantNo,
    /// Which.
    pub subscription_no: SubscriptionNo,
    /// The version that the receiver was asked with.
    pub version: i64,
    /// Now.
    pub at: Timestamp,
    /// What the audit says of it.
    pub audit: Option<NewAudit>,
}

/// Deletes a subscription.
#[derive(Clone, Debug)]
pub struct DeleteSubscription {
    /// In which tenant.
    pub tenant_no: TenantNo,
    /// Which.
    pub id: SubscriptionId,
    /// Now.
    pub at: Timestamp,
    /// What the audit says of it.
    pub audit: Option<NewAudit>,
}
