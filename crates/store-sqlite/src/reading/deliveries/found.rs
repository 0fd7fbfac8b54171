//! A delivery with what stays inside the store.

use postroad_domain::{Timestamp, delivery::Delivery};
use postroad_store::LaneKey;

/// A delivery with what stays inside the store.
pub(crate) struct Found {
    pub(crate) no: i64,
    pub(crate) lane: LaneKey,
    pub(crate) delivery: Delivery,
    /// The column that holds the due time of a waiting delivery and the end of a finished one.
    pub(crate) at: Timestamp,
    /// The generation that its lane is in now.
    pub(crate) generation: i64,
}

impl Found {
    /// The key of its place in the queue, if it waits in that generation of its lane.
    pub(crate) fn place_in(&self, generation: i64) -> (i64, i64, i64, i64, i64) {
        let lane = self.lane;
        (lane.tenant_no.0, lane.subscription_no.0, generation, self.at.as_micros(), self.no)
    }
}
