//! A step of forgetting: what it may still touch, and what it comes to.

use std::time::Duration;

use postroad_domain::Timestamp;
use postroad_store::Prune;

use crate::{
    error::Fault,
    files::gauges::PAGE_BYTES,
    sql::{self, query},
    writer::work::Work,
};
use postroad_domain::TenantNo;

/// A step under way.
pub(super) struct Step {
    pub(super) rule: Prune,
    pub(super) rows_left: usize,
    /// On the clock's monotonic time.
    pub(super) deadline: Duration,
    /// Events that are gone.
    pub(super) events: usize,
    /// It may do no more, and there is more to do.
    pub(super) is_over: bool,
}

impl Step {
    /// Whether it may go on; otherwise it is over.
    pub(super) fn may_go_on(&mut self, work: &Work<'_>) -> bool {
        if self.rows_left == 0 || work.clock.monotonic() > self.deadline {
            self.is_over = true;
        }
        !self.is_over
    }

    /// Rows were erased or looked at.
    pub(super) fn take(&mut self, rows: usize) {
        self.rows_left = self.rows_left.saturating_sub(rows);
    }

    /// Whether nothing was done yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.rows_left == self.rule.rows_max
    }

    /// Whether an event of that moment goes when it is over at last. Where bytes are bounded it is not asked again whether
    /// there is room by now: the walk would come over the same events with each one that ends.
    pub(super) fn takes_released(&self, accepted_at: Timestamp) -> bool {
        self.rule.bytes_max.is_some() || self.is_old(accepted_at)
    }

    pub(super) fn is_old(&self, accepted_at: Timestamp) -> bool {
        self.is_older(accepted_at, self.rule.age_max)
    }

    pub(super) fn is_older(&self, accepted_at: Timestamp, age_max: Option<Duration>) -> bool {
        age_max.is_some_and(|age| accepted_at < self.rule.at.before(age))
    }

    /// Whether an event of that moment goes.
    pub(super) fn wants(&self, work: &Work<'_>, accepted_at: Timestamp) -> Result<bool, Fault> {
        match self.rule.bytes_max {
            Some(max) if !self.is_old(accepted_at) => Ok(used_bytes(work)? > max),
            _ => Ok(self.is_old(accepted_at)),
        }
    }
}

/// An event that the walk came to.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub(super) event_no: i64,
    pub(super) tenant_no: TenantNo,
    pub(super) accepted_at: Timestamp,
    /// Of its data.
    pub(super) bytes: u64,
}

/// The first event from a number on.
pub(super) fn next(work: &Work<'_>, from: i64) -> Result<Option<Found>, Fault> {
    query::find(work.db, sql::PRUNE_NEXT, (from,), |row| {
        Ok(Found {
            event_no: row.get(0)?,
            tenant_no: TenantNo(row.get(1)?),
            accepted_at: Timestamp::from_micros(row.get(2)?),
            bytes: row.get(3)?,
        })
    })
}

/// Bytes of the database that hold something: its pages less the free ones.
fn used_bytes(work: &Work<'_>) -> Result<u64, Fault> {
    let pages = |text| query::find(work.db, text, (), |row| Ok(row.get::<_, u64>(0)?));
    let all = pages("PRAGMA page_count")?.unwrap_or_default();
    let free = pages("PRAGMA freelist_count")?.unwrap_or_default();
    Ok(all.saturating_sub(free) * PAGE_BYTES)
}
