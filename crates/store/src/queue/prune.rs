//! Forgetting: the oldest events go, each with all that belongs to it, in steps of bounded size. Beside the limits of the
//! installation single tenants may have shorter ones.
//!
//! An event with a delivery that still waits, or with a fan-out that is not finished, is passed over and goes when that
//! is over. Deleting is no business of the hot path: a step is small, and the caller decides how long it rests between two.

use std::{sync::Arc, time::Duration};

use postroad_domain::{TenantNo, Timestamp};

/// One step of forgetting.
#[derive(Clone, Debug)]
pub struct Prune {
    /// Now.
    pub at: Timestamp,
    /// How long an event is kept; `None` for as long as there is room.
    pub age_max: Option<Duration>,
    /// Bytes of the store that may be in use; above it the oldest events go, whatever their age. `None` for no bound.
    pub bytes_max: Option<u64>,
    /// The tenants with shorter limits of their own, in the order of their numbers. They take turns in each step.
    pub tenants: Arc<[TenantRetention]>,
    /// Rows to touch at most.
    pub rows_max: usize,
    /// How long the step may take.
    pub time_max: Duration,
}

/// A tenant's limits, beside those of the installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TenantRetention {
    /// Whose.
    pub tenant_no: TenantNo,
    /// How long its events are kept; `None` for as long as everybody's.
    pub age_max: Option<Duration>,
    /// Bytes of its events' data; above it its oldest events go, whatever their age. `None` for no bound of its own.
    pub bytes_max: Option<u64>,
}

/// What a step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Events that are gone.
    pub events: usize,
    /// Rows that were erased or looked at.
    pub rows: usize,
    /// When the oldest event that is left was accepted.
    pub oldest: Option<Timestamp>,
    /// There is more to do.
    pub more: bool,
    /// How long the step kept the writer.
    pub took: Duration,
    /// How long everything else kept the writer since the last step: what a step would slow down.
    pub others_took: Duration,
}
