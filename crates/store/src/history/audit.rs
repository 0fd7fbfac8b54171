//! The audit: an entry is written in the transaction of the change that it tells of, or not at all.

use std::{net::IpAddr, ops::ControlFlow, time::Duration};

use postroad_domain::{Actor, AuditAction, AuditEntry, AuditId, TenantId, TenantNo, Timestamp};

/// An entry to write. The moment and the tenant are those of the operation that it comes with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAudit {
    /// Ours.
    pub id: AuditId,
    /// Who.
    pub actor: Actor,
    /// From which address.
    pub address: Option<IpAddr>,
    /// What.
    pub action: AuditAction,
    /// The id or name of what it is done to.
    pub object: String,
    /// The fields that change, as JSON.
    pub changes: Option<String>,
}

/// Writes an entry about something that changes nothing else, such as the reading of a secret.
#[derive(Clone, Debug)]
pub struct RecordAudit {
    /// Of which tenant.
    pub tenant_no: TenantNo,
    /// The entry.
    pub audit: NewAudit,
    /// Nothing is written where a younger entry says the same: somebody who looks again and again is told of once.
    pub unless_within: Duration,
    /// Now.
    pub at: Timestamp,
}

impl RecordAudit {
    /// Whether it is told already. To be asked of the tenant's entries, newest first, until one of them decides.
    ///
    /// The same is: the same actor, from the same address, did the same to the same object, and nothing else was done to
    /// that object since.
    pub fn is_told_by(&self, entry: &AuditEntry) -> ControlFlow<bool> {
        let audit = &self.audit;
        let is_old = entry.at <= self.at.before(self.unless_within);
        // One from the future was written while the clock was wrong: how long ago that was nobody knows.
        if is_old || entry.at > self.at.after(self.unless_within) {
            return ControlFlow::Break(false);
        }
        if entry.object != audit.object {
            return ControlFlow::Continue(());
        }
        if entry.action != audit.action {
            ControlFlow::Break(false)
        } else if (entry.actor, entry.address) == (audit.actor, audit.address) {
            ControlFlow::Break(true)
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// Which entries.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Of this tenant, a deleted one too.
    pub tenant: Option<TenantId>,
    /// Of this actor.
    pub actor: Option<Actor>,
    /// Of this action.
    pub action: Option<AuditAction>,
    /// At this moment or later.
    pub since: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

/// Asks for entries, newest first.
#[derive(Clone, Debug)]
pub struct ListAudit {
    /// Which.
    pub filter: AuditFilter,
    /// Only entries before this number, which is the `next` of the page before.
    pub after: Option<i64>,
    /// At most so many.
    pub limit: usize,
}

/// Forgets the oldest entries, in a step.
#[derive(Clone, Copy, Debug)]
pub struct PruneAudit {
    /// Entries before this moment go.
    pub before: Timestamp,
    /// Of a tenant with more entries its own oldest go.
    pub entries_of_tenant_max: u64,
    /// Above so many entries in all the oldest go, whatever their age and whosever they are.
    pub entries_max: u64,
    /// Rows to touch at most.
    pub rows_max: usize,
    /// The step ends after this time, but not before it has forgotten one.
    pub time_max: Duration,
}

/// What a step of forgetting did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrunedAudit {
    /// Entries that are gone.
    pub forgotten: usize,
    /// One of the tenants that had too many.
    pub crowded: Option<TenantId>,
}
