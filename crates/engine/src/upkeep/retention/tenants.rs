//! Which tenants have limits of their own: what the store is told with each step of forgetting.
//!
//! Read once when forgetting begins, and kept up to date by each change of a tenant on this node. **Invariant:** what was
//! changed while the tenants were read is not overwritten by what was read before.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, OnceLock},
};

use parking_lot::Mutex;
use postroad_domain::{Tenant, TenantNo};
use postroad_store::{ListTenants, StoreError, TenantRetention};

use super::LOOK_PAUSE;
use crate::{
    Engine,
    configuration::retention::{self, Retention},
};

/// Tenants read at a time.
const TENANTS_PAGE: usize = 250;

/// What is kept, of all and of single tenants.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    installation: OnceLock<Retention>,
    tenants: Mutex<Tenants>,
}

#[derive(Debug, Default)]
struct Tenants {
    own: BTreeMap<TenantNo, TenantRetention>,
    /// The same as the store takes it; `None` when something changed since it was made.
    told: Option<Arc<[TenantRetention]>>,
    /// Changed since reading began; `None` when all are read.
    changed: Option<HashSet<TenantNo>>,
}

impl Kept {
    /// What the operator gives.
    pub(crate) fn installation(&self) -> Retention {
        self.installation.get().copied().unwrap_or_default()
    }

    pub(super) fn set_installation(&self, retention: Retention) {
        let _ = self.installation.set(retention);
    }

    /// The tenants with limits of their own, in the order of their numbers.
    pub(super) fn of_tenants(&self) -> Arc<[TenantRetention]> {
        let mut tenants = self.tenants.lock();
        let Tenants { own, told, .. } = &mut *tenants;
        Arc::clone(told.get_or_insert_with(|| own.values().copied().collect()))
    }

    /// A tenant was put or deleted.
    fn change(&self, no: TenantNo, own: Option<TenantRetention>) {
        let mut tenants = self.tenants.lock();
        if let Some(changed) = &mut tenants.changed {
            changed.insert(no);
        }
        tenants.set(no, own);
    }

    fn begin_reading(&self) {
        self.tenants.lock().changed = Some(HashSet::new());
    }

    fn end_reading(&self) {
        self.tenants.lock().changed = None;
    }

    /// A tenant was read, as it may have been a while ago.
    fn read(&self, no: TenantNo, own: Option<TenantRetention>) {
        let mut tenants = self.tenants.lock();
        if !tenants.changed.as_ref().is_some_and(|changed| changed.contains(&no)) {
            tenants.set(no, own);
        }
    }
}

impl Tenants {
    fn set(&mut self, no: TenantNo, own: Option<TenantRetention>) {
        let before = match own {
            Some(own) => self.own.insert(no, own),
            None => self.own.remove(&no),
        };
        if before != own {
            self.told = None;
        }
    }
}

impl Engine {
    /// A tenant was put.
    pub(crate) fn tenant_was_put(&self, tenant: &Tenant) {
        self.kept.change(tenant.no, self.own_limits(tenant));
    }

    /// A tenant was deleted.
    pub(crate) fn tenant_was_deleted(&self, no: TenantNo) {
        self.kept.change(no, None);
    }

    /// Reads which tenants have limits of their own, until it succeeds.
    pub(super) async fn load_limits_of_tenants(&self) {
        self.kept.begin_reading();
        while let Err(error) = self.read_limits_of_tenants().await {
            tracing::warn!(%error, "the limits of tenants could not be read; nothing is erased before");
            self.clock.sleep(LOOK_PAUSE).await;
        }
        self.kept.end_reading();
    }

    async fn read_limits_of_tenants(&self) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let page =
                self.store.list_tenants(ListTenants { profile: None, after, limit: TENANTS_PAGE }).await?;
            for tenant in &page.items {
                self.kept.read(tenant.no, self.own_limits(tenant));
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    fn own_limits(&self, tenant: &Tenant) -> Option<TenantRetention> {
        // Without its profile nothing is known of its schedule: then nothing of it is forgotten early.
        let loaded = self.profiles.by_name(&tenant.spec.profile)?;
        retention::of_tenant(tenant.no, &loaded.profile, &tenant.spec)
    }
}
