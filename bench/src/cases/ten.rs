//! Ten subscriptions for each event.

use super::{Case, throughput};
use crate::load::Load;

/// Fan-out.
pub(super) const CASE: Case = Case {
    name: "ten",
    meaning: "How many deliveries a second are made when each event of 1 KiB goes to ten subscriptions.",
    load: Load { subscriptions: 10, ..Load::ONE },
    measure: |run| Box::pin(throughput::measure(run)),
};
