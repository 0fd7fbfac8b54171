//! Sending now what waits for its time.

use postroad_domain::{AuditAction, SubscriptionId, TenantId};
use postroad_store::{SendNow, SendNowError as StoreSendNowError, StoreError};
use thiserror::Error;

use super::service::SendingService;
use crate::audit::{AuditedChange, origin::Origin};

/// Deliveries that one step looks at: others' events wait for it.
const STEP: usize = 500;

/// Failures of [`SendingService::send_now`].
#[derive(Clone, Debug, Error)]
pub enum SendNowError {
    /// There is no such tenant or subscription.
    #[error("there is no such subscription")]
    NotFound,
    /// It is inactive: nothing would be sent.
    #[error("the subscription is not active")]
    Inactive,
    /// The tenant has as many of these calls under way as it may have.
    #[error("too many such calls are under way")]
    TooMany,
    /// The store failed; what was made due before is.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<StoreSendNowError> for SendNowError {
    fn from(error: StoreSendNowError) -> Self {
        match error {
            StoreSendNowError::NotFound => Self::NotFound,
            StoreSendNowError::Inactive => Self::Inactive,
            StoreSendNowError::Store(error) => Self::Store(error),
        }
    }
}

impl SendingService {
    /// Makes due at once what waits for a subscription: for its delay, the end of a group, or its next attempt, in this order. It is
    /// sent as the subscription's own limits allow; a pause after failures is over. Answers how many deliveries were not due.
    pub async fn send_now(
        &self,
        by: &Origin,
        tenant: &TenantId,
        id: SubscriptionId,
    ) -> Result<u64, SendNowError> {
        let config = self.configs.by_id(tenant).await?.ok_or(SendNowError::NotFound)?;
        let _share = self.send_nows.take(tenant, 0).ok_or(SendNowError::TooMany)?;
        let audit = AuditedChange::of(AuditAction::SubscriptionSentNow, id).entry(by, &self.ids);
        let (tenant_no, at) = (config.tenant.no, self.commit_clock.now());
        let (mut after, mut audit, mut count) = (None, Some(audit), 0);
        loop {
            let audit = audit.take();
            let step = SendNow { tenant_no, subscription: id, at, after, limit: STEP, audit };
            let sent = self.store.send_now(step).await?;
            self.dispatcher.end_pause(sent.lane);
            count += sent.count;
            after = sent.next;
            if after.is_none() {
                return Ok(count);
            }
        }
    }
}
