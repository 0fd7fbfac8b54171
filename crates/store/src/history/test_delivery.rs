//! Tests of subscriptions: a delivery that was sent before it was written, since somebody waits for its answer.

use bytes::Bytes;
use postroad_domain::{Attempt, EventType, ProfileNo, SubscriptionNo, TenantNo, Timestamp, ids::EventId};

use super::audit::NewAudit;

/// Writes a test that was made: its event, its delivery, which is final, and its attempt. Nothing of it is ever queued
/// by itself; the delivery has the number 1 of its event ([`EventId::delivery`]).
#[derive(Clone, Debug)]
pub struct RecordTest {
    /// Whose.
    pub tenant_no: TenantNo,
    /// The event's id.
    pub event_id: EventId,
    /// The type that was tried.
    pub event_type: EventType,
    /// The attributes as a JSON object; empty for none.
    pub attributes: Bytes,
    /// The example that was sent.
    pub data: Bytes,
    /// The tenant's version that it was shaped with.
    pub tenant_version: i64,
    /// The profile that it was shaped by.
    pub profile: ProfileNo,
    /// The subscription; it may be inactive.
    pub subscription_no: SubscriptionNo,
    /// Its version that it was shaped with.
    pub subscription_version: i64,
    /// When it began: the moment of the event and of the delivery.
    pub at: Timestamp,
    /// The exchange.
    pub attempt: Attempt,
    /// Whether the receiver took it; otherwise the delivery failed, with the reason `exhausted`.
    pub succeeded: bool,
    /// When it ended.
    pub finished_at: Timestamp,
    /// What the audit says of it.
    pub audit: Option<NewAudit>,
}
