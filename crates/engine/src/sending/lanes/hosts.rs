//! How many exchanges one host has under way: many lanes may lead to one receiver.

use std::collections::VecDeque;

use postroad_store::LaneKey;
use rustc_hash::FxHashMap;

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
    /// Lanes whose turn came while the host had all that it may have.
    waiting: VecDeque<LaneKey>,
}

impl Hosts {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, known: FxHashMap::default() }
    }

    /// Counts an exchange, or has the lane wait until [`Self::next`] names it.
    pub(super) fn begin(&mut self, host: &Host, lane: LaneKey) -> bool {
        let host = self.known.entry(host.clone()).or_default();
        if host.under_way >= self.limit {
            host.waiting.push_back(lane);
            return false;
        }
        host.under_way += 1;
        true
    }

    /// Counts an exchange that is about to begin: its seat is kept for the lane that [`Self::next`] named.
    pub(super) fn take(&mut self, host: &Host) {
        self.known.entry(host.clone()).or_default().under_way += 1;
    }

    /// An exchange is over, or does not begin.
    pub(super) fn end(&mut self, host: &Host) {
        let Some(used) = self.known.get_mut(host) else { return };
        used.under_way = used.under_way.saturating_sub(1);
        if used.under_way == 0 && used.waiting.is_empty() {
            self.known.remove(host);
        }
    }

    /// The lane that has waited longest, if the host may have another exchange. It waits no more.
    pub(super) fn next(&mut self, host: &Host) -> Option<LaneKey> {
        let used = self.known.get_mut(host).filter(|used| used.under_way < self.limit)?;
        let next = used.waiting.pop_front();
        if used.under_way == 0 && used.waiting.is_empty() {
            self.known.remove(host);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use postroad_domain::{SubscriptionNo, TenantNo};

    use super::*;

    #[test]
    fn lanes_wait_for_a_host_in_their_order_and_an_idle_host_is_forgotten() {
        let lane = |no| LaneKey { tenant_no: TenantNo(no), subscription_no: SubscriptionNo(no) };
        let [host, other] = ["a.example:443", "b.example:443"].map(|name| Host::new(name.into()));
        let mut hosts = Hosts::new(1);
        assert!(hosts.begin(&host, lane(1)));
        assert!(!hosts.begin(&host, lane(2)) && !hosts.begin(&host, lane(3)));
        assert!(hosts.begin(&other, lane(2)), "another host is another matter");
        assert_eq!(hosts.next(&host), None);
        hosts.end(&host);
        assert_eq!(hosts.next(&host), Some(lane(2)));
        hosts.take(&host);
        assert!(!hosts.begin(&host, lane(4)), "the seat is kept for lane 2");
        hosts.end(&host);
        assert_eq!((hosts.next(&host), hosts.next(&host)), (Some(lane(3)), Some(lane(4))));
        hosts.end(&other);
        assert!(hosts.known.is_empty());
    }
}
