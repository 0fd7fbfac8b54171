//! Counts, after the store was opened, what waits in each lane.

use crate::{
    error::Fault,
    limits::{COUNTS_PER_SWEEP, LANES_COUNTED_PER_SWEEP},
    sql::{self, query},
    writer::work::Work,
};

/// Goes on counting; answers whether there is more to count.
pub(super) fn go_on(work: &mut Work<'_>) -> Result<bool, Fault> {
    let mut left = COUNTS_PER_SWEEP;
    for _ in 0..LANES_COUNTED_PER_SWEEP {
        let Some(sub_no) = work.known.uncounted.first().copied().filter(|_| left > 0) else { break };
        let Some(lane) = work.known.lanes.get_mut(&sub_no) else {
            work.known.uncounted.remove(&sub_no);
            continue;
        };
        let (due, delivery_no) = lane.waiting.counted_to();
        let key = (lane.tenant_no.0, sub_no.0, lane.generation, due, delivery_no, left);
        let rows = query::list(work.db, sql::LANE_BYTES, key, |row| {
            Ok(((row.get(0)?, row.get(1)?), row.get::<_, u64>(2)?))
        })?;
        for (place, bytes) in &rows {
            lane.waiting.count(*place, *bytes);
        }
        if rows.len() < left {
            lane.waiting.finish_count();
            work.known.uncounted.remove(&sub_no);
        }
        left -= rows.len();
    }
    Ok(!work.known.uncounted.is_empty())
}
