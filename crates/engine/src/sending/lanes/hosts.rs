//! How many exchanges one host has under way: many lanes may lead to one receiver, and many tenants.

use postroad_store::LaneKey;
use rustc_hash::FxHashMap;

use super::fair_queue::FairQueue;
use crate::configuration::lane_settings::Host;

/// All hosts with exchanges under way.
#[derive(Debug)]
pub(super) struct Hosts {
    limit: usize,
    known: FxHashMap<Host, Use>,
}

#[derive(Debug, Default)]
struct Use {
    under_way: usize,
    /// The exchanges that each tenant has under way, and its lanes whose turn came while it or the host had all that it may have.
    waiting: FairQueue<LaneKey>,
}

impl Use {
    fn free(&self, limit: usize) -> usize {
        limit.saturating_sub(self.under_way)
    }

    fn take(&mut self, lane: LaneKey) {
        self.under_way += 1;
        self.waiting.change(lane.tenant_no, |held| held + 1);
    }
}

impl Hosts {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, known: FxHashMap::default() }
    }

    /// Counts an exchange, or has the lane wait until [`Self::next`] names it.
    pub(super) fn begin(&mut self, host: &Host, lane: LaneKey) -> bool {
        let host = self.known.entry(host.clone()).or_default();
        if host.waiting.held(lane.tenant_no) >= host.free(self.limit) {
            host.waiting.push(lane.tenant_no, lane);
            return false;
        }
        host.take(lane);
        true
    }

    /// Counts an exchange that is about to begin: its seat is kept for the lane that [`Self::next`] named.
    pub(super) fn take(&mut self, host: &Host, lane: LaneKey) {
        self.known.entry(host.clone()).or_default().take(lane);
    }

    /// An exchange is over, or does not begin.
    pub(super) fn end(&mut self, host: &Host, lane: LaneKey) {
        let Some(used) = self.known.get_mut(host) else { return };
        used.under_way = used.under_way.saturating_sub(1);
        used.waiting.change(lane.tenant_no, |held| held.saturating_sub(1));
        self.forget_if_idle(host);
    }

    /// The lane whose turn it is at the host, if it may have another exchange: tenants take turns, within a tenant the lane that
    /// has waited longest. It waits no more.
    pub(super) fn next(&mut self, host: &Host) -> Option<LaneKey> {
        let used = self.known.get_mut(host)?;
        let next = used.waiting.pop(used.free(self.limit));
        self.forget_if_idle(host);
        next
    }

    fn forget_if_idle(&mut self, host: &Host) {
        if self.known.get(host).is_some_and(|used| used.under_way == 0 && used.waiting.is_empty()) {
            self.known.remove(host);
        }
    }
}

#[cfg(test)]
mod tests {
    use postroad_domain::{SubscriptionNo, TenantNo};

    use super::*;

    fn lane(tenant: i64, no: i64) -> LaneKey {
        LaneKey { tenant_no: TenantNo(tenant), subscription_no: SubscriptionNo(no) }
    }

    #[test]
    fn lanes_wait_for_a_host_in_their_order_and_an_idle_host_is_forgotten() {
        let [host, other] = ["a.example:443", "b.example:443"].map(|name| Host::new(name.into()));
        let mut hosts = Hosts::new(1);
        assert!(hosts.begin(&host, lane(1, 1)));
        assert!(!hosts.begin(&host, lane(2, 2)) && !hosts.begin(&host, lane(3, 3)));
        assert!(hosts.begin(&other, lane(2, 2)), "another host is another matter");
        assert_eq!(hosts.next(&host), None);
        hosts.end(&host, lane(1, 1));
        assert_eq!(hosts.next(&host), Some(lane(2, 2)));
        hosts.take(&host, lane(2, 2));
        assert!(!hosts.begin(&host, lane(4, 4)), "the seat is kept for lane 2");
        hosts.end(&host, lane(2, 2));
        assert_eq!((hosts.next(&host), hosts.next(&host)), (Some(lane(3, 3)), Some(lane(4, 4))));
        hosts.end(&other, lane(2, 2));
        assert!(hosts.known.is_empty());
    }

    #[test]
    fn a_tenant_with_many_lanes_to_a_host_leaves_seats_for_the_lanes_of_others() {
        let host = Host::new("hooks.example:443".into());
        let mut hosts = Hosts::new(8);
        let begun: Vec<_> = (1..=8).filter(|no| hosts.begin(&host, lane(1, *no))).collect();
        assert_eq!(begun, [1, 2, 3, 4], "a half of all");
        assert!(hosts.begin(&host, lane(2, 1)) && hosts.begin(&host, lane(2, 2)));
        hosts.end(&host, lane(1, 1));
        assert_eq!(hosts.next(&host), None, "it has three of eight, and three are free");
        hosts.end(&host, lane(1, 2));
        assert_eq!(hosts.next(&host), Some(lane(1, 5)));
    }
}
