//! Handshakes of subscriptions: what a change asks for, and what they came to.

use postroad_domain::{SubscriptionNo, TenantNo, Timestamp, Verification};

use crate::{LaneKey, NewAudit};

/// That a change of a subscription asks for handshakes. In the version that it makes, the subscription's verification is pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskVerification {
    /// What they come to is shown, and nothing else follows.
    Beside,
    /// Nothing is sent before they have passed: a subscription that would be active is unverified.
    First,
}

/// Writes what the handshakes of a subscription came to, if nothing asked for others meanwhile.
#[derive(Clone, Debug)]
pub struct RecordVerification {
    /// In which tenant.
    pub tenant_no: TenantNo,
    /// Which.
    pub subscription_no: SubscriptionNo,
    /// The version in the verification that the subscription had before they were made; `None` where it had none.
    pub expected: Option<i64>,
    /// What they came to.
    pub verification: Verification,
    /// Those that must pass have passed: one that is unverified becomes active, and what was held goes out.
    pub activates: bool,
    /// Now.
    pub at: Timestamp,
    /// What the audit says where it becomes active.
    pub audit: Option<NewAudit>,
}

/// Asks for subscriptions that are unverified and whose handshakes were not made, or were forgotten.
#[derive(Clone, Copy, Debug)]
pub struct PendingVerifications {
    /// Only those behind this one.
    pub after: Option<LaneKey>,
    /// At most so many.
    pub limit: usize,
}
