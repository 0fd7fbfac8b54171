//! The secrets of a subscription: shown, rotated, removed, as its profile allows.

use std::{sync::Arc, time::Duration};

use postroad_domain::{
    AuditAction, SealedSecret, Subscription, SubscriptionId, SubscriptionSpec, TenantId, Timestamp,
    limits::{ROTATION_GRACE, SECRETS_MAX},
};
use postroad_profile::{FieldProblem, Profile, SecretSupply, SecretUse};
use postroad_store::{NewAudit, StoreError, SubscriptionChange};
use thiserror::Error;
use zeroize::Zeroizing;

use super::{changing::Changing, update_error::UpdateError};
use crate::{
    audit::{AuditedChange, origin::Origin},
    configuration::{
        cache::TenantConfig, lookup_error::LookupError, options::options_of, secret_box::SecretError,
        service::ConfigurationService,
    },
};

/// A secret as it may be shown.
pub struct SecretView {
    /// As receivers need it: `whsec_…`.
    pub secret: Zeroizing<String>,
    /// `whpk_…`, where receivers need only that.
    pub public_key: Option<String>,
}

/// How a secret is rotated.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// How long the old secret still signs beside the new one; `None` for what the profile does: a day where requests
    /// can carry several signatures, not at all where they carry one.
    pub grace: Option<Duration>,
    /// The customer's own secret; `None` for a fresh one.
    pub secret: Option<String>,
}

/// Failures of [`ConfigurationService::rotate_secret`].
#[derive(Clone, Debug, Error)]
pub enum RotateError {
    /// There is no such tenant or subscription.
    #[error("there is no such subscription")]
    NotFound,
    /// Somebody else changed it in between.
    #[error("the subscription changed in between")]
    Changed,
    /// The profile does not take the secret or the grace.
    #[error("fields are not valid")]
    Invalid(Vec<FieldProblem>),
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

impl ConfigurationService {
    /// The current secret in plain; `None` where there is none.
    pub async fn secret(
        &self,
        by: &Origin,
        tenant: &TenantId,
        id: SubscriptionId,
    ) -> Result<Result<Option<SecretView>, SecretError>, LookupError> {
        let subscription = self.subscription(tenant, id).await?;
        let config = self.configs.by_id(tenant).await?.ok_or(LookupError::NoTenant)?;
        let current = subscription.secrets.first();
        // A secret that was shown without a trace is what the audit is there to rule out.
        if current.is_some() {
            self.record(by, config.tenant.no, AuditedChange::of(AuditAction::SecretRead, id)).await?;
        }
        let opened = current.map(|current| self.open(&config.profile.profile, &subscription, current));
        Ok(opened.transpose())
    }

    /// Puts a new secret in front; the old one signs beside it until the grace is over.
    pub async fn rotate_secret(
        &self,
        by: &Origin,
        tenant: &TenantId,
        id: SubscriptionId,
        rotation: Rotation,
    ) -> Result<SecretView, RotateError> {
        let (config, subscription) = self.with_profile(tenant, id).await?;
        let profile = &config.profile.profile;
        let (secret, grace) =
            self.checked_rotation(profile, &subscription.spec, rotation).map_err(RotateError::Invalid)?;
        let at = self.clock.now();
        let mut secrets = vec![self.seal(&secret.secret, id, at)];
        secrets.extend(older_secrets(&subscription, at, grace));
        if secrets.len() > SECRETS_MAX {
            return Err(RotateError::TooMany { max: SECRETS_MAX });
        }
        let audit = self.audit_of(by, AuditedChange::of(AuditAction::SecretRotated, id));
        self.put_secrets((tenant, &config), &subscription, (secrets, audit)).await?;
        Ok(secret)
    }

    async fn with_profile(
        &self,
        tenant: &TenantId,
        id: SubscriptionId,
    ) -> Result<(Arc<TenantConfig>, Subscription), RotateError> {
        let config = self.configs.by_id(tenant).await?.ok_or(RotateError::NotFound)?;
        let subscription =
            self.store.subscription(config.tenant.no, id).await?.ok_or(RotateError::NotFound)?;
        Ok((config, self.opened(subscription)))
    }

    async fn put_secrets(
        &self,
        tenant: (&TenantId, &TenantConfig),
        subscription: &Subscription,
        (secrets, audit): (Vec<SealedSecret>, NewAudit),
    ) -> Result<Subscription, RotateError> {
        let changing = Changing { change: SubscriptionChange::Secrets(secrets), audit, adds: None };
        let changed = self.change(tenant, subscription, changing).await;
        changed.map_err(|error| match error {
            UpdateError::Changed => RotateError::Changed,
            UpdateError::Store(error) => error.into(),
            UpdateError::Secret(error) => error.into(),
            UpdateError::NotFound
            | UpdateError::Stale
            | UpdateError::TooLarge
            | UpdateError::BlockedUrl(_)
            | UpdateError::Invalid(_) => RotateError::NotFound,
        })
    }

    fn checked_rotation(
        &self,
        profile: &Profile,
        spec: &SubscriptionSpec,
        rotation: Rotation,
    ) -> Result<(SecretView, Duration), Vec<FieldProblem>> {
        let rules = &profile.secret_rules;
        let mut problems = Vec::new();
        if rules.presence == SecretUse::None {
            return Err(vec![problem("secret", "cannot be rotated: this profile does not sign".to_owned())]);
        }
        if !rules.rotation_grace && rotation.grace.is_some_and(|grace| !grace.is_zero()) {
            let message = "cannot be given: a request of this profile carries one signature, so the new secret signs \
                           new deliveries at once";
            problems.push(problem("grace", message.to_owned()));
        }
        let secret = match rotation.secret {
            Some(_) if rules.supplied == SecretSupply::Never => {
                let message = "is made by Postroad and cannot be given: leave it out";
                Err(vec![problem("secret", message.to_owned())])
            }
            Some(secret) => view(profile, &spec.options, Zeroizing::new(secret)).map_err(|found| vec![found]),
            None => self.fresh_secret(profile, spec),
        };
        let default = if rules.rotation_grace { ROTATION_GRACE.default } else { Duration::ZERO };
        match secret {
            Ok(secret) if problems.is_empty() => Ok((secret, rotation.grace.unwrap_or(default))),
            Ok(_) => Err(problems),
            Err(found) => {
                problems.extend(found);
                Err(problems)
            }
        }
    }

    pub(super) fn fresh_secret(
        &self,
        profile: &Profile,
        spec: &SubscriptionSpec,
    ) -> Result<SecretView, Vec<FieldProblem>> {
        let options = options_of(&spec.options);
        let scheme = profile.scheme_of(&options);
        let made = self.ids.with_rng(|rng| profile.generate_secret(scheme, rng));
        let secret = made.map_err(|why| vec![problem("options.signature", why.to_string())])?;
        view(profile, &spec.options, secret).map_err(|found| vec![found])
    }

    pub(super) fn seal(&self, secret: &str, id: SubscriptionId, at: Timestamp) -> SealedSecret {
        let sealed = self.ids.with_rng(|rng| self.secrets.seal(secret.as_bytes(), id.as_bytes(), rng));
        SealedSecret { sealed, created_at: at, expires_at: None }
    }

    fn open(
        &self,
        profile: &Profile,
        subscription: &Subscription,
        sealed: &SealedSecret,
    ) -> Result<SecretView, SecretError> {
        let text = self.secrets.open(&sealed.sealed, subscription.id.as_bytes())?;
        let text = String::from_utf8(text.to_vec()).map_err(|_| SecretError::DoesNotOpen)?;
        view(profile, &subscription.spec.options, Zeroizing::new(text)).map_err(|_| SecretError::DoesNotOpen)
    }
}

/// Why the secret of a subscription cannot go; `None` where it can.
pub(super) fn refuse_removal(profile: &Profile) -> Option<FieldProblem> {
    let message = "cannot be removed: this profile sends nothing unsigned; change it by POST …/secret/rotate";
    let is_needed = profile.secret_rules.presence == SecretUse::Generated;
    is_needed.then(|| problem("secret", message.to_owned()))
}

/// A secret as it is shown, if it has the form that the profile wants.
pub(super) fn view(
    profile: &Profile,
    options: &str,
    secret: Zeroizing<String>,
) -> Result<SecretView, FieldProblem> {
    let options = options_of(options);
    let key = profile.secret_key(&secret, profile.scheme_of(&options));
    let key = key.map_err(|why| problem("secret", why.to_string()))?;
    Ok(SecretView { public_key: profile.public_key(&key), secret })
}

pub(super) fn problem(field: &str, message: String) -> FieldProblem {
    FieldProblem { field: field.to_owned(), message }
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
