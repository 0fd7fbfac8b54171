//! Where forgetting stands, since the store was opened: a part of the writer's memory, since whoever ends a delivery tells it.
//!
//! Events are forgotten from the oldest on. A walk passes over an event that is still queued or fans out, and never looks back:
//! when such an event is over it is *released*, and goes with the next step (`maintenance/prune`).

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use postroad_domain::{TenantNo, Timestamp};
use postroad_store::TenantRetention;

/// Where forgetting stands, since the store was opened.
#[derive(Debug, Default)]
pub(crate) struct PruneWalk {
    /// Every event below this number is gone or was passed over.
    pub(crate) next: i64,
    /// Events that were passed over and may be over now.
    pub(crate) released: BTreeSet<i64>,
    /// The same for each tenant with limits of its own.
    pub(crate) tenants: TenantWalks,
    /// Those took the last step first.
    pub(crate) tenants_first: bool,
}

impl PruneWalk {
    /// Something of an event ended.
    pub(crate) fn release(&mut self, tenant_no: TenantNo, event_no: i64) {
        if event_no < self.next {
            self.released.insert(event_no);
        }
        self.tenants.release(tenant_no, event_no);
    }

    /// An event was accepted, with so many bytes of data.
    pub(crate) fn accepted(&mut self, tenant_no: TenantNo, bytes: usize) {
        self.tenants.accepted(tenant_no, bytes as u64);
    }
}

/// Where forgetting stands in each tenant with limits of its own, since the store was opened.
#[derive(Debug, Default)]
pub(crate) struct TenantWalks {
    pub(crate) walks: HashMap<TenantNo, Walk>,
    /// Events that were passed over and may be over now.
    pub(crate) released: BTreeSet<(TenantNo, i64)>,
    /// Whose turn was the last.
    pub(crate) last: Option<TenantNo>,
    /// The limits of the last step.
    pub(crate) rules: Arc<[TenantRetention]>,
}

/// Where forgetting stands in one tenant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    /// Every event below this number is gone or was passed over.
    pub(crate) next: i64,
    /// Nothing from there on was accepted before.
    pub(crate) oldest: Timestamp,
    pub(crate) bytes: Option<Bytes>,
}

/// The bytes of a tenant's data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bytes {
    pub(crate) sum: u64,
    /// What stands below was counted.
    pub(crate) counted_to: i64,
    /// What stands from here on was counted when it came.
    pub(crate) until: i64,
}

impl TenantWalks {
    /// Something of an event ended.
    pub(crate) fn release(&mut self, tenant_no: TenantNo, event_no: i64) {
        if self.walks.get(&tenant_no).is_some_and(|walk| event_no < walk.next) {
            self.released.insert((tenant_no, event_no));
        }
    }

    /// An event came, with so many bytes.
    pub(crate) fn accepted(&mut self, tenant_no: TenantNo, bytes: u64) {
        let walk = self.walks.get_mut(&tenant_no);
        if let Some(known) = walk.and_then(|walk| walk.bytes.as_mut()) {
            known.sum += bytes;
        }
    }

    /// An event is gone.
    pub(crate) fn erased(&mut self, tenant_no: TenantNo, event_no: i64, data_bytes: u64) {
        let walk = self.walks.get_mut(&tenant_no);
        if let Some(known) = walk.and_then(|walk| walk.bytes.as_mut())
            && (event_no < known.counted_to || event_no >= known.until)
        {
            known.sum = known.sum.saturating_sub(data_bytes);
        }
    }

    /// How far a tenant's walk and its count have come.
    pub(crate) fn place(&self, tenant_no: TenantNo) -> (i64, i64) {
        let walk = self.walks.get(&tenant_no).copied().unwrap_or(Walk::BEGIN);
        (walk.next, walk.bytes.map_or(0, |bytes| bytes.counted_to))
    }

    /// Takes over limits that changed, and forgets where it stands in tenants that have none any more. Whoever makes the steps
    /// hands over the same list as long as nothing changes.
    pub(crate) fn follow(&mut self, rules: &Arc<[TenantRetention]>) {
        if Arc::ptr_eq(&self.rules, rules) {
            return;
        }
        self.walks.retain(|no, _| rule_of(rules, *no).is_some());
        self.released.retain(|(no, _)| rule_of(rules, *no).is_some());
        self.rules = Arc::clone(rules);
    }
}

impl Walk {
    pub(crate) const BEGIN: Self = Self { next: 0, oldest: Timestamp::from_micros(i64::MIN), bytes: None };

    pub(crate) fn is_beyond(&self, rule: TenantRetention) -> bool {
        let known = self.bytes.filter(|bytes| bytes.counted_to >= bytes.until);
        rule.bytes_max.zip(known).is_some_and(|(max, bytes)| bytes.sum > max)
    }
}

pub(crate) fn rule_of(rules: &[TenantRetention], tenant_no: TenantNo) -> Option<TenantRetention> {
    rules.binary_search_by_key(&tenant_no, |rule| rule.tenant_no).ok().map(|place| rules[place])
}
