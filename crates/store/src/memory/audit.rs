//! The audit.

use std::{collections::BTreeMap, ops::ControlFlow};

use postroad_domain::{
    AuditEntry, TenantId, TenantNo, Timestamp,
    limits::{AUDIT_SAME_LOOKS_MAX, PAGE_ROWS_SCANNED_MAX},
};

use super::{rows::AuditRow, state::State};
use crate::{AuditFilter, ListAudit, NewAudit, Page, PruneAudit, PrunedAudit, RecordAudit};

impl State {
    /// Writes what a change says of itself.
    pub(super) fn note(&mut self, tenant_no: TenantNo, at: Timestamp, audit: Option<NewAudit>) {
        let Some(NewAudit { id, actor, address, action, object, changes }) = audit else { return };
        let no = self.next_number();
        let at = self.audit.last().map_or(at, |last| at.max(last.entry.at));
        let tenant = self.tenants.get(&tenant_no).map(|row| row.tenant.id.clone());
        let entry = AuditEntry { id, at, tenant, actor, address, action, object, changes };
        self.audit.push(AuditRow { no, tenant_no, entry });
    }

    pub(super) fn record_audit(&mut self, record: RecordAudit) {
        if !self.is_told(&record) {
            self.note(record.tenant_no, record.at, Some(record.audit));
        }
    }

    /// Whether a recent entry of the tenant says the same.
    fn is_told(&self, record: &RecordAudit) -> bool {
        let Some(tenant) = self.tenant_by_no(record.tenant_no) else { return false };
        let of_tenant = self.audit.iter().rev().filter(|row| row.entry.tenant.as_ref() == Some(&tenant.id));
        let told = of_tenant.take(AUDIT_SAME_LOOKS_MAX).try_for_each(|row| record.is_told_by(&row.entry));
        told == ControlFlow::Break(true)
    }

    pub(super) fn list_audit(&self, list: &ListAudit) -> Page<AuditEntry, i64> {
        let older = self.audit.iter().rev().filter(|row| list.after.is_none_or(|after| row.no < after));
        let mut page = Page { items: Vec::new(), next: None };
        let mut looked_at = None;
        for (looks, row) in older.enumerate() {
            if page.items.len() == list.limit || looks == PAGE_ROWS_SCANNED_MAX {
                page.next = looked_at;
                break;
            }
            looked_at = Some(row.no);
            if passes(&list.filter, &row.entry) {
                page.items.push(self.as_shown(row));
            }
        }
        page
    }

    pub(super) fn prune_audit(&mut self, prune: PruneAudit) -> PrunedAudit {
        let (of_tenants, crowded) = self.prune_audit_of_tenants(prune);
        let entries_max = usize::try_from(prune.entries_max).unwrap_or(usize::MAX);
        let too_many = self.audit.len().saturating_sub(entries_max);
        let too_old = self.audit.iter().take_while(|row| row.entry.at < prune.before).count();
        let count = too_many.max(too_old).min(prune.rows_max - of_tenants);
        PrunedAudit { forgotten: of_tenants + self.audit.drain(..count).count(), crowded }
    }

    /// Forgets the oldest of each tenant that has too many.
    fn prune_audit_of_tenants(&mut self, prune: PruneAudit) -> (usize, Option<TenantId>) {
        let mut counts = BTreeMap::<TenantId, u64>::new();
        for tenant in self.audit.iter().filter_map(|row| row.entry.tenant.clone()) {
            *counts.entry(tenant).or_default() += 1;
        }
        let crowded = counts.iter().find(|(_, count)| **count > prune.entries_of_tenant_max);
        let crowded = crowded.map(|(tenant, _)| tenant.clone());
        let before = self.audit.len();
        let mut rows_left = prune.rows_max;
        self.audit.retain(|row| {
            let count = row.entry.tenant.as_ref().and_then(|tenant| counts.get_mut(tenant));
            let Some(count) = count.filter(|count| rows_left > 0 && **count > prune.entries_of_tenant_max)
            else {
                return true;
            };
            *count -= 1;
            rows_left -= 1;
            false
        });
        (before - self.audit.len(), crowded)
    }

    /// What changed of a tenant is the tenant's, and goes with it.
    fn as_shown(&self, row: &AuditRow) -> AuditEntry {
        let mut entry = row.entry.clone();
        if self.tenant_by_no(row.tenant_no).is_none() {
            entry.changes = None;
        }
        entry
    }
}

fn passes(filter: &AuditFilter, entry: &AuditEntry) -> bool {
    filter.tenant.as_ref().is_none_or(|tenant| entry.tenant.as_ref() == Some(tenant))
        && filter.actor.is_none_or(|actor| entry.actor == actor)
        && filter.action.is_none_or(|action| entry.action == action)
        && filter.since.is_none_or(|since| entry.at >= since)
        && filter.until.is_none_or(|until| entry.at < until)
}
