//! Forgetting the oldest events.

use std::{sync::Arc, time::Duration};

use postroad_domain::{Event, EventId, TenantNo, Timestamp};

use super::state::{DeliveryKey, State};
use crate::{Prune, Pruned};

impl State {
    /// One step. An event goes with all that it has; a step that has begun one ends it.
    pub(super) fn prune(&mut self, prune: Prune) -> Pruned {
        let mut pruned = Pruned::default();
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
        pruned.oldest = self.events.values().map(|event| event.accepted_at).min();
        pruned
    }

    /// What is over, oldest first.
    fn forgettable(&self, prune: Prune) -> Vec<(TenantNo, EventId)> {
        let mut over: Vec<_> = self.events.iter().filter(|((no, id), _)| self.is_over(*no, *id)).collect();
        over.sort_by_key(|(_, event)| (event.accepted_at, event.id));
        let is_old = |event: &Event| prune.age_max.is_some_and(|age| is_before(event, prune.at, age));
        over.retain(|(_, event)| prune.bytes_max.is_some() || is_old(event));
        over.into_iter().map(|(key, _)| *key).collect()
    }

    /// Whether it stays when its turn comes: young enough, with room for it.
    fn is_kept(&self, prune: Prune, key: (TenantNo, EventId)) -> bool {
        let is_old = |event: &Arc<Event>| prune.age_max.is_some_and(|age| is_before(event, prune.at, age));
        let is_too_much = prune.bytes_max.is_some_and(|max| self.bytes() > max);
        !is_too_much && !self.events.get(&key).is_some_and(is_old)
    }

    /// Nothing of the event waits, and its fan-out is finished.
    fn is_over(&self, tenant_no: TenantNo, id: EventId) -> bool {
        let is_open =
            self.fanouts.iter().any(|fanout| fanout.tenant_no == tenant_no && fanout.event_id == id);
        !is_open && self.deliveries_of((tenant_no, id)).all(|(_, waits)| !waits)
    }

    /// Erases an event with its deliveries; answers how many those were.
    fn forget(&mut self, key: (TenantNo, EventId)) -> usize {
        let deliveries: Vec<_> = self.deliveries_of(key).map(|(key, _)| key).collect();
        for key in &deliveries {
            self.erase_delivery(*key);
        }
        self.events.remove(&key);
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
}

fn is_before(event: &Event, at: Timestamp, age: Duration) -> bool {
    event.accepted_at < at.before(age)
}
