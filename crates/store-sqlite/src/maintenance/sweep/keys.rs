//! Forgets idempotency keys whose time is over. They stand in the order they were inserted, which is the order they
//! expire in as long as all live equally long; a shorter one waits for its elders.

use postroad_domain::Timestamp;

use super::rows::Budget;
use crate::{
    error::Fault,
    sql::{self, query},
    writer::work::Work,
};

/// Forgets the oldest keys; answers how many.
pub(super) fn forget(work: &Work<'_>, at: Timestamp, budget: &mut Budget) -> Result<usize, Fault> {
    let mut forgotten = 0;
    while !budget.is_used_up() {
        let oldest = query::find(work.db, sql::IDEMPOTENCY_OLDEST, (), |row| {
            Ok((row.get::<_, i64>(0)?, Timestamp::from_micros(row.get(1)?)))
        })?;
        let Some((no, _)) = oldest.filter(|(_, expires_at)| *expires_at <= at) else { break };
        query::run(work.db, sql::IDEMPOTENCY_DELETE, (no,))?;
        budget.take(1);
        forgotten += 1;
    }
    Ok(forgotten)
}
