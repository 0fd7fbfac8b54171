//! Whose turn it is: tenants take turns, and within a tenant its lanes.
//!
//! **Invariant:** a tenant has no more exchanges under way than are free for all others. So however many tenants have
//! receivers that hang, something is always left for the next one, and a tenant alone may have half of all. (In switches
//! this is known as the dynamic threshold of a shared buffer.)

use std::collections::{BTreeSet, VecDeque};

use postroad_domain::TenantNo;
use postroad_store::LaneKey;
use rustc_hash::FxHashMap;

/// The lanes that can take a turn.
#[derive(Debug)]
pub(super) struct Turns {
    /// Exchanges that may be under way.
    exchanges: usize,
    under_way: usize,
    /// Bytes of memory that they may take.
    bytes_max: usize,
    bytes: usize,
    tenants: FxHashMap<TenantNo, Tenant>,
    /// Tenants with a lane that can take a turn, in the order in which they do.
    queue: VecDeque<TenantNo>,
    /// Tenants that have as many under way as they may have, by how many that is.
    parked: BTreeSet<(usize, TenantNo)>,
    /// Tenants whose exchanges take as much memory as they may take, by how much that is.
    parked_for_bytes: BTreeSet<(usize, TenantNo)>,
}

#[derive(Debug, Default)]
struct Tenant {
    lanes: VecDeque<LaneKey>,
    under_way: usize,
    bytes: usize,
    place: Place,
}

/// Where a tenant stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// None of its lanes can take a turn.
    #[default]
    Nowhere,
    Queue,
    Parked,
    ParkedForBytes,
}

impl Turns {
    pub(super) fn new(exchanges: usize, bytes_max: usize) -> Self {
        Self {
            exchanges,
            under_way: 0,
            bytes_max,
            bytes: 0,
            tenants: FxHashMap::default(),
            queue: VecDeque::new(),
            parked: BTreeSet::new(),
            parked_for_bytes: BTreeSet::new(),
        }
    }

    /// Exchanges under way.
    pub(super) fn under_way(&self) -> usize {
        self.under_way
    }

    /// A lane can take a turn, before the others of its tenant or behind them. It is not in here yet.
    pub(super) fn push(&mut self, lane: LaneKey, is_first: bool) {
        let tenant = self.tenants.entry(lane.tenant_no).or_default();
        if is_first {
            tenant.lanes.push_front(lane);
        } else {
            tenant.lanes.push_back(lane);
        }
        if tenant.place == Place::Nowhere {
            tenant.place = Place::Queue;
            self.queue.push_back(lane.tenant_no);
        }
    }

    /// The lane whose turn it is. It is in here no more.
    pub(super) fn pop(&mut self) -> Option<LaneKey> {
        // One comes back at each turn: it is enough, and nobody is parked behind those that never stop.
        self.unpark();
        while self.under_way < self.exchanges {
            let Some(no) = self.queue.pop_front() else {
                // Others that were parked may begin, whatever kept back those before them.
                if self.unpark() {
                    continue;
                }
                return None;
            };
            if !self.may_begin(no) {
                self.park(no);
                continue;
            }
            let Some(tenant) = self.tenants.get_mut(&no) else { continue };
            let lane = tenant.lanes.pop_front();
            tenant.place = if tenant.lanes.is_empty() { Place::Nowhere } else { Place::Queue };
            if tenant.place == Place::Queue {
                self.queue.push_back(no);
            }
            self.forget_if_idle(no);
            if lane.is_some() {
                return lane;
            }
        }
        None
    }

    /// Whether the tenant has less under way than its share.
    pub(super) fn may_begin(&self, no: TenantNo) -> bool {
        let tenant = self.tenants.get(&no);
        let (under_way, bytes) = tenant.map_or((0, 0), |tenant| (tenant.under_way, tenant.bytes));
        under_way < self.free() && self.has_bytes_for(bytes)
    }

    /// Whether a tenant whose exchanges take so much may begin another. One is always allowed, however large it is: else the largest
    /// event would never be sent.
    fn has_bytes_for(&self, bytes: usize) -> bool {
        bytes == 0 || bytes < self.bytes_max.saturating_sub(self.bytes)
    }

    /// An exchange of the tenant began, which takes so many bytes.
    pub(super) fn began(&mut self, no: TenantNo, bytes: usize) {
        self.under_way += 1;
        self.bytes += bytes;
        self.count(no, |tenant| {
            tenant.under_way += 1;
            tenant.bytes += bytes;
        });
    }

    /// An exchange of the tenant is over.
    pub(super) fn ended(&mut self, no: TenantNo, bytes: usize) {
        self.under_way = self.under_way.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
        self.count(no, |tenant| {
            tenant.under_way = tenant.under_way.saturating_sub(1);
            tenant.bytes = tenant.bytes.saturating_sub(bytes);
        });
        self.forget_if_idle(no);
    }

    fn free(&self) -> usize {
        self.exchanges.saturating_sub(self.under_way)
    }

    /// The tenant waits until it may have more, by what it has too much of.
    fn park(&mut self, no: TenantNo) {
        let free = self.free();
        let Some(tenant) = self.tenants.get_mut(&no) else { return };
        if tenant.under_way >= free {
            tenant.place = Place::Parked;
            self.parked.insert((tenant.under_way, no));
        } else {
            tenant.place = Place::ParkedForBytes;
            self.parked_for_bytes.insert((tenant.bytes, no));
        }
    }

    /// Brings one back that may have more now; answers whether there was one.
    fn unpark(&mut self) -> bool {
        let by_count = self.parked.first().copied().filter(|(count, _)| *count < self.free());
        let by_bytes = self.parked_for_bytes.first().copied().filter(|(bytes, _)| self.has_bytes_for(*bytes));
        let no = if let Some(first) = by_count {
            self.parked.remove(&first);
            first.1
        } else if let Some(first) = by_bytes {
            self.parked_for_bytes.remove(&first);
            first.1
        } else {
            return false;
        };
        if let Some(tenant) = self.tenants.get_mut(&no) {
            tenant.place = Place::Queue;
            self.queue.push_back(no);
        }
        true
    }

    fn count(&mut self, no: TenantNo, change: impl FnOnce(&mut Tenant)) {
        let tenant = self.tenants.entry(no).or_default();
        let (under_way, bytes) = (tenant.under_way, tenant.bytes);
        change(tenant);
        match tenant.place {
            Place::Parked => {
                self.parked.remove(&(under_way, no));
                self.parked.insert((tenant.under_way, no));
            }
            Place::ParkedForBytes => {
                self.parked_for_bytes.remove(&(bytes, no));
                self.parked_for_bytes.insert((tenant.bytes, no));
            }
            Place::Nowhere | Place::Queue => {}
        }
    }

    fn forget_if_idle(&mut self, no: TenantNo) {
        let idle = |tenant: &Tenant| tenant.under_way == 0 && tenant.place == Place::Nowhere;
        if self.tenants.get(&no).is_some_and(idle) {
            self.tenants.remove(&no);
        }
    }
}

#[cfg(test)]
mod tests {
    use postroad_domain::SubscriptionNo;

    use super::*;

    fn lane(tenant: i64, subscription: i64) -> LaneKey {
        LaneKey { tenant_no: TenantNo(tenant), subscription_no: SubscriptionNo(subscription) }
    }

    /// Lets every lane begin as many exchanges as it may; each can always take another turn.
    fn fill(turns: &mut Turns, wanted: usize) -> Vec<i64> {
        let mut began = Vec::new();
        while began.len() < wanted {
            let Some(lane) = turns.pop() else { break };
            turns.began(lane.tenant_no, 0);
            turns.push(lane, false);
            began.push(lane.tenant_no.0);
        }
        began
    }

    #[test]
    fn tenants_take_turns_however_many_lanes_each_has() {
        let mut turns = Turns::new(100, 1);
        for subscription in 1..=3 {
            turns.push(lane(1, subscription), false);
        }
        turns.push(lane(2, 1), false);
        let order: Vec<_> = std::iter::from_fn(|| turns.pop()).collect();
        assert_eq!(order, [lane(1, 1), lane(2, 1), lane(1, 2), lane(1, 3)]);
    }

    #[test]
    fn a_tenant_alone_may_have_half_and_something_is_left_for_each_that_comes() {
        let mut turns = Turns::new(64, 1);
        turns.push(lane(1, 1), false);
        assert_eq!(fill(&mut turns, 1_000).len(), 32);
        turns.push(lane(2, 1), false);
        assert_eq!(fill(&mut turns, 1_000), [2; 16]);
        turns.push(lane(3, 1), false);
        assert_eq!(fill(&mut turns, 1_000), [3; 8]);
        assert_eq!(turns.under_way(), 56);
    }

    #[test]
    fn whoever_had_more_than_its_share_waits_until_it_has_less() {
        let mut turns = Turns::new(64, 1);
        turns.push(lane(1, 1), false);
        fill(&mut turns, 1_000);
        turns.push(lane(2, 1), false);
        fill(&mut turns, 1_000);
        // With 16 free, 1 may begin again only below 16 of its own.
        let mut began = Vec::new();
        for _ in 0..10 {
            turns.ended(TenantNo(1), 0);
            began.extend(fill(&mut turns, 1_000));
        }
        assert_eq!(began, [2; 5], "22 and 21 under way, 21 free");
    }

    #[test]
    fn a_tenant_whose_events_fill_the_memory_has_one_under_way_and_leaves_room_for_others() {
        let mut turns = Turns::new(64, 100);
        let fill = |turns: &mut Turns, no| {
            turns.push(lane(no, 1), false);
            let mut began = 0;
            while let Some(lane) = turns.pop() {
                turns.began(lane.tenant_no, 30);
                turns.push(lane, false);
                began += 1;
            }
            began
        };
        assert_eq!(fill(&mut turns, 1), 2);
        assert_eq!(fill(&mut turns, 2), 1, "90 of 100 are used behind its first");
        assert_eq!(fill(&mut turns, 3), 1, "one is always allowed");
    }

    /// It was asked first and always refused, and nobody behind it was asked.
    #[test]
    fn a_tenant_that_waits_for_memory_keeps_back_nobody_else() {
        let mut turns = Turns::new(64, 100);
        turns.push(lane(1, 1), false);
        turns.pop();
        turns.began(TenantNo(1), 60);
        turns.push(lane(1, 1), false);
        assert_eq!(turns.pop(), None, "60 of 100 are its own");
        for no in 2..=5 {
            turns.push(lane(no, 1), false);
            assert_eq!(turns.pop(), Some(lane(no, 1)));
            turns.began(TenantNo(no), 1);
        }
        turns.began(TenantNo(2), 30);
        turns.push(lane(2, 1), false);
        assert_eq!(turns.pop(), None, "it is parked too, and 1 before it");
        turns.ended(TenantNo(2), 30);
        assert_eq!(turns.pop(), Some(lane(2, 1)), "1 has fewer exchanges and still too many bytes");
        turns.ended(TenantNo(1), 60);
        assert_eq!(turns.pop(), Some(lane(1, 1)));
    }

    #[test]
    fn nobody_is_remembered_who_has_nothing() {
        let mut turns = Turns::new(8, 1);
        turns.push(lane(1, 1), false);
        let taken = turns.pop().unwrap();
        turns.began(taken.tenant_no, 1);
        turns.ended(taken.tenant_no, 1);
        assert!(
            turns.tenants.is_empty()
                && turns.queue.is_empty()
                && turns.parked.is_empty()
                && turns.parked_for_bytes.is_empty()
        );
    }
}
