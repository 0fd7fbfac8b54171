//! Operations on subscriptions and their secrets.

use std::time::Duration;

use postroad_domain::{
    Invalid, SealedSecret, Signature, Subscription, SubscriptionId, SubscriptionSpec, TenantId, Timestamp,
    limits::{SECRETS_MAX, SUBSCRIPTIONS_PER_TENANT_MAX},
};
use postroad_store::{
    CreateSubscription, CreateSubscriptionError, DeleteSubscription, LaneKey, StoreError, SubscriptionChange,
    UpdateSubscription, UpdateSubscriptionError,
};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{Engine, LookupError, secret_box::SecretError, standard_webhooks::Signer};

/// A subscription to create; checked.
#[derive(Clone, Debug)]
pub struct NewSubscription {
    /// What the customer configured.
    pub spec: SubscriptionSpec,
    /// The customer's own secret; `None` for a fresh one.
    pub secret: Option<String>,
}

/// A subscription with its secret in plain: only for the answers that may show it.
pub struct SubscriptionView {
    /// The subscription.
    pub subscription: Subscription,
    /// Its current secret.
    pub secret: SecretView,
}

/// A secret as it may be shown.
pub struct SecretView {
    /// `whsec_…` or `whsk_…`.
    pub secret: Zeroizing<String>,
    /// `whpk_…`, where receivers need only that.
    pub public_key: Option<String>,
}

/// How a secret is rotated.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// How long the old secret still signs beside the new one.
    pub grace: Duration,
    /// The customer's own secret; `None` for a fresh one.
    pub secret: Option<String>,
}

/// Failures of [`Engine::create_subscription`].
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
    /// The secret is not one.
    #[error("the secret {0}")]
    BadSecret(Invalid),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Failures of [`Engine::update_subscription`].
#[derive(Clone, Debug, Error)]
pub enum UpdateError {
    /// There is no such tenant or subscription.
    #[error("there is no such subscription")]
    NotFound,
    /// Somebody else changed it in between.
    #[error("the subscription changed in between")]
    Changed,
    /// The URL leads where it must not.
    #[error("the URL cannot be called: {0}")]
    BlockedUrl(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Failures of [`Engine::rotate_secret`].
#[derive(Clone, Debug, Error)]
pub enum RotateError {
    /// There is no such tenant or subscription.
    #[error("there is no such subscription")]
    NotFound,
    /// Somebody else changed it in between.
    #[error("the subscription changed in between")]
    Changed,
    /// The secret is not one.
    #[error("the secret {0}")]
    BadSecret(Invalid),
    /// As many secrets sign as may.
    #[error("{max} secrets sign already; wait until the oldest has expired, or rotate with a grace of 0s")]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// A stored secret does not open.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// Creates a subscription. Nothing is created when its URL leads to an address that must not be called.
    pub async fn create_subscription(
        &self,
        tenant: &TenantId,
        new: NewSubscription,
    ) -> Result<SubscriptionView, CreateError> {
        let config = self.configs.by_id(tenant).await?.ok_or(CreateError::NoTenant)?;
        self.check_url(&new.spec).await.map_err(CreateError::BlockedUrl)?;
        let id = self.ids.subscription();
        let secret = self.choose_secret(new.secret, new.spec.signature).map_err(CreateError::BadSecret)?;
        let at = self.clock.now();
        let create = CreateSubscription {
            tenant_no: config.tenant.no,
            id,
            spec: new.spec,
            secrets: vec![self.seal(&secret.secret, id, at)],
            max: SUBSCRIPTIONS_PER_TENANT_MAX,
            at,
        };
        let created = self.store.create_subscription(create).await;
        self.configs.forget(tenant, config.tenant.no);
        match created {
            Ok(subscription) => Ok(SubscriptionView { subscription, secret }),
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
        self.store.subscription(config.tenant.no, id).await?.ok_or(LookupError::NotFound)
    }

    /// Every subscription of the tenant, in the order of their creation. There are at most a thousand.
    pub async fn subscriptions(&self, tenant: &TenantId) -> Result<Vec<Subscription>, LookupError> {
        let snapshot = self.store.config_snapshot(tenant.clone()).await?.ok_or(LookupError::NoTenant)?;
        Ok(snapshot.subscriptions)
    }

    /// Changes what the customer configured, if the subscription still has the expected version.
    pub async fn update_subscription(
        &self,
        tenant: &TenantId,
        id: SubscriptionId,
        expected_version: i64,
        spec: SubscriptionSpec,
    ) -> Result<Subscription, UpdateError> {
        self.check_url(&spec).await.map_err(UpdateError::BlockedUrl)?;
        let change = SubscriptionChange::Spec(Box::new(spec));
        let subscription = self.change(tenant, id, expected_version, change).await?;
        let lane = lane_of(&subscription);
        if subscription.spec.active {
            // What was held while the receiver was gone goes out now.
            self.dispatcher.wake_changed(lane);
        } else {
            self.dispatcher.drop_ready(lane);
            self.sweep_soon();
        }
        Ok(subscription)
    }

    /// Deletes a subscription; what waits is cancelled, history stays. Answers whether there was one.
    pub async fn delete_subscription(
        &self,
        tenant: &TenantId,
        id: SubscriptionId,
    ) -> Result<bool, LookupError> {
        let config = self.configs.by_id(tenant).await?.ok_or(LookupError::NoTenant)?;
        let tenant_no = config.tenant.no;
        let subscription = self.store.subscription(tenant_no, id).await?;
        let delete = DeleteSubscription { tenant_no, id, at: self.clock.now() };
        let deleted = self.store.delete_subscription(delete).await?;
        self.configs.forget(tenant, tenant_no);
        if let Some(subscription) = subscription {
            self.dispatcher.drop_ready(lane_of(&subscription));
        }
        self.sweep_soon();
        Ok(deleted)
    }

    /// The current secret in plain.
    pub async fn secret(
        &self,
        tenant: &TenantId,
        id: SubscriptionId,
    ) -> Result<Result<SecretView, SecretError>, LookupError> {
        let subscription = self.subscription(tenant, id).await?;
        Ok(self.open_current(&subscription))
    }

    /// Puts a new secret in front; the old one signs beside it until the grace is over.
    pub async fn rotate_secret(
        &self,
        tenant: &TenantId,
        id: SubscriptionId,
        rotation: Rotation,
    ) -> Result<SecretView, RotateError> {
        let subscription = match self.subscription(tenant, id).await {
            Ok(subscription) => subscription,
            Err(LookupError::Store(error)) => return Err(error.into()),
            Err(LookupError::NoTenant | LookupError::NotFound) => return Err(RotateError::NotFound),
        };
        let at = self.clock.now();
        let secret = self
            .choose_secret(rotation.secret, subscription.spec.signature)
            .map_err(RotateError::BadSecret)?;
        let mut secrets = vec![self.seal(&secret.secret, id, at)];
        secrets.extend(older_secrets(&subscription, at, rotation.grace));
        if secrets.len() > SECRETS_MAX {
            return Err(RotateError::TooMany { max: SECRETS_MAX });
        }
        let change = SubscriptionChange::Secrets(secrets);
        match self.change(tenant, id, subscription.version, change).await {
            Ok(_) => Ok(secret),
            Err(UpdateError::Changed) => Err(RotateError::Changed),
            Err(UpdateError::Store(error)) => Err(error.into()),
            Err(UpdateError::NotFound | UpdateError::BlockedUrl(_)) => Err(RotateError::NotFound),
        }
    }

    async fn change(
        &self,
        tenant: &TenantId,
        id: SubscriptionId,
        expected_version: i64,
        change: SubscriptionChange,
    ) -> Result<Subscription, UpdateError> {
        let config = self.configs.by_id(tenant).await?.ok_or(UpdateError::NotFound)?;
        let tenant_no = config.tenant.no;
        let update = UpdateSubscription { tenant_no, id, expected_version, change, at: self.clock.now() };
        let updated = self.store.update_subscription(update).await;
        self.configs.forget(tenant, tenant_no);
        updated.map_err(|error| match error {
            UpdateSubscriptionError::NotFound => UpdateError::NotFound,
            UpdateSubscriptionError::Changed => UpdateError::Changed,
            UpdateSubscriptionError::Store(error) => UpdateError::Store(error),
        })
    }

    /// A name that does not resolve now may do so later; an address that must not be called is refused at once.
    async fn check_url(&self, spec: &SubscriptionSpec) -> Result<(), String> {
        match self.egress.check(&spec.push.url).await {
            Err(error) if error.class == postroad_domain::ErrorClass::Blocked => Err(error.message),
            _ => Ok(()),
        }
    }

    fn choose_secret(&self, given: Option<String>, signature: Signature) -> Result<SecretView, Invalid> {
        let secret = match given {
            Some(secret) => Zeroizing::new(secret),
            None => self.ids.with_rng(|rng| Signer::generate(signature, rng)),
        };
        let public_key = Signer::parse(&secret, signature)?.public_key();
        Ok(SecretView { secret, public_key })
    }

    fn seal(&self, secret: &str, id: SubscriptionId, at: Timestamp) -> SealedSecret {
        let sealed = self.ids.with_rng(|rng| self.secrets.seal(secret.as_bytes(), id.as_bytes(), rng));
        SealedSecret { sealed, created_at: at, expires_at: None }
    }

    fn open_current(&self, subscription: &Subscription) -> Result<SecretView, SecretError> {
        let current = subscription.secrets.first().ok_or(SecretError::DoesNotOpen)?;
        let text = self.secrets.open(&current.sealed, subscription.id.as_bytes())?;
        let text = String::from_utf8(text.to_vec()).map_err(|_| SecretError::DoesNotOpen)?;
        let secret = Zeroizing::new(text);
        let signer =
            Signer::parse(&secret, subscription.spec.signature).map_err(|_| SecretError::DoesNotOpen)?;
        Ok(SecretView { secret, public_key: signer.public_key() })
    }
}

/// Those that still sign, the last current one for the time of grace.
fn older_secrets(
    subscription: &Subscription,
    at: Timestamp,
    grace: Duration,
) -> impl Iterator<Item = SealedSecret> {
    let end = at.after(grace);
    let secrets = subscription.secrets.iter().cloned().map(move |secret| SealedSecret {
        expires_at: Some(secret.expires_at.map_or(end, |known| known.min(end))),
        ..secret
    });
    secrets.filter(move |secret| secret.signs_at(at))
}

pub(crate) fn lane_of(subscription: &Subscription) -> LaneKey {
    LaneKey { tenant_no: subscription.tenant_no, subscription_no: subscription.no }
}
