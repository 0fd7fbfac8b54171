//! Shares: how much of a bounded thing each tenant may hold at a time, or whoever else it is shared among
//! ([ADR 4](../../../docs/adr/0004-shares.md)).
//!
//! The thing may be anything that is counted in places and bytes: events that wait for their commit, bodies of requests,
//! tests under way, pages of the inspector.
//!
//! **The rule:** a tenant takes a share, or lets one grow, only where it holds no more with it than is then free for all others. So
//! a tenant alone may have half, the next one half of the rest, and something is left for whoever comes. (In switches this is
//! known as the dynamic threshold of a shared buffer.)
//!
//! **Invariant:** nobody waits here. Who takes too much is refused at once, and alone; what a share held is free for the others
//! when it is dropped.
//!
//! Exchanges are shared by the same rule in `sending::lanes::turns`, with code of its own: lanes there wait for their turn and
//! have an order, which this refuses on purpose.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use parking_lot::Mutex;

/// Hands out shares to tenants known by `K`. Clones hand out the same.
pub struct Shares<K>(Arc<Mutex<Held<K>>>);

/// A share: one place, and some bytes. Given back when it is dropped.
pub struct Share<K: Hash + Eq> {
    of: Shares<K>,
    tenant: K,
    bytes: usize,
}

struct Held<K> {
    free: Amount,
    by_tenant: HashMap<K, Amount>,
}

/// How much there is, or is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Places: one for each share.
    pub places: usize,
    /// Bytes, or other units, in them.
    pub bytes: usize,
}

impl Amount {
    /// So many bytes, in as many places as they are put in.
    pub fn of_bytes(bytes: usize) -> Self {
        Self { places: usize::MAX, bytes }
    }
}

impl<K: Hash + Eq + Clone> Shares<K> {
    /// Of a thing of this size, of which nobody holds anything yet.
    pub fn new(size: Amount) -> Self {
        Self(Arc::new(Mutex::new(Held { free: size, by_tenant: HashMap::new() })))
    }

    /// Whether a share of so many bytes could be taken now.
    pub fn has_room(&self, tenant: &K, bytes: usize) -> bool {
        self.0.lock().fits(tenant, bytes)
    }

    /// A share of so many bytes, or `None` where the tenant would hold more than is left for all others.
    pub fn take(&self, tenant: &K, bytes: usize) -> Option<Share<K>> {
        let mut held = self.0.lock();
        if !held.fits(tenant, bytes) {
            return None;
        }
        held.free.places -= 1;
        held.free.bytes -= bytes;
        let used = held.by_tenant.entry(tenant.clone()).or_default();
        used.places += 1;
        used.bytes += bytes;
        Some(Share { of: self.clone(), tenant: tenant.clone(), bytes })
    }
}

impl<K: Hash + Eq> Held<K> {
    fn fits(&self, tenant: &K, bytes: usize) -> bool {
        let used = self.by_tenant.get(tenant).copied().unwrap_or_default();
        used.places < self.free.places && used.bytes.saturating_add(bytes) <= self.free.bytes
    }
}

impl<K: Hash + Eq> Share<K> {
    /// Its bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Makes it as large as this, as if it were given back and taken anew; answers whether there was room for that. If not
    /// it stays as it is.
    pub fn grow_to(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        let mut held = self.of.0.lock();
        let free = held.free.bytes;
        let Some(used) = held.by_tenant.get_mut(&self.tenant) else { return false };
        // What the tenant holds besides it, and what would be free without it.
        if used.bytes.saturating_add(more) > free + self.bytes {
            return false;
        }
        used.bytes += more;
        held.free.bytes -= more;
        self.bytes += more;
        true
    }
}

impl<K> Clone for Shares<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Hash + Eq> Drop for Share<K> {
    fn drop(&mut self) {
        let mut held = self.of.0.lock();
        held.free.places += 1;
        held.free.bytes += self.bytes;
        let Some(used) = held.by_tenant.get_mut(&self.tenant) else { return };
        used.places -= 1;
        used.bytes -= self.bytes;
        if used.places == 0 {
            held.by_tenant.remove(&self.tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Amount = Amount { places: 1_000, bytes: 1_000_000 };

    /// Shares of so many bytes that the tenant may have, at most `wanted`.
    fn fill(shares: &Shares<u8>, tenant: u8, bytes: usize, wanted: usize) -> Vec<Share<u8>> {
        (0..wanted).map_while(|_| shares.take(&tenant, bytes)).collect()
    }

    /// Tenants that come one behind the other, each taking all it may: how many shares each has.
    #[test]
    fn each_that_comes_may_have_half_of_what_is_left() {
        for (size, bytes, expected) in [
            (SIZE, 0, [500, 250, 125, 63]),
            (SIZE, 10_000, [50, 25, 13, 6]),
            (Amount { places: 32, bytes: 0 }, 0, [16, 8, 4, 2]),
            (Amount { places: 3, bytes: 0 }, 0, [2, 1, 0, 0]),
            (Amount { places: 1, bytes: 0 }, 0, [1, 0, 0, 0]),
        ] {
            let shares = Shares::new(size);
            let held = [1, 2, 3, 4].map(|tenant| fill(&shares, tenant, bytes, usize::MAX));
            assert_eq!(held.map(|held| held.len()), expected, "{size:?}, {bytes} bytes each");
            assert_eq!(shares.0.lock().free, size);
        }
    }

    #[test]
    fn a_tenant_that_floods_is_refused_while_another_is_taken() {
        let shares = Shares::new(SIZE);
        let flood = fill(&shares, 1, 0, usize::MAX);
        let second = fill(&shares, 2, 0, 100);
        assert_eq!((flood.len(), second.len()), (500, 100));
        assert!(shares.take(&1, 0).is_none(), "it has more than is left");
        drop(flood);
        assert!(shares.take(&1, 0).is_some());
        drop(second);
    }

    #[test]
    fn large_shares_are_bounded_by_their_bytes() {
        let shares = Shares::new(SIZE);
        let held = fill(&shares, 1, 10_000, usize::MAX);
        assert_eq!(held.len(), 50, "half of all");
        assert!(shares.take(&2, 500_000).is_some());
        assert!(shares.take(&2, 500_001).is_none());
    }

    #[test]
    fn a_share_that_grows_in_steps_comes_to_what_it_could_have_had_at_once() {
        for others in [0, 100_000, 300_000] {
            let shares = Shares::new(SIZE);
            let _others = shares.take(&1, others).unwrap();
            let at_once = SIZE.bytes - 2 * others;
            assert!(shares.has_room(&1, at_once) && !shares.has_room(&1, at_once + 1));
            let mut share = shares.take(&1, 0).unwrap();
            while share.grow_to(share.bytes() + 10_000) {}
            assert_eq!(share.bytes(), at_once);
        }
    }

    #[test]
    fn a_share_that_does_not_grow_keeps_what_it_has_and_gives_all_of_it_back() {
        let shares = Shares::new(SIZE);
        let mut first = shares.take(&1, 10).unwrap();
        let mut second = shares.take(&2, 10).unwrap();
        assert!(first.grow_to(500_000) && second.grow_to(500_000));
        for share in [&mut first, &mut second] {
            assert!(!share.grow_to(500_001), "each holds a half and nobody waits for the other");
            assert!(share.grow_to(400_000) && share.bytes() == 500_000, "it is large enough for that");
        }
        drop(second);
        assert!(first.grow_to(SIZE.bytes) && !first.grow_to(SIZE.bytes + 1));
        drop(first);
        assert_eq!(shares.0.lock().free, SIZE);
    }

    #[test]
    fn nobody_is_remembered_who_holds_nothing() {
        let shares = Shares::new(SIZE);
        drop(fill(&shares, 1, 0, 10));
        let held = shares.0.lock();
        assert!(held.by_tenant.is_empty());
        assert_eq!(held.free, SIZE);
    }
}
