//! How much may wait for its commit: the memory of what is not acknowledged yet is bounded, and shared fairly.
//!
//! **Invariant:** a tenant has no more waiting than is free for all others (as exchanges are shared, in `lanes::turns`): a
//! tenant that floods is refused early, and alone.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use postroad_domain::{
    TenantNo,
    limits::{UNACKNOWLEDGED_BYTES_MAX, UNACKNOWLEDGED_EVENTS_MAX},
};

/// What an event takes beside its data.
const OVERHEAD_BYTES: usize = 512;

/// Hands out what may wait.
#[derive(Clone)]
pub(crate) struct PublishGate(Arc<Mutex<Room>>);

/// The right of one event to wait. Given back when it is dropped.
pub(crate) struct Permit {
    gate: PublishGate,
    tenant: TenantNo,
    bytes: usize,
}

struct Room {
    free: Amount,
    by_tenant: HashMap<TenantNo, Amount>,
}

#[derive(Clone, Copy, Default)]
struct Amount {
    events: usize,
    bytes: usize,
}

impl PublishGate {
    pub(crate) fn new() -> Self {
        let free = Amount { events: UNACKNOWLEDGED_EVENTS_MAX, bytes: UNACKNOWLEDGED_BYTES_MAX };
        Self(Arc::new(Mutex::new(Room { free, by_tenant: HashMap::new() })))
    }

    /// The right of an event with so many bytes to wait, or `None` when too much waits already.
    pub(crate) fn admit(&self, tenant: TenantNo, bytes: usize) -> Option<Permit> {
        let bytes = bytes + OVERHEAD_BYTES;
        let mut room = self.0.lock();
        let used = room.by_tenant.get(&tenant).copied().unwrap_or_default();
        let fits = used.events < room.free.events && used.bytes + bytes <= room.free.bytes;
        if !fits {
            return None;
        }
        room.free.events -= 1;
        room.free.bytes -= bytes;
        let used = room.by_tenant.entry(tenant).or_default();
        used.events += 1;
        used.bytes += bytes;
        Some(Permit { gate: self.clone(), tenant, bytes })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut room = self.gate.0.lock();
        room.free.events += 1;
        room.free.bytes += self.bytes;
        let Some(used) = room.by_tenant.get_mut(&self.tenant) else { return };
        used.events -= 1;
        used.bytes -= self.bytes;
        if used.events == 0 {
            room.by_tenant.remove(&self.tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Events of no bytes that the tenant may have waiting, at most `wanted`.
    fn fill(gate: &PublishGate, tenant: i64, wanted: usize) -> Vec<Permit> {
        (0..wanted).map_while(|_| gate.admit(TenantNo(tenant), 0)).collect()
    }

    #[test]
    fn a_tenant_that_floods_is_refused_while_another_is_taken() {
        let gate = PublishGate::new();
        let flood = fill(&gate, 1, usize::MAX);
        assert_eq!(flood.len(), UNACKNOWLEDGED_EVENTS_MAX / 2);
        let second = fill(&gate, 2, 100);
        assert_eq!(second.len(), 100);
        assert!(gate.admit(TenantNo(1), 0).is_none(), "it has more than is left");
        drop(flood);
        assert!(gate.admit(TenantNo(1), 0).is_some());
        drop(second);
    }

    #[test]
    fn large_events_are_bounded_by_their_bytes_and_the_largest_fits_alone() {
        let gate = PublishGate::new();
        let mut held = Vec::new();
        while let Some(permit) = gate.admit(TenantNo(1), 1024 * 1024) {
            held.push(permit);
        }
        assert_eq!(held.len(), 64, "half of 128 MiB");
        assert!(gate.admit(TenantNo(2), 16 * 1024 * 1024).is_some());
    }

    #[test]
    fn nobody_is_remembered_who_has_nothing_waiting() {
        let gate = PublishGate::new();
        drop(fill(&gate, 1, 10));
        let room = gate.0.lock();
        assert!(room.by_tenant.is_empty());
        assert_eq!(
            (room.free.events, room.free.bytes),
            (UNACKNOWLEDGED_EVENTS_MAX, UNACKNOWLEDGED_BYTES_MAX)
        );
    }
}
