//! How many events, and of how many bytes, may wait for their commit.

use postroad_domain::{
    TenantNo,
    limits::{UNACKNOWLEDGED_BYTES_MAX, UNACKNOWLEDGED_EVENTS_MAX},
};

use crate::shares::{Amount, Share, Shares};

/// What an event takes beside its data.
const OVERHEAD_BYTES: usize = 512;

/// Hands out what may wait for its commit.
pub(crate) struct PublishGate(Shares<TenantNo>);

/// The right of one event to wait. Given back when it is dropped.
pub(crate) type Permit = Share<TenantNo>;

impl PublishGate {
    pub(crate) fn new() -> Self {
        Self(Shares::new(Amount { places: UNACKNOWLEDGED_EVENTS_MAX, bytes: UNACKNOWLEDGED_BYTES_MAX }))
    }

    /// The right of an event with so many bytes to wait, or `None` when too much waits already.
    pub(crate) fn admit(&self, tenant: TenantNo, bytes: usize) -> Option<Permit> {
        self.0.take(&tenant, bytes + OVERHEAD_BYTES)
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
