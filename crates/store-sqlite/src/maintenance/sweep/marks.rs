//! Cancels, row by row, what a mark called off at once.

use postroad_domain::SubscriptionNo;

use super::rows::Budget;
use crate::{
    codes,
    error::Fault,
    sql::{self, query},
    writer::{known::Mark, work::Work},
};

/// Makes marks real, the oldest subscription first; answers how many deliveries were cancelled.
pub(super) fn make_real(work: &mut Work<'_>, budget: &mut Budget) -> Result<usize, Fault> {
    let mut cancelled = 0;
    while !budget.is_used_up() {
        let Some((key, mark)) = work.known.marks.first_key_value() else { break };
        let (key, mark) = (*key, *mark);
        let limit = budget.left();
        let rows = cancel_rows(work, key, mark, limit)?;
        budget.take(rows);
        cancelled += rows;
        if rows < limit {
            query::run(work.db, sql::MARK_DELETE, (key.0.0, key.1))?;
            work.known.marks.remove(&key);
        }
    }
    Ok(cancelled)
}

fn cancel_rows(
    work: &mut Work<'_>,
    (sub_no, generation): (SubscriptionNo, i64),
    mark: Mark,
    limit: usize,
) -> Result<usize, Fault> {
    let lane = (mark.tenant_no.0, sub_no.0, generation, i64::MIN, i64::MIN, limit);
    let rows =
        query::list(work.db, sql::LANE_ROWS, lane, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
    let (reason, at) = (codes::reason_code(mark.reason), mark.at.as_micros());
    for (due, delivery_no) in &rows {
        query::run(work.db, sql::QUEUE_DELETE, (mark.tenant_no.0, sub_no.0, generation, due, delivery_no))?;
        query::run(work.db, sql::DELIVERY_CANCEL, (delivery_no, 0, at, reason))?;
        work.known.ended(mark.tenant_no, *delivery_no);
    }
    Ok(rows.len())
}
