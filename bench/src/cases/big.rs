//! Large events.

use super::{Case, throughput};
use crate::load::Load;

/// Bodies of 64 KiB.
pub(super) const CASE: Case = Case {
    name: "big",
    meaning: "How fast events of 64 KiB go through, where the bytes cost more than the requests.",
    load: Load { data_bytes: 65_536, ..Load::ONE },
    measure: |run| Box::pin(throughput::measure(run)),
};
