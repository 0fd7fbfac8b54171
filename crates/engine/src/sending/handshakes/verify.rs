//! Handshakes that somebody asks for and waits for.

use postroad_domain::{Subscription, SubscriptionId, TenantId};
use postroad_store::{LaneKey, StoreError};
use thiserror::Error;

use super::making::Round;
use crate::{audit::origin::Origin, sending::service::SendingService};

/// Failures of [`SendingService::verify_subscription`].
#[derive(Clone, Debug, Error)]
pub enum VerifyError {
    /// There is no such tenant or subscription.
    #[error("there is no such subscription")]
    NotFound,
    /// The profile has no handshakes, or none that applies to the subscription.
    #[error("there is no handshake to make")]
    NoHandshakes,
    /// As many tests and handshakes of the tenant are under way as may.
    #[error("too many tests are under way")]
    TooMany,
    /// Nothing is sent now: the node stops, or its store takes no writes.
    #[error("nothing can be sent now")]
    NotReady,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SendingService {
    /// Makes all handshakes that apply to the subscription now, waits for what they come to, and answers the subscription. One that
    /// is unverified becomes active when those that must pass have passed.
    pub async fn verify_subscription(
        &self,
        by: &Origin,
        tenant: &TenantId,
        id: SubscriptionId,
    ) -> Result<Subscription, VerifyError> {
        let config = self.configs.by_id(tenant).await?.ok_or(VerifyError::NotFound)?;
        let endpoint = config.endpoint_by_id(id).ok_or(VerifyError::NotFound)?;
        let (tenant_no, subscription_no) = (config.tenant.no, endpoint.subscription.no);
        let found = self.handshakes.look_up(LaneKey { tenant_no, subscription_no }).await?;
        let (config, before) = found.ok_or(VerifyError::NotFound)?;
        let endpoint = config.endpoint(before.no).ok_or(VerifyError::NotFound)?;
        let due = self.handshakes.due(&config, endpoint, None);
        if due.is_empty() {
            return Err(VerifyError::NoHandshakes);
        }
        if !self.health.may_send() {
            return Err(VerifyError::NotReady);
        }
        let _share = self.tests.take(tenant, 0).ok_or(VerifyError::TooMany)?;
        let expected = before.verification.map(|verification| verification.version);
        let round = Round { config: &config, endpoint, due, all: true, expected, by: Some(by) };
        if !self.handshakes.make(round).await? {
            return Err(VerifyError::NotFound);
        }
        let after = self.store.subscription(tenant_no, id).await?.ok_or(VerifyError::NotFound)?;
        Ok(self.configs.opened(after))
    }
}
