//! Forgetting the oldest events.

use std::collections::BTreeMap;

use postroad_domain::{Event, EventId, TenantNo};

use super::state::{DeliveryKey, State};
use crate::{Prune, Pruned, TenantRetention};

impl State {
    /// One step. An event goes with all that it has; a step that has begun one ends it.
    pub(super) fn prune(&mut self, prune: &Prune) -> Pruned {
        let mut pruned = Pruned::default();
        // What went may have been all that others stayed for.
        while self.prune_once(prune, &mut pruned) && !pruned.more {}
        pruned.oldest = self.events.values().map(|event| event.accepted_at).min();
        pruned
    }

    /// Goes over the events once; answers whether any went.
    fn prune_once(&mut self, prune: &Prune, pruned: &mut Pruned) -> bool {
        let before = pruned.events;
        for key in self.forgettable(prune) {
            if pruned.rows >= prune.rows_max {
                pruned.more = true;
                break;
            }
            if self.is_kept(prune, key) {
                continue;
            }
            pruned.rows += 1 + self.forget(key);
            pruned.events += 1;
        }
        pruned.events > before
    }

    /// What is over, oldest first.
    fn forgettable(&self, prune: &Prune) -> Vec<(TenantNo, EventId)> {
        let mut over: Vec<_> = self.events.iter().filter(|((no, id), _)| self.is_over(*no, *id)).collect();
        over.sort_by_key(|(_, event)| (event.accepted_at, event.id));
        over.retain(|((no, _), event)| {
            let has_bound =
                prune.bytes_max.is_some() || self.own(prune, *no).is_some_and(|own| own.bytes_max.is_some());
            has_bound || self.is_old(prune, *no, event)
        });
        let mut over: Vec<_> = over.into_iter().map(|(key, _)| *key).collect();
        if !prune.tenants.is_empty() {
            take_turns(&mut over);
        }
        over
    }

    /// Whether it stays when its turn comes: young enough, with room for it.
    fn is_kept(&self, prune: &Prune, key: (TenantNo, EventId)) -> bool {
        let is_too_much = prune.bytes_max.is_some_and(|max| self.bytes() > max);
        let own_max = self.own(prune, key.0).and_then(|own| own.bytes_max);
        let is_too_much = is_too_much || own_max.is_some_and(|max| self.bytes_of(key.0) > max);
        !is_too_much && !self.events.get(&key).is_some_and(|event| self.is_old(prune, key.0, event))
    }

    /// Nothing of the event waits, its fan-out is finished, and it is in no delivery of another one.
    fn is_over(&self, tenant_no: TenantNo, id: EventId) -> bool {
        let is_open =
            self.fanouts.iter().any(|fanout| fanout.tenant_no == tenant_no && fanout.event_id == id);
        !is_open
            && self.deliveries_of((tenant_no, id)).all(|(_, waits)| !waits)
            && self.joined(tenant_no, id).next().is_none()
    }

    /// Erases an event with its deliveries; answers how many those were.
    fn forget(&mut self, key: (TenantNo, EventId)) -> usize {
        let deliveries: Vec<_> = self.deliveries_of(key).map(|(key, _)| key).collect();
        for key in &deliveries {
            self.erase_delivery(*key);
        }
        self.events.remove(&key);
        self.event_numbers.remove(&key);
        self.unlog_event(key.0, key.1);
        deliveries.len()
    }

    fn deliveries_of(
        &self,
        (tenant_no, id): (TenantNo, EventId),
    ) -> impl Iterator<Item = (DeliveryKey, bool)> {
        let range = (tenant_no, id.delivery(0))..=(tenant_no, id.delivery(u16::MAX));
        self.deliveries.range(range).map(|(key, row)| (*key, row.place.is_some()))
    }

    /// What this store counts as its bytes: those of its events' data.
    fn bytes(&self) -> u64 {
        self.events.values().map(|event| event.data.len() as u64).sum()
    }

    /// The same of one tenant.
    fn bytes_of(&self, tenant_no: TenantNo) -> u64 {
        let of_tenant = self.events.iter().filter(|((no, _), _)| *no == tenant_no);
        of_tenant.map(|(_, event)| event.data.len() as u64).sum()
    }

    /// The limits of a tenant that was not deleted.
    fn own<'a>(&self, prune: &'a Prune, tenant_no: TenantNo) -> Option<&'a TenantRetention> {
        self.tenant_by_no(tenant_no)?;
        prune.tenants.iter().find(|own| own.tenant_no == tenant_no)
    }

    /// Whether an event is older than anybody allows.
    fn is_old(&self, prune: &Prune, tenant_no: TenantNo, event: &Event) -> bool {
        let ages = [prune.age_max, self.own(prune, tenant_no).and_then(|own| own.age_max)];
        ages.into_iter().flatten().any(|age| event.accepted_at < prune.at.before(age))
    }
}

/// The first of each tenant, then the second of each, and so on.
fn take_turns(events: &mut [(TenantNo, EventId)]) {
    let mut counts = BTreeMap::<TenantNo, usize>::new();
    events.sort_by_cached_key(|(tenant_no, _)| {
        let count = counts.entry(*tenant_no).or_default();
        *count += 1;
        *count
    });
}
