//! Failures of changing a subscription, or its secrets.

use postroad_domain::limits::TENANT_SETTINGS_BYTES_MAX;
use postroad_profile::FieldProblem;
use postroad_store::StoreError;
use thiserror::Error;

use crate::configuration::secret_box::SecretError;

/// Failures of [`ConfigurationService::update_subscription`](crate::ConfigurationService::update_subscription) and
/// [`patch_subscription`](crate::ConfigurationService::patch_subscription).
#[derive(Clone, Debug, Error)]
pub enum UpdateError {
    /// There is no such tenant or subscription.
    #[error("there is no such subscription")]
    NotFound,
    /// It is not what the caller expects.
    #[error("the subscription is not what it was expected to be")]
    Stale,
    /// Somebody else changed it in between.
    #[error("the subscription changed in between")]
    Changed,
    /// With it the settings of the tenant would be larger than they may be.
    #[error("the settings of the tenant would be larger than {TENANT_SETTINGS_BYTES_MAX} bytes")]
    TooLarge,
    /// The URL leads where it must not.
    #[error("the URL cannot be called: {0}")]
    BlockedUrl(String),
    /// Fields that the profile does not take.
    #[error("fields are not valid")]
    Invalid(Vec<FieldProblem>),
    /// What is secret of its settings does not open.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
