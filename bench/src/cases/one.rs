//! One subscription and events one by one, with a given number on their way.

use super::{Case, throughput};
use crate::{load::Load, pace::Pace};

/// Few on their way.
pub(super) const ONE_64: Case = Case {
    name: "one-64",
    meaning: "How fast events of 1 KiB go through to one subscription with 64 on their way at a time.",
    load: Load::ONE,
    measure: |run| Box::pin(throughput::measure(run)),
};

/// Many on their way. Each has a connection: an event spends most of its way waiting for its answer, so fewer connections
/// would keep fewer on their way than the name says.
pub(super) const ONE_512: Case = Case {
    name: "one-512",
    meaning: "How fast events of 1 KiB go through to one subscription with 512 on their way at a time.",
    load: Load { connections: 512, ..Load::ONE.at(Pace::InLoop(512)) },
    measure: |run| Box::pin(throughput::measure(run)),
};
