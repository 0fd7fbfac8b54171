//! How many events, and of how many bytes, may wait for their commit.

use postroad_domain::{
    TenantNo,
    limits::{UNACKNOWLEDGED_BYTES_MAX, UNACKNOWLEDGED_EVENTS_MAX},
};

use crate::shares::{Amount, Share, Shares};

/// What each row that an event brings takes beside its data, also those that later commits write: so what may wait is bounded in
/// time as well.
const ROW_BYTES: usize = 512;

/// Hands out what may wait for its commit.
pub(crate) struct PublishGate(Shares<TenantNo>);

/// The right of one event to wait. Given back when it is dropped.
pub(crate) type Permit = Share<TenantNo>;

impl PublishGate {
    pub(crate) fn new() -> Self {
        Self(Shares::new(Amount { places: UNACKNOWLEDGED_EVENTS_MAX, bytes: UNACKNOWLEDGED_BYTES_MAX }))
    }

    /// Whether an event with so many bytes and rows might wait now.
    pub(crate) fn has_room(&self, tenant: TenantNo, size: (usize, usize)) -> bool {
        self.0.has_room(&tenant, bytes_of(size))
    }

    /// The right of an event with so many bytes and rows to wait, or `None` when too much waits already.
    pub(crate) fn admit(&self, tenant: TenantNo, size: (usize, usize)) -> Option<Permit> {
        self.0.take(&tenant, bytes_of(size))
    }
}

/// What an event takes while it waits.
fn bytes_of((bytes, rows): (usize, usize)) -> usize {
    bytes + rows * ROW_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_event_fits_beside_a_tenant_that_floods() {
        let gate = PublishGate::new();
        let mut held = Vec::new();
        while let Some(permit) = gate.admit(TenantNo(1), (1024 * 1024, 1)) {
            held.push(permit);
        }
        assert_eq!(held.len(), 64, "half of 128 MiB");
        assert!(gate.admit(TenantNo(2), (20 * 1024 * 1024, 1)).is_some());
    }

    #[test]
    fn events_for_very_many_subscriptions_are_charged_for_each() {
        let gate = PublishGate::new();
        let mut held = Vec::new();
        while let Some(permit) = gate.admit(TenantNo(1), (100, 1_001)) {
            held.push(permit);
        }
        assert_eq!(held.len(), 131, "131,000 rows: some seconds of commits");
        assert!(gate.admit(TenantNo(2), (100, 1_001)).is_some());
    }
}
