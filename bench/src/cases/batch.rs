//! Events handed over a hundred at a time.

use super::{Case, throughput};
use crate::{load::Load, pace::Pace};

/// Batches.
pub(super) const CASE: Case = Case {
    name: "batch",
    meaning: "How fast events of 1 KiB go through when the caller hands over a hundred at a time.",
    load: Load { batch: 100, connections: 8, ..Load::ONE.at(Pace::InLoop(1_600)) },
    measure: |run| Box::pin(throughput::measure(run)),
};
