//! Operations on subscriptions: create, change, delete here; their secrets in `secrets`, what their profile decides in
//! `check`.

mod check;
mod secrets;
mod update_error;

use postroad_domain::{
    AuditAction, Revision, Subscription, SubscriptionId, SubscriptionSpec, TenantId,
    limits::SUBSCRIPTIONS_PER_TENANT_MAX,
};
use postroad_profile::{FieldProblem, SecretUse};
use postroad_store::{
    CreateSubscription, CreateSubscriptionError, DeleteSubscription, NewAudit, StoreError,
    SubscriptionChange, UpdateSubscription, UpdateSubscriptionError,
};
use thiserror::Error;
use zeroize::Zeroizing;

use self::secrets::view;
pub use self::{
    check::SubscriptionDraft,
    secrets::{RotateError, Rotation, SecretView},
    update_error::UpdateError,
};
use crate::{
    audit::{AuditedChange, fields::fields_of_subscription, origin::Origin},
    configuration::{
        cache::TenantConfig, lookup_error::LookupError, secret_box::SecretError,
        service::ConfigurationService,
    },
};

/// A subscription to create; checked.
#[derive(Clone, Debug)]
pub struct NewSubscription {
    /// What the customer configures.
    pub draft: SubscriptionDraft,
    /// The customer's own secret; `None` for what the profile does then: a fresh one, or none.
    pub secret: Option<String>,
}

/// A subscription with its secret in plain: only for the answers that may show it.
pub struct SubscriptionView {
    /// The subscription.
    pub subscription: Subscription,
    /// Its current secret; `None` where the profile has none, or an optional one was not given.
    pub secret: Option<SecretView>,
}

/// Failures of [`ConfigurationService::create_subscription`].
#[derive(Clone, Debug, Error)]
pub enum CreateError {
    /// There is no such tenant.
    #[error("there is no such tenant")]
    NoTenant,
    /// The tenant has as many as it may have.
    #[error("the tenant has {max} subscriptions, which is the most it may have")]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// The URL leads where it must not.
    #[error("the URL cannot be called: {0}")]
    BlockedUrl(String),
    /// Fields that the profile does not take.
    #[error("fields are not valid")]
    Invalid(Vec<FieldProblem>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ConfigurationService {
    /// Creates a subscription. Nothing is created when its URL leads to an address that must not be called.
    pub async fn create_subscription(
        &self,
        by: &Origin,
        tenant: &TenantId,
        new: NewSubscription,
    ) -> Result<SubscriptionView, CreateError> {
        let config = self.configs.by_id(tenant).await?.ok_or(CreateError::NoTenant)?;
        let profile = &config.profile.profile;
        let (spec, secret) = self.checked(&config, new).map_err(CreateError::Invalid)?;
        self.check_url(&spec).await.map_err(CreateError::BlockedUrl)?;
        let id = self.ids.subscription();
        let secret = match (secret, profile.secret_rules.presence) {
            (Some(secret), _) => Some(secret),
            (None, SecretUse::Generated) => {
                Some(self.fresh_secret(profile, &spec).map_err(CreateError::Invalid)?)
            }
            (None, SecretUse::Optional | SecretUse::None) => None,
        };
        let at = self.clock.now();
        let fields = fields_of_subscription(&spec, profile);
        let change = AuditedChange::of(AuditAction::SubscriptionCreated, id).after(fields);
        let create = CreateSubscription {
            audit: Some(self.audit_of(by, change)),
            tenant_no: config.tenant.no,
            id,
            spec: self.sealed_spec(spec, id, profile),
            secrets: secret.iter().map(|secret| self.seal(&secret.secret, id, at)).collect(),
            max: SUBSCRIPTIONS_PER_TENANT_MAX,
            at,
        };
        match self.store.create_subscription(create).await {
            Ok(subscription) => Ok(SubscriptionView { subscription: self.opened(subscription), secret }),
            Err(CreateSubscriptionError::NoTenant) => Err(CreateError::NoTenant),
            Err(CreateSubscriptionError::TooMany { max }) => Err(CreateError::TooMany { max }),
            Err(CreateSubscriptionError::Store(error)) => Err(error.into()),
        }
    }

    /// One subscription.
    pub async fn subscription(
        &self,
        tenant: &TenantId,
        id: SubscriptionId,
    ) -> Result<Subscription, LookupError> {
        let config = self.configs.by_id(tenant).await?.ok_or(LookupError::NoTenant)?;
        let subscription = self.store.subscription(config.tenant.no, id).await?;
        Ok(self.opened(subscription.ok_or(LookupError::NotFound)?))
    }

    /// Every subscription of the tenant, in the order of their creation. There are at most a thousand.
    pub async fn subscriptions(&self, tenant: &TenantId) -> Result<Vec<Subscription>, LookupError> {
        let snapshot = self.store.config_snapshot(tenant.clone()).await?.ok_or(LookupError::NoTenant)?;
        let subscriptions = snapshot.subscriptions.into_iter();
        Ok(subscriptions.map(|subscription| self.opened(subscription)).collect())
    }

    /// Changes what the customer configured, if the subscription still has the expected version.
    pub async fn update_subscription(
        &self,
        by: &Origin,
        tenant: &TenantId,
        id: SubscriptionId,
        expected: impl Into<Revision>,
        draft: SubscriptionDraft,
    ) -> Result<Subscription, UpdateError> {
        let expected = expected.into();
        let config = self.configs.by_id(tenant).await?.ok_or(UpdateError::NotFound)?;
        let before = config.subscription_by_id(id).ok_or(UpdateError::NotFound)?;
        if before.spec.sealed.is_some() {
            // The draft was made of what could be read of it: it would write the rest empty.
            return Err(UpdateError::Secret(SecretError::DoesNotOpen));
        }
        let now = self.clock.now();
        let spec = check::check(&config, draft, (Some(before), now)).map_err(UpdateError::Invalid)?;
        self.check_url(&spec).await.map_err(UpdateError::BlockedUrl)?;
        if before.revision() != expected {
            return Err(UpdateError::Changed);
        }
        if before.spec == spec {
            return Ok(before.clone());
        }
        let fields = |spec| fields_of_subscription(spec, &config.profile.profile);
        let change = AuditedChange::of(AuditAction::SubscriptionChanged, id)
            .before(fields(&before.spec))
            .after(fields(&spec));
        let new = SubscriptionChange::Spec(Box::new(spec));
        self.change(tenant, id, expected, (new, self.audit_of(by, change))).await
    }

    /// Deletes a subscription; what waits is cancelled, history stays. Answers whether there was one.
    pub async fn delete_subscription(
        &self,
        by: &Origin,
        tenant: &TenantId,
        id: SubscriptionId,
    ) -> Result<bool, LookupError> {
        let config = self.configs.by_id(tenant).await?.ok_or(LookupError::NoTenant)?;
        let tenant_no = config.tenant.no;
        let audit = Some(self.audit_of(by, AuditedChange::of(AuditAction::SubscriptionDeleted, id)));
        let delete = DeleteSubscription { tenant_no, id, at: self.clock.now(), audit };
        Ok(self.store.delete_subscription(delete).await?)
    }

    async fn change(
        &self,
        tenant: &TenantId,
        id: SubscriptionId,
        expected: Revision,
        (change, audit): (SubscriptionChange, NewAudit),
    ) -> Result<Subscription, UpdateError> {
        let config = self.configs.by_id(tenant).await?.ok_or(UpdateError::NotFound)?;
        let tenant_no = config.tenant.no;
        let change = match change {
            SubscriptionChange::Spec(spec) => {
                SubscriptionChange::Spec(Box::new(self.sealed_spec(*spec, id, &config.profile.profile)))
            }
            secrets @ SubscriptionChange::Secrets(_) => secrets,
        };
        let update = UpdateSubscription {
            audit: Some(audit),
            tenant_no,
            id,
            expected_version: expected.version,
            expected_gone: expected.gone,
            change,
            at: self.clock.now(),
        };
        let updated = self.store.update_subscription(update).await;
        updated.map(|subscription| self.opened(subscription)).map_err(|error| match error {
            UpdateSubscriptionError::NotFound => UpdateError::NotFound,
            UpdateSubscriptionError::Changed => UpdateError::Changed,
            UpdateSubscriptionError::Store(error) => UpdateError::Store(error),
        })
    }

    /// A name that does not resolve now may do so later; an address that must not be called is refused at once.
    async fn check_url(&self, spec: &SubscriptionSpec) -> Result<(), String> {
        let Some(push) = spec.push() else { return Ok(()) };
        match self.egress.check(&push.url).await {
            Err(error) if error.class == postroad_domain::ErrorClass::Blocked => Err(error.message),
            _ => Ok(()),
        }
    }

    /// The specification of a new subscription and the secret that came with it.
    fn checked(
        &self,
        config: &TenantConfig,
        new: NewSubscription,
    ) -> Result<(SubscriptionSpec, Option<SecretView>), Vec<FieldProblem>> {
        let profile = &config.profile.profile;
        let mut problems = check::check_first_secret(profile, new.secret.is_some());
        let secret = new.secret.filter(|_| problems.is_empty()).and_then(|secret| {
            let viewed = view(profile, &new.draft.spec, Zeroizing::new(secret));
            viewed.map_err(|found| problems.push(found)).ok()
        });
        match check::check(config, new.draft, (None, self.clock.now())) {
            Ok(spec) if problems.is_empty() => Ok((spec, secret)),
            Ok(_) => Err(problems),
            Err(mut found) => {
                // An unknown scheme is told once, by the option.
                problems.retain(|_| !found.iter().any(|problem| problem.field == "options.signature"));
                found.extend(problems);
                Err(found)
            }
        }
    }
}
