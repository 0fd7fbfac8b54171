//! A room in memory that tenants share: how much of something may be held at a time, and by whom.
//!
//! **Invariant:** a part is taken, or grows, only where its tenant holds no more with it than is free for all others (as
//! exchanges are shared, in `lanes::turns`): a tenant that floods is refused early, and alone. **Invariant:** nobody waits
//! here: of parts that grow until nothing is left each is refused, and what it gives back is free for the others.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use parking_lot::Mutex;

/// Hands out parts of a room to tenants known by `K`.
pub(crate) struct SharedRoom<K>(Arc<Mutex<Room<K>>>);

/// A part of a room. Given back when it is dropped.
pub(crate) struct RoomPart<K: Hash + Eq> {
    room: SharedRoom<K>,
    tenant: K,
    bytes: usize,
}

struct Room<K> {
    free: Amount,
    by_tenant: HashMap<K, Amount>,
}

/// How much is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    /// Parts.
    pub(crate) parts: usize,
    /// Bytes in them.
    pub(crate) bytes: usize,
}

impl<K: Hash + Eq + Clone> SharedRoom<K> {
    /// An empty room of this size.
    pub(crate) fn new(size: Amount) -> Self {
        Self(Arc::new(Mutex::new(Room { free: size, by_tenant: HashMap::new() })))
    }

    /// Whether a part of so many bytes could be taken now.
    pub(crate) fn has_room(&self, tenant: &K, bytes: usize) -> bool {
        self.0.lock().fits(tenant, bytes)
    }

    /// A part of so many bytes, or `None` when too much is held already.
    pub(crate) fn admit(&self, tenant: &K, bytes: usize) -> Option<RoomPart<K>> {
        let mut room = self.0.lock();
        if !room.fits(tenant, bytes) {
            return None;
        }
        room.free.parts -= 1;
        room.free.bytes -= bytes;
        let used = room.by_tenant.entry(tenant.clone()).or_default();
        used.parts += 1;
        used.bytes += bytes;
        Some(RoomPart { room: self.clone(), tenant: tenant.clone(), bytes })
    }
}

impl<K: Hash + Eq> Room<K> {
    fn fits(&self, tenant: &K, bytes: usize) -> bool {
        let used = self.by_tenant.get(tenant).copied().unwrap_or_default();
        used.parts < self.free.parts && used.bytes.saturating_add(bytes) <= self.free.bytes
    }
}

impl<K: Hash + Eq> RoomPart<K> {
    /// Its bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Makes it as large as this, as if it were given back and taken anew; answers whether there was room for that. If not
    /// it stays as it is.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        let mut room = self.room.0.lock();
        let free = room.free.bytes;
        let Some(used) = room.by_tenant.get_mut(&self.tenant) else { return false };
        // What the tenant holds besides it, and what would be free without it.
        if used.bytes.saturating_add(more) > free + self.bytes {
            return false;
        }
        used.bytes += more;
        room.free.bytes -= more;
        self.bytes += more;
        true
    }
}

impl<K> Clone for SharedRoom<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Hash + Eq> Drop for RoomPart<K> {
    fn drop(&mut self) {
        let mut room = self.room.0.lock();
        room.free.parts += 1;
        room.free.bytes += self.bytes;
        let Some(used) = room.by_tenant.get_mut(&self.tenant) else { return };
        used.parts -= 1;
        used.bytes -= self.bytes;
        if used.parts == 0 {
            room.by_tenant.remove(&self.tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Amount = Amount { parts: 1_000, bytes: 1_000_000 };

    /// Parts of no bytes that the tenant may have, at most `wanted`.
    fn fill(room: &SharedRoom<u8>, tenant: u8, wanted: usize) -> Vec<RoomPart<u8>> {
        (0..wanted).map_while(|_| room.admit(&tenant, 0)).collect()
    }

    #[test]
    fn a_tenant_that_floods_is_refused_while_another_is_taken() {
        let room = SharedRoom::new(SIZE);
        let flood = fill(&room, 1, usize::MAX);
        assert_eq!(flood.len(), SIZE.parts / 2);
        let second = fill(&room, 2, 100);
        assert_eq!(second.len(), 100);
        assert!(room.admit(&1, 0).is_none(), "it has more than is left");
        drop(flood);
        assert!(room.admit(&1, 0).is_some());
        drop(second);
    }

    #[test]
    fn large_parts_are_bounded_by_their_bytes() {
        let room = SharedRoom::new(SIZE);
        let mut held = Vec::new();
        while let Some(part) = room.admit(&1, 10_000) {
            held.push(part);
        }
        assert_eq!(held.len(), 50, "half of the room");
        assert!(room.admit(&2, 500_000).is_some());
        assert!(room.admit(&2, 500_001).is_none());
    }

    #[test]
    fn a_part_that_grows_in_steps_comes_to_what_it_could_have_had_at_once() {
        for others in [0, 100_000, 300_000] {
            let room = SharedRoom::new(SIZE);
            let _others = room.admit(&1, others).unwrap();
            let at_once = SIZE.bytes - 2 * others;
            assert!(room.has_room(&1, at_once) && !room.has_room(&1, at_once + 1));
            let mut part = room.admit(&1, 0).unwrap();
            while part.grow_to(part.bytes() + 10_000) {}
            assert_eq!(part.bytes(), at_once);
        }
    }

    #[test]
    fn a_part_that_does_not_grow_keeps_what_it_has_and_gives_all_of_it_back() {
        let room = SharedRoom::new(SIZE);
        let mut first = room.admit(&1, 10).unwrap();
        let mut second = room.admit(&2, 10).unwrap();
        assert!(first.grow_to(500_000) && second.grow_to(500_000));
        for part in [&mut first, &mut second] {
            assert!(!part.grow_to(500_001), "each holds a half and nobody waits for the other");
            assert!(part.grow_to(400_000) && part.bytes() == 500_000, "it is large enough for that");
        }
        drop(second);
        assert!(first.grow_to(SIZE.bytes) && !first.grow_to(SIZE.bytes + 1));
        drop(first);
        assert_eq!(room.0.lock().free, SIZE);
    }

    #[test]
    fn nobody_is_remembered_who_holds_nothing() {
        let room = SharedRoom::new(SIZE);
        drop(fill(&room, 1, 10));
        let inner = room.0.lock();
        assert!(inner.by_tenant.is_empty());
        assert_eq!(inner.free, SIZE);
    }
}
