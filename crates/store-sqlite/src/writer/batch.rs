//! Entries on their way into the listing tables: a part of the writer's memory.

use std::collections::HashSet;

use postroad_domain::{SubscriptionNo, TenantNo};

use crate::log_no::LogPlace;

/// Entries on their way into the tables.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The event before which everything is listed when the batch is done.
    pub(super) end: i64,
    /// Both in reverse: the next one stands last.
    pub(super) events: Vec<(TenantNo, i64, LogPlace)>,
    pub(super) deliveries: Vec<(SubscriptionNo, i64)>,
    /// Events that were erased since the batch began.
    pub(super) forgotten: HashSet<i64>,
    /// Events of which deliveries were erased since then. Those that are left are erased by the number of their event.
    pub(super) begun: HashSet<i64>,
}

impl Batch {
    /// Leaves out an event that is gone.
    pub(crate) fn forget(&mut self, event_no: i64) {
        self.forgotten.insert(event_no);
        self.begun.remove(&event_no);
    }

    /// Leaves out the deliveries of an event that is being erased.
    pub(crate) fn forget_deliveries(&mut self, event_no: i64) {
        self.begun.insert(event_no);
    }
}
