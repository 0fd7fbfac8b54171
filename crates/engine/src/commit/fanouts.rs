//! Large fan-outs that are under way: what is left of them, and whose next step it is. Tenants take turns, and within a tenant
//! its fan-outs.
//!
//! All of it is in the store too: a stop forgets what is here, and the next start goes on.

use std::collections::VecDeque;

use postroad_domain::{
    TenantNo,
    limits::{FANOUT_PER_COMMIT_MAX, OPEN_FANOUTS_MAX},
};
use postroad_store::Fanout;
use rustc_hash::FxHashMap;

/// The fan-outs under way.
#[derive(Default)]
pub(super) struct OpenFanouts {
    tenants: FxHashMap<TenantNo, VecDeque<Fanout>>,
    turns: VecDeque<TenantNo>,
    len: usize,
}

impl OpenFanouts {
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the tenant may open another one: it has no more than are left for all others (ADR 4).
    pub(super) fn has_room(&self, no: TenantNo) -> bool {
        let own = self.tenants.get(&no).map_or(0, VecDeque::len);
        own < OPEN_FANOUTS_MAX.saturating_sub(self.len)
    }

    /// One begins, or goes on behind those of its tenant.
    pub(super) fn push(&mut self, fanout: Fanout) {
        self.at(fanout.tenant_no).push_back(fanout);
    }

    /// One whose step was not written is the next one of its tenant.
    pub(super) fn push_front(&mut self, fanout: Fanout) {
        self.at(fanout.tenant_no).push_front(fanout);
    }

    fn at(&mut self, no: TenantNo) -> &mut VecDeque<Fanout> {
        self.len += 1;
        let of_tenant = self.tenants.entry(no).or_default();
        if of_tenant.is_empty() {
            self.turns.push_back(no);
        }
        of_tenant
    }

    /// The next step.
    pub(super) fn next_step(&mut self) -> Option<Fanout> {
        let no = self.turns.pop_front()?;
        let of_tenant = self.tenants.get_mut(&no)?;
        let mut step = of_tenant.pop_front()?;
        self.len -= 1;
        if of_tenant.is_empty() {
            self.tenants.remove(&no);
        } else {
            self.turns.push_back(no);
        }
        let rest = step.targets.split_off(step.targets.len().min(FANOUT_PER_COMMIT_MAX));
        if !rest.is_empty() {
            let next_number = step.next_number + step.targets.len() as u16;
            self.push(Fanout { targets: rest, next_number, ..step });
        }
        Some(step)
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
