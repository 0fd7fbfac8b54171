//! A room in memory that tenants share: how much of something may be held at a time, and by whom.
//!
//! **Invariant:** a tenant holds no more than is free for all others (as exchanges are shared, in `lanes::turns`): a tenant
//! that floods is refused early, and alone.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use parking_lot::Mutex;

/// Hands out parts of a room to tenants known by `K`.
pub(crate) struct SharedRoom<K>(Arc<Mutex<Room<K>>>);

/// A part of a room. Given back when it is dropped.
pub struct RoomPart<K: Hash + Eq> {
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

    /// A part of so many bytes, or `None` when too much is held already.
    pub(crate) fn admit(&self, tenant: &K, bytes: usize) -> Option<RoomPart<K>> {
        let mut room = self.0.lock();
        let used = room.by_tenant.get(tenant).copied().unwrap_or_default();
        let fits = used.parts < room.free.parts && used.bytes + bytes <= room.free.bytes;
        if !fits {
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
    fn nobody_is_remembered_who_holds_nothing() {
        let room = SharedRoom::new(SIZE);
        drop(fill(&room, 1, 10));
        let inner = room.0.lock();
        assert!(inner.by_tenant.is_empty());
        assert_eq!(inner.free, SIZE);
    }
}
