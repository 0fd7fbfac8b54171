//! The lanes in memory, by their key and by their tenant.

use std::collections::BTreeSet;

use postroad_domain::{SubscriptionNo, TenantNo};
use postroad_store::LaneKey;
use rustc_hash::FxHashMap;

use super::lane::Lane;

/// The lanes in memory. **Invariant:** `keys` holds the keys of `lanes`.
#[derive(Debug, Default)]
pub(super) struct LaneTable {
    lanes: FxHashMap<LaneKey, Lane>,
    /// In the order of their tenants, so that those of one tenant are found without a look at all others.
    keys: BTreeSet<LaneKey>,
}

impl LaneTable {
    pub(super) fn len(&self) -> usize {
        self.lanes.len()
    }

    pub(super) fn get(&self, key: &LaneKey) -> Option<&Lane> {
        self.lanes.get(key)
    }

    pub(super) fn get_mut(&mut self, key: &LaneKey) -> Option<&mut Lane> {
        self.lanes.get_mut(key)
    }

    /// The lane, which is new where there was none.
    pub(super) fn at(&mut self, key: LaneKey) -> &mut Lane {
        let keys = &mut self.keys;
        self.lanes.entry(key).or_insert_with(|| {
            keys.insert(key);
            Lane::default()
        })
    }

    pub(super) fn remove(&mut self, key: &LaneKey) {
        self.lanes.remove(key);
        self.keys.remove(key);
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = LaneKey> {
        self.keys.iter().copied()
    }

    pub(super) fn of_tenant(&self, tenant_no: TenantNo) -> impl Iterator<Item = LaneKey> {
        let key = |no| LaneKey { tenant_no, subscription_no: SubscriptionNo(no) };
        self.keys.range(key(i64::MIN)..=key(i64::MAX)).copied()
    }
}
