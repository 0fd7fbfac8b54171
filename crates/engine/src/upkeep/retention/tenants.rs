//! Which tenants have limits of their own: what the store is told with each step of forgetting.
//!
//! Read once when forgetting begins, and after that kept by the store's feed of changes. **Invariant:** whoever reads asks the
//! feed first, so that a change made during the reading is read again behind it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use postroad_domain::{Tenant, TenantNo};
use postroad_store::{Change, ListTenants, StoreError, TenantRetention};

use crate::{configuration::retention, upkeep::service::UpkeepService};

/// Tenants read at a time.
const TENANTS_PAGE: usize = 250;

/// The tenants with limits of their own, and what must be read anew before they can be relied on.
#[derive(Debug)]
pub(super) struct TenantLimits {
    own: BTreeMap<TenantNo, TenantRetention>,
    /// The same as the store takes it; `None` when something changed since it was made.
    shared: Option<Arc<[TenantRetention]>>,
    all_changed: bool,
    changed: BTreeSet<TenantNo>,
}

impl Default for TenantLimits {
    /// Nothing was read yet.
    fn default() -> Self {
        Self { own: BTreeMap::new(), shared: None, all_changed: true, changed: BTreeSet::new() }
    }
}

impl TenantLimits {
    /// In the order of the tenants' numbers.
    pub(super) fn shared(&mut self) -> Arc<[TenantRetention]> {
        let own = &self.own;
        Arc::clone(self.shared.get_or_insert_with(|| own.values().copied().collect()))
    }

    /// What the feed says.
    pub(super) fn note(&mut self, change: Change) {
        match change {
            Change::Tenant(no) => drop(self.changed.insert(no)),
            Change::Everything => self.all_changed = true,
            Change::Key(_)
            | Change::Lane(_)
            | Change::Overflowed(..)
            | Change::Events(_)
            | Change::CalledOff(_)
            | Change::Noticed(_) => {}
        }
    }

    fn set(&mut self, no: TenantNo, own: Option<TenantRetention>) {
        let before = match own {
            Some(own) => self.own.insert(no, own),
            None => self.own.remove(&no),
        };
        if before != own {
            self.shared = None;
        }
    }
}

impl UpkeepService {
    /// Reads what changed.
    ///
    /// # Errors
    ///
    /// The store failed: what was not read is read the next time.
    pub(super) async fn read_changed(&self, limits: &mut TenantLimits) -> Result<(), StoreError> {
        if limits.all_changed {
            let own = self.read_all().await?;
            *limits = TenantLimits { own, shared: None, all_changed: false, changed: BTreeSet::new() };
        }
        while let Some(no) = limits.changed.first().copied() {
            let config = self.configs.by_no(no).await?;
            limits.set(no, config.and_then(|config| self.own_limits(&config.tenant)));
            limits.changed.remove(&no);
        }
        Ok(())
    }

    async fn read_all(&self) -> Result<BTreeMap<TenantNo, TenantRetention>, StoreError> {
        let (mut all, mut after) = (BTreeMap::new(), None);
        loop {
            let page =
                self.store.list_tenants(ListTenants { profile: None, after, limit: TENANTS_PAGE }).await?;
            all.extend(page.items.iter().filter_map(|tenant| Some((tenant.no, self.own_limits(tenant)?))));
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    fn own_limits(&self, tenant: &Tenant) -> Option<TenantRetention> {
        // Without its profile nothing is known of its schedule: then nothing of it is forgotten early.
        let loaded = self.configuration.profile(&tenant.spec.profile)?;
        retention::of_tenant(tenant.no, &loaded.profile, &tenant.spec)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limit(no: i64, secs: u64) -> Option<TenantRetention> {
        let age_max = Some(Duration::from_secs(secs));
        Some(TenantRetention { tenant_no: TenantNo(no), age_max, bytes_max: None })
    }

    #[test]
    fn the_store_is_told_the_same_list_until_something_of_it_changes() {
        let mut limits = TenantLimits::default();
        limits.set(TenantNo(2), limit(2, 60));
        limits.set(TenantNo(1), limit(1, 60));
        let first = limits.shared();
        assert_eq!(first.iter().map(|of| of.tenant_no.0).collect::<Vec<_>>(), [1, 2]);
        limits.set(TenantNo(2), limit(2, 60));
        limits.set(TenantNo(3), None);
        assert!(Arc::ptr_eq(&first, &limits.shared()));
        limits.set(TenantNo(1), None);
        assert_eq!(limits.shared().len(), 1);
    }
}
