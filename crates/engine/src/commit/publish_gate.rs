//! How much may be held for callers that wait for their answer: events that wait for their commit, and bodies of requests
//! that are read.

use postroad_domain::{
    TenantId, TenantNo,
    limits::{
        REQUEST_BODIES_BYTES_MAX, REQUEST_BODIES_MAX, UNACKNOWLEDGED_BYTES_MAX, UNACKNOWLEDGED_EVENTS_MAX,
    },
};

use crate::{
    Engine,
    shared_room::{Amount, RoomPart, SharedRoom},
};

/// What an event takes beside its data.
const OVERHEAD_BYTES: usize = 512;

/// Hands out what may wait for its commit.
pub(crate) struct PublishGate(SharedRoom<TenantNo>);

/// The right of one event to wait. Given back when it is dropped.
pub(crate) type Permit = RoomPart<TenantNo>;

impl PublishGate {
    pub(crate) fn new() -> Self {
        Self(SharedRoom::new(Amount { parts: UNACKNOWLEDGED_EVENTS_MAX, bytes: UNACKNOWLEDGED_BYTES_MAX }))
    }

    /// The right of an event with so many bytes to wait, or `None` when too much waits already.
    pub(crate) fn admit(&self, tenant: TenantNo, bytes: usize) -> Option<Permit> {
        self.0.admit(&tenant, bytes + OVERHEAD_BYTES)
    }
}

/// A room for bodies of requests. Their tenants are not looked up yet, so they go by the id in the path.
pub(crate) fn bodies() -> SharedRoom<TenantId> {
    SharedRoom::new(Amount { parts: REQUEST_BODIES_MAX, bytes: REQUEST_BODIES_BYTES_MAX })
}

impl Engine {
    /// The right to read the body of a request that publishes for a tenant, held until it is answered. `None` when too
    /// much is being read already: by all, or by this tenant.
    pub fn admit_body(&self, tenant: &TenantId, bytes: usize) -> Option<RoomPart<TenantId>> {
        let part = self.bodies.admit(tenant, bytes);
        if part.is_none() {
            self.metrics.overloaded.inc();
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_event_fits_beside_a_tenant_that_floods() {
        let gate = PublishGate::new();
        let mut held = Vec::new();
        while let Some(permit) = gate.admit(TenantNo(1), 1024 * 1024) {
            held.push(permit);
        }
        assert_eq!(held.len(), 64, "half of 128 MiB");
        assert!(gate.admit(TenantNo(2), 20 * 1024 * 1024).is_some());
    }
}
