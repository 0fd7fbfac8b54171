//! Changing single deliveries, and when those of a lane are due.

use postroad_domain::{SubscriptionId, TenantNo, Timestamp, ids::DeliveryId};

use super::lanes::LaneKey;
use crate::NewAudit;

/// Sends a delivery now: again, or before it is due.
#[derive(Clone, Debug)]
pub struct RetryDelivery {
    /// Whose.
    pub tenant_no: TenantNo,
    /// Which.
    pub id: DeliveryId,
    /// Its due time: now.
    pub at: Timestamp,
    /// When it ends at the latest, where it is sent again.
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

/// Makes due what waits in a lane and is not due yet: one step.
#[derive(Clone, Debug)]
pub struct SendNow {
    /// Whose.
    pub tenant_no: TenantNo,
    /// To which subscription.
    pub subscription: SubscriptionId,
    /// When all of it is due: the same moment in each step. Deliveries are a microsecond apart from there, so that they keep their order.
    pub at: Timestamp,
    /// What the step before answered as its [`SentNow::next`]; `None` for the first one.
    pub after: Option<SentNowPlace>,
    /// Deliveries to look at, at most.
    pub limit: usize,
    /// What the audit says of it, with the first step.
    pub audit: Option<NewAudit>,
}

/// How far a [`SendNow`] has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentNowPlace {
    /// Deliveries that were looked at so far.
    pub looked_at: u64,
    /// Where the last of them stood: when it was due, and the store's own handle of it.
    pub last: (Timestamp, i64),
}

/// What a step of a [`SendNow`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentNow {
    /// The lane.
    pub lane: LaneKey,
    /// Deliveries that were not due before, and are.
    pub count: u64,
    /// Where the next step goes on; `None` when nothing is left.
    pub next: Option<SentNowPlace>,
}
