//! Rows of what has a file of its own for its operations.

use std::collections::BTreeMap;

use postroad_domain::{
    ApiKey, AuditEntry, DeliveryId, Replay, SubscriptionNo, TenantNo, Timestamp, subscription::InactiveReason,
};

use crate::{LaneKey, Mail, MailNo, Notice, NoticeKind};

/// An entry and the number of its tenant, whose end takes its changes away.
#[derive(Debug)]
pub(super) struct AuditRow {
    pub(super) no: i64,
    pub(super) tenant_no: TenantNo,
    pub(super) entry: AuditEntry,
}

/// A key; its tenant's name is looked up.
#[derive(Debug)]
pub(super) struct KeyRow {
    pub(super) key: ApiKey,
    pub(super) hash: [u8; 32],
    pub(super) secret_hash: Option<[u8; 32]>,
}

/// What a subscription was from some event on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    /// Events with a higher number found it so.
    pub(super) from: i64,
    pub(super) version: i64,
    pub(super) inactive: Option<(InactiveReason, Timestamp)>,
    pub(super) deleted_at: Option<Timestamp>,
}

/// A replay and where its walk over the events stands.
#[derive(Clone, Debug)]
pub(super) struct ReplayRow {
    pub(super) replay: Replay,
    /// The number of the next event.
    pub(super) position: i64,
    /// The last delivery of that event that was queued, where a step ended within it.
    pub(super) within: Option<DeliveryId>,
    /// Events from this number on came after its beginning.
    pub(super) end: i64,
}

/// A group that takes events.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenGroup {
    pub(super) delivery: DeliveryId,
    /// It takes none from then on.
    pub(super) closes_at: Timestamp,
    /// When the latest of its events may be sent.
    pub(super) ready_at: Timestamp,
}

impl OpenGroup {
    /// When it is due if nothing more happens to it.
    pub(super) fn due(&self) -> Timestamp {
        self.closes_at.max(self.ready_at)
    }
}

/// What contacts must still be told.
#[derive(Debug, Default)]
pub(super) struct NoticeRows {
    pub(super) open: BTreeMap<NoticeKey, Notice>,
    pub(super) closed: BTreeMap<NoticeKey, Notice>,
    pub(super) digests: BTreeMap<TenantNo, DigestRow>,
    pub(super) mails: BTreeMap<MailNo, MailRow>,
    /// The failures that each subscription was warned of, by their first moment.
    pub(super) warned: BTreeMap<LaneKey, Timestamp>,
}

pub(super) type NoticeKey = (TenantNo, SubscriptionNo, NoticeKind);

#[derive(Debug)]
pub(super) struct DigestRow {
    pub(super) due: Timestamp,
    pub(super) allowed_at: Timestamp,
    pub(super) step: u32,
    pub(super) is_open: bool,
}

#[derive(Debug)]
pub(super) struct MailRow {
    pub(super) mail: Mail,
    pub(super) due: Timestamp,
}

impl NoticeRows {
    /// Forgets a tenant.
    pub(super) fn erase(&mut self, no: TenantNo) {
        self.open.retain(|(tenant_no, ..), _| *tenant_no != no);
        self.closed.retain(|(tenant_no, ..), _| *tenant_no != no);
        self.digests.remove(&no);
        self.mails.retain(|_, row| row.mail.tenant_no != no);
        self.warned.retain(|lane, _| lane.tenant_no != no);
    }

    /// Forgets a subscription.
    pub(super) fn forget(&mut self, lane: LaneKey) {
        let is_other = |key: &NoticeKey| (key.0, key.1) != (lane.tenant_no, lane.subscription_no);
        self.open.retain(|key, _| is_other(key));
        self.closed.retain(|key, _| is_other(key));
    }

    /// Whether mail waits for a tenant that was not tried yet.
    pub(super) fn has_new_mail_for(&self, no: TenantNo) -> bool {
        self.mails.values().any(|row| row.mail.tenant_no == no && row.mail.tries == 0)
    }

    /// Whether mail waits for a tenant.
    pub(super) fn has_mail_for(&self, no: TenantNo) -> bool {
        self.mails.values().any(|row| row.mail.tenant_no == no)
    }
}
