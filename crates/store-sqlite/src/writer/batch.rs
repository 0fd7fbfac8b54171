//! Entries on their way into the listing tables: a part of the writer's memory.

use std::collections::HashSet;

use postroad_domain::{SubscriptionNo, TenantNo};

/// Entries on their way into the tables.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The event before which everything is listed when the batch is done.
    pub(super) end: i64,
    /// Both in reverse: the next one stands last.
    pub(super) events: Vec<(TenantNo, i64)>,
    pub(super) deliveries: Vec<(SubscriptionNo, i64, TenantNo)>,
    /// Events that were forgotten since the batch began.
    pub(super) forgotten: HashSet<i64>,
}

impl Batch {
    /// Leaves out an event that is gone.
    pub(crate) fn forget(&mut self, event_no: i64) {
        self.forgotten.insert(event_no);
    }
}
