//! Changing single deliveries.

use postroad_domain::{TenantNo, Timestamp, ids::DeliveryId};

use crate::NewAudit;

/// Sends a finished delivery again.
#[derive(Clone, Debug)]
pub struct RetryDelivery {
    /// Whose.
    pub tenant_no: TenantNo,
    /// Which.
    pub id: DeliveryId,
    /// Its due time: now.
    pub at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// What the audit says of it.
    pub audit: Option<NewAudit>,
}

/// Calls a waiting delivery off.
#[derive(Clone, Debug)]
pub struct CancelDelivery {
    /// Whose.
    pub tenant_no: TenantNo,
    /// Which.
    pub id: DeliveryId,
    /// Now.
    pub at: Timestamp,
    /// What the audit says of it.
    pub audit: Option<NewAudit>,
}
