//! A queue in which tenants take turns, for something of which each may hold a share.
//!
//! **The rule** ([ADR 4]): a tenant takes more only while it holds less than is then free for all others. Who holds more is parked,
//! keeps its place among its own, and comes back as soon as enough is free.
//!
//! [ADR 4]: ../../../../../docs/adr/0004-shares.md

use std::collections::{BTreeSet, VecDeque};

use postroad_domain::TenantNo;
use rustc_hash::FxHashMap;

/// What waits, and how much each tenant holds.
#[derive(Debug)]
pub(super) struct FairQueue<T> {
    tenants: FxHashMap<TenantNo, Tenant<T>>,
    /// Tenants for which something waits, in the order of their turns.
    turns: VecDeque<TenantNo>,
    /// Tenants that hold as much as they may, by how much that is.
    parked: BTreeSet<(usize, TenantNo)>,
}

#[derive(Debug)]
struct Tenant<T> {
    held: usize,
    waiting: VecDeque<T>,
    place: Place,
}

/// Where a tenant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Nothing waits for it.
    Nowhere,
    Turns,
    Parked,
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        Self { tenants: FxHashMap::default(), turns: VecDeque::new(), parked: BTreeSet::new() }
    }
}

impl<T> FairQueue<T> {
    /// How much the tenant holds.
    pub(super) fn held(&self, no: TenantNo) -> usize {
        self.tenants.get(&no).map_or(0, |tenant| tenant.held)
    }

    /// The tenant holds more or less from now on.
    pub(super) fn change(&mut self, no: TenantNo, change: impl FnOnce(usize) -> usize) {
        let tenant = self.at(no);
        let before = tenant.held;
        tenant.held = change(before);
        let (held, place) = (tenant.held, tenant.place);
        if place == Place::Parked && self.parked.remove(&(before, no)) {
            self.parked.insert((held, no));
        }
        self.forget_if_idle(no);
    }

    /// Something waits for its turn.
    pub(super) fn push(&mut self, no: TenantNo, item: T) {
        let tenant = self.at(no);
        tenant.waiting.push_back(item);
        if tenant.place == Place::Nowhere {
            tenant.place = Place::Turns;
            self.turns.push_back(no);
        }
    }

    /// What comes next when so much is free.
    pub(super) fn pop(&mut self, free: usize) -> Option<T> {
        if free == 0 {
            return None;
        }
        // One comes back at each turn: it is enough, and nobody is parked behind those that never stop.
        self.unpark(free);
        loop {
            let Some(no) = self.turns.pop_front() else {
                if self.unpark(free) {
                    continue;
                }
                return None;
            };
            let Some(tenant) = self.tenants.get_mut(&no) else { continue };
            if tenant.held >= free {
                tenant.place = Place::Parked;
                self.parked.insert((tenant.held, no));
                continue;
            }
            let item = tenant.waiting.pop_front();
            tenant.place = if tenant.waiting.is_empty() { Place::Nowhere } else { Place::Turns };
            if tenant.place == Place::Turns {
                self.turns.push_back(no);
            }
            self.forget_if_idle(no);
            if item.is_some() {
                return item;
            }
        }
    }

    /// Whether nothing waits and nobody holds anything.
    pub(super) fn is_empty(&self) -> bool {
        self.tenants.is_empty()
    }

    fn at(&mut self, no: TenantNo) -> &mut Tenant<T> {
        let none = || Tenant { held: 0, waiting: VecDeque::new(), place: Place::Nowhere };
        self.tenants.entry(no).or_insert_with(none)
    }

    /// Brings a tenant back that may have more now; answers whether there was one. Who holds least comes first.
    fn unpark(&mut self, free: usize) -> bool {
        let Some((held, no)) = self.parked.first().copied().filter(|(held, _)| *held < free) else {
            return false;
        };
        self.parked.remove(&(held, no));
        if let Some(tenant) = self.tenants.get_mut(&no) {
            tenant.place = Place::Turns;
            self.turns.push_back(no);
        }
        true
    }

    fn forget_if_idle(&mut self, no: TenantNo) {
        let idle = |tenant: &Tenant<T>| tenant.held == 0 && tenant.place == Place::Nowhere;
        if self.tenants.get(&no).is_some_and(idle) {
            self.tenants.remove(&no);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no(no: i64) -> TenantNo {
        TenantNo(no)
    }

    #[test]
    fn tenants_take_turns_and_who_holds_its_share_is_passed_over() {
        let mut queue = FairQueue::default();
        for item in ["a1", "a2", "a3"] {
            queue.push(no(1), item);
        }
        queue.push(no(2), "b1");
        queue.change(no(1), |_| 10);
        assert_eq!([queue.pop(11), queue.pop(11)], [Some("a1"), Some("b1")]);
        assert_eq!(queue.pop(10), None, "it holds as much as is free");
        queue.push(no(3), "c1");
        assert_eq!(queue.pop(1), Some("c1"), "which keeps nobody else back");
        queue.change(no(1), |_| 0);
        assert_eq!([queue.pop(1), queue.pop(1), queue.pop(1)], [Some("a2"), Some("a3"), None]);
        assert!(queue.is_empty(), "nobody is remembered who has nothing");
    }

    #[test]
    fn nobody_stays_parked_behind_those_that_never_stop() {
        let mut queue = FairQueue::default();
        queue.change(no(1), |_| 5);
        queue.push(no(1), "parked");
        assert_eq!(queue.pop(5), None);
        queue.push(no(2), "busy");
        let popped: Vec<_> = (0..3)
            .map(|_| {
                queue.push(no(2), "busy");
                queue.pop(6).unwrap()
            })
            .collect();
        assert!(popped.contains(&"parked"), "{popped:?}");
    }
}
