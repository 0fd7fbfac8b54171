//! Operations on tenants and subscriptions.

use postroad_domain::{
    EventType, RegisteredType, Revision, SealedSecret, Subscription, SubscriptionId, SubscriptionNo,
    SubscriptionSpec, Tenant, TenantId, TenantNo, Timestamp,
    subscription::{Failures, InactiveReason},
    tenant::TenantSpec,
};

use super::AskVerification;
use crate::{NewAudit, NoticeKind};

/// Creates or replaces a tenant.
#[derive(Clone, Debug)]
pub struct PutTenant {
    /// The caller's name for it.
    pub id: TenantId,
    /// What the caller set.
    pub spec: TenantSpec,
    /// Its subscriptions that lead elsewhere by it.
    pub redirected: Vec<Redirected>,
    /// Now.
    pub at: Timestamp,
    /// What the audit says of it.
    pub audit: Option<NewAudit>,
}

/// A subscription that leads elsewhere from now on, since an endpoint of its tenant that it names changes. That is a new version of
/// it, with the same settings and secrets. One that is not there any more is left out.
#[derive(Clone, Copy, Debug)]
pub struct Redirected {
    /// Which.
    pub id: SubscriptionId,
    /// The handshakes that it asks for.
    pub ask: Option<AskVerification>,
}

/// What becomes of a tenant together with one of its subscriptions: in the same transaction, and not without it.
#[derive(Clone, Debug)]
pub struct TenantChange {
    /// What is set of it from then on.
    pub spec: TenantSpec,
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
    /// What becomes of the tenant.
    pub tenant: Option<TenantChange>,
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
    /// What the change was made from. A change that was made before a 410, or before handshakes passed, must not undo it.
    pub expected: Revision,
    /// What changes.
    pub change: SubscriptionChange,
    /// What becomes of the tenant.
    pub tenant: Option<TenantChange>,
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
    /// stays held. `active` true: the reason goes, whatever it is, its failures are forgotten, and what was held goes out, unless
    /// the change asks for handshakes that must pass first.
    Spec(Box<SubscriptionSpec>),
    /// The secrets, the current one first.
    Secrets(Vec<SealedSecret>),
    /// Both, in one version.
    Both(Box<SubscriptionSpec>, Vec<SealedSecret>),
}

/// Makes a subscription inactive, if it is active and was not changed since it had this version.
#[derive(Clone, Debug)]
pub struct Deactivate {
    /// In which tenant.
    pub tenant_no: TenantNo,
    /// Which.
    pub subscription_no: SubscriptionNo,
    /// The version that the receiver was asked with, or that the failures were judged by.
    pub version: i64,
    /// Why.
    pub why: Deactivation,
    /// Now.
    pub at: Timestamp,
    /// What the audit says of it.
    pub audit: Option<NewAudit>,
}

/// Why a subscription is made inactive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deactivation {
    /// Its receiver said that it is gone.
    Gone,
    /// These deliveries failed. It must have them still, or more behind the same first one: who activates it, or one that
    /// succeeds, forgets them.
    Failing(Failures),
}

impl Deactivation {
    /// The reason that the subscription names.
    pub const fn reason(self) -> InactiveReason {
        match self {
            Self::Gone => InactiveReason::Gone,
            Self::Failing(_) => InactiveReason::Failing,
        }
    }

    /// What its contacts are told.
    pub const fn notice(self) -> NoticeKind {
        match self {
            Self::Gone => NoticeKind::Gone,
            Self::Failing(_) => NoticeKind::Failing,
        }
    }

    /// Whether it holds of a subscription that has these failures now.
    pub fn holds_of(self, failures: Option<Failures>) -> bool {
        match self {
            Self::Gone => true,
            Self::Failing(judged) => {
                failures.is_some_and(|now| now.since == judged.since && now.count >= judged.count)
            }
        }
    }
}

/// Asks for the active subscriptions whose deliveries fail.
#[derive(Clone, Copy, Debug)]
pub struct ListFailing {
    /// Only those of which so many failed.
    pub count_min: u32,
    /// Only those behind this one.
    pub after: Option<SubscriptionNo>,
    /// At most so many.
    pub limit: usize,
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
