//! Operations on subscriptions: create, change, delete here; what somebody wants one to be in `draft`, its check in `check`, where it
//! is sent in `destination`, the writing of a change in `changing`, their secrets in `secrets`.

mod changing;
mod check;
mod destination;
mod draft;
mod secrets;
mod update_error;

use postroad_domain::{
    AuditAction, Revision, Subscription, SubscriptionId, SubscriptionSpec, SubscriptionVersion, TenantId,
    limits::{SUBSCRIPTIONS_PER_TENANT_MAX, TENANT_SETTINGS_BYTES_MAX},
};
use postroad_profile::{FieldProblem, Profile, SecretUse};
use postroad_store::{
    CreateSubscription, CreateSubscriptionError, DeleteSubscription, StoreError, SubscriptionChange,
};
use thiserror::Error;

use self::{
    changing::Changing,
    destination::{Checked, Refused},
};
pub use self::{
    draft::{GroupDraft, HeaderDraft, PushDraft, RetryDraft, SubscriptionDraft, TargetDraft},
    secrets::{RotateError, Rotation, SecretView},
    update_error::UpdateError,
};
use crate::{
    audit::{AuditedChange, fields::fields_of_subscription, origin::Origin},
    configuration::{
        cache::TenantConfig, handshakes::Happening, lookup_error::LookupError, secret_box::SecretError,
        service::ConfigurationService, stored_bytes::stored_bytes,
    },
};

/// How often what is to be written is checked anew because its tenant changed meanwhile.
const CHANGED_ROUNDS_MAX: usize = 20;

/// A subscription to create, unchecked.
#[derive(Clone, Debug)]
pub struct NewSubscription {
    /// What the customer configures.
    pub draft: SubscriptionDraft,
    /// The customer's own secret; `None` for what the profile does then: a fresh one, or none.
    pub secret: Option<String>,
}

/// What is to become of a subscription, unchecked.
#[derive(Clone, Debug)]
pub struct SubscriptionUpdate {
    /// What the customer configures from now on; `None` leaves the settings as they are, unchecked.
    pub draft: Option<SubscriptionDraft>,
    /// Whether its secrets go: from then on nothing is signed.
    pub removes_secret: bool,
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
    /// With it the settings of the tenant would be larger than they may be.
    #[error("the settings of the tenant would be larger than {TENANT_SETTINGS_BYTES_MAX} bytes")]
    TooLarge,
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
        for _ in 0..CHANGED_ROUNDS_MAX {
            let config = self.configs.by_id(tenant).await?.ok_or(CreateError::NoTenant)?;
            let checked =
                check::check_new(&config, (new.draft.clone(), new.secret.clone()), self.clock.now());
            let (checked, secret) = checked.map_err(CreateError::Invalid)?;
            // It may take its time, in which the tenant may get another profile: then it is checked against that one.
            self.check_url(&checked.destination).await?;
            let _alone = self.configs.changing(tenant).await;
            let current = self.configs.by_id(tenant).await?.ok_or(CreateError::NoTenant)?;
            if current.is_as(&config) {
                return self.create_checked(by, &current, checked, secret).await;
            }
        }
        Err(StoreError::Unavailable("the tenant keeps changing".to_owned()).into())
    }

    /// Creates what was checked against the tenant as it is now, which nobody else changes meanwhile.
    async fn create_checked(
        &self,
        by: &Origin,
        config: &TenantConfig,
        Checked { spec, destination }: Checked,
        secret: Option<SecretView>,
    ) -> Result<SubscriptionView, CreateError> {
        let profile = &config.profile.profile;
        if !config.has_room_for(stored_bytes(&spec), 0) {
            return Err(CreateError::TooLarge);
        }
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
        let secrets = secret.iter().map(|secret| self.seal(&secret.secret, id, at)).collect();
        let version = SubscriptionVersion { spec, secrets };
        let tenant = self.tenant_with(config, destination.adds.as_ref());
        let of_tenant = tenant.as_ref().unwrap_or(&config.tenant.spec);
        let asked = self.handshakes_asked((config, of_tenant), (id, &version), Happening::created());
        let create = CreateSubscription {
            audit: Some(self.audit_of(by, change)),
            tenant_no: config.tenant.no,
            id,
            spec: self.sealed_spec(version.spec, id, profile),
            secrets: version.secrets,
            max: SUBSCRIPTIONS_PER_TENANT_MAX,
            tenant: self.tenant_change(by, config, tenant),
            ask: asked.as_ref().map(|asked| asked.ask),
            at,
        };
        match self.store.create_subscription(create).await {
            Ok(subscription) => {
                self.order_handshakes(asked, &subscription);
                Ok(SubscriptionView { subscription: self.opened(subscription), secret })
            }
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
        let is_expected = |current: &Subscription| current.revision() == expected;
        let draft = Some(draft);
        let update = |_: &Subscription| SubscriptionUpdate { draft: draft.clone(), removes_secret: false };
        let updated = self.patch_subscription(by, tenant, id, is_expected, update).await;
        updated
            .map_err(|error| if matches!(error, UpdateError::Stale) { UpdateError::Changed } else { error })
    }

    /// Changes a subscription, if it is what the caller expects: settings and secret in one version. `patch` makes of what it
    /// is now what it is to be; when somebody else changed it in between, it is asked once more.
    pub async fn patch_subscription(
        &self,
        by: &Origin,
        tenant: &TenantId,
        id: SubscriptionId,
        is_expected: impl Fn(&Subscription) -> bool,
        patch: impl Fn(&Subscription) -> SubscriptionUpdate,
    ) -> Result<Subscription, UpdateError> {
        match self.try_update(by, (tenant, id), &is_expected, &patch).await {
            // The patch says nothing about what the other one changed, so it is put on that.
            Err(UpdateError::Changed) => self.try_update(by, (tenant, id), is_expected, patch).await,
            updated => updated,
        }
    }

    async fn try_update(
        &self,
        by: &Origin,
        (tenant, id): (&TenantId, SubscriptionId),
        is_expected: impl Fn(&Subscription) -> bool,
        update: impl Fn(&Subscription) -> SubscriptionUpdate,
    ) -> Result<Subscription, UpdateError> {
        let config = self.configs.by_id(tenant).await?.ok_or(UpdateError::NotFound)?;
        let profile = &config.profile.profile;
        let before = self.store.subscription(config.tenant.no, id).await?.ok_or(UpdateError::NotFound)?;
        let before = self.opened(before);
        if !is_expected(&before) {
            return Err(UpdateError::Stale);
        }
        let SubscriptionUpdate { draft, removes_secret } = update(&before);
        let refused = removes_secret.then(|| secrets::refuse_removal(profile)).flatten();
        let Some(draft) = draft else {
            return self.update_secret(by, (tenant, &config), before, (removes_secret, refused)).await;
        };
        if before.spec.sealed.is_some() {
            // The draft would be made of what could be read of it, and would write the rest empty.
            return Err(UpdateError::Secret(SecretError::DoesNotOpen));
        }
        let checked = check::check_change(&config, (draft, refused), &before, self.clock.now());
        let Checked { spec, destination } = checked.map_err(UpdateError::Invalid)?;
        self.check_url(&destination).await?;
        let is_same = before.spec == spec;
        let removes_secret = removes_secret && !before.secrets.is_empty();
        if is_same && !removes_secret {
            return Ok(before);
        }
        let audit = self.audit_of(by, change_of(&before, &spec, removes_secret, profile));
        let change = match (is_same, removes_secret) {
            (true, _) => SubscriptionChange::Secrets(Vec::new()),
            (false, true) => SubscriptionChange::Both(Box::new(spec), Vec::new()),
            (false, false) => SubscriptionChange::Spec(Box::new(spec)),
        };
        let adds = destination.adds.map(|new| (by, new));
        self.change((tenant, &config), &before, Changing { change, audit, adds }).await
    }

    /// Changes nothing but the secret: it goes also where the settings would not pass today's check.
    async fn update_secret(
        &self,
        by: &Origin,
        tenant: (&TenantId, &TenantConfig),
        before: Subscription,
        (is_removed, refused): (bool, Option<FieldProblem>),
    ) -> Result<Subscription, UpdateError> {
        if let Some(refused) = refused {
            return Err(UpdateError::Invalid(vec![refused]));
        }
        if !is_removed || before.secrets.is_empty() {
            return Ok(before);
        }
        let audit = self.audit_of(by, AuditedChange::of(AuditAction::SecretRemoved, before.id));
        let change = SubscriptionChange::Secrets(Vec::new());
        self.change(tenant, &before, Changing { change, audit, adds: None }).await
    }

    /// Deletes a subscription; what waits is cancelled, history stays. Answers whether there was one.
    pub async fn delete_subscription(
        &self,
        by: &Origin,
        tenant: &TenantId,
        id: SubscriptionId,
    ) -> Result<bool, LookupError> {
        let _alone = self.configs.changing(tenant).await;
        let config = self.configs.by_id(tenant).await?.ok_or(LookupError::NoTenant)?;
        let tenant_no = config.tenant.no;
        let audit = Some(self.audit_of(by, AuditedChange::of(AuditAction::SubscriptionDeleted, id)));
        let delete = DeleteSubscription { tenant_no, id, at: self.clock.now(), audit };
        Ok(self.store.delete_subscription(delete).await?)
    }
}

impl From<Refused> for CreateError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Own(why) => Self::BlockedUrl(why),
            Refused::Named(problem) => Self::Invalid(vec![problem]),
        }
    }
}

impl From<Refused> for UpdateError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Own(why) => Self::BlockedUrl(why),
            Refused::Named(problem) => Self::Invalid(vec![problem]),
        }
    }
}

/// What the audit says of a change: of a secret that goes alone, that; else what changed of the settings, and the secret
/// without its value.
fn change_of(
    before: &Subscription,
    spec: &SubscriptionSpec,
    removes_secret: bool,
    profile: &Profile,
) -> AuditedChange {
    if before.spec == *spec {
        return AuditedChange::of(AuditAction::SecretRemoved, before.id);
    }
    let fields = fields_of_subscription(&before.spec, profile);
    let fields = if removes_secret { fields.with_secret() } else { fields };
    AuditedChange::of(AuditAction::SubscriptionChanged, before.id)
        .before(fields)
        .after(fields_of_subscription(spec, profile))
}
