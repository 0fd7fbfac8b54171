//! Turns: what tenants want of the store's few hands, one after the other.
//!
//! Tenants take turns, so that one that asks for very much delays itself. The node's own work (reading lanes and configuration,
//! sweeping, forgetting) has every second turn, however many tenants wait.

use std::collections::VecDeque;

use postroad_domain::TenantNo;
use rustc_hash::FxHashMap;

/// Who asks: a tenant, or the node itself.
pub(crate) type Asker = Option<TenantNo>;

/// What waits, by who asks for it.
#[derive(Debug)]
pub(crate) struct Turns<T> {
    own: VecDeque<T>,
    tenants: FxHashMap<TenantNo, VecDeque<T>>,
    order: VecDeque<TenantNo>,
    own_was_last: bool,
}

impl<T> Default for Turns<T> {
    fn default() -> Self {
        Self {
            own: VecDeque::new(),
            tenants: FxHashMap::default(),
            order: VecDeque::new(),
            own_was_last: false,
        }
    }
}

impl<T> Turns<T> {
    /// Something waits for its turn.
    pub(crate) fn push(&mut self, asker: Asker, item: T) {
        let Some(no) = asker else { return self.own.push_back(item) };
        let waiting = self.tenants.entry(no).or_default();
        if waiting.is_empty() {
            self.order.push_back(no);
        }
        waiting.push_back(item);
    }

    /// What comes next.
    pub(crate) fn pop(&mut self) -> Option<T> {
        let own_first = !self.own_was_last || self.order.is_empty();
        let own = if own_first { self.own.pop_front() } else { None };
        self.own_was_last = own.is_some();
        own.or_else(|| self.pop_of_tenant())
    }

    fn pop_of_tenant(&mut self) -> Option<T> {
        let no = self.order.pop_front()?;
        let waiting = self.tenants.get_mut(&no)?;
        let item = waiting.pop_front();
        if waiting.is_empty() {
            self.tenants.remove(&no);
        } else {
            self.order.push_back(no);
        }
        item
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_take_turns_and_the_node_has_every_second_one() {
        let mut turns = Turns::default();
        for item in ["a1", "a2", "a3"] {
            turns.push(Some(TenantNo(1)), item);
        }
        turns.push(Some(TenantNo(2)), "b1");
        for item in ["own 1", "own 2", "own 3"] {
            turns.push(None, item);
        }
        let order: Vec<_> = std::iter::from_fn(|| turns.pop()).collect();
        assert_eq!(order, ["own 1", "a1", "own 2", "b1", "own 3", "a2", "a3"]);
        assert!(turns.tenants.is_empty() && turns.order.is_empty());
    }
}
