//! Forgetting entries of the audit, in steps of bounded size and time.

use std::{collections::BTreeMap, time::Duration};

use postroad_domain::{Clock, TenantId, Timestamp};
use postroad_store::{PruneAudit, PrunedAudit};
use rusqlite::{Connection, Row};

use crate::{
    error::Fault,
    sql::{self, query},
    writer::{
        audit::{ALL, count},
        work::Work,
    },
};

/// Forgets entries, first the oldest of tenants that have too many, then the oldest of all.
pub(crate) fn prune(work: &Work<'_>, prune: PruneAudit) -> Result<PrunedAudit, Fault> {
    let mut step =
        Step { db: work.db, clock: work.clock, began: work.clock.monotonic(), prune, forgotten: 0 };
    let crowded = step.prune_tenants()?;
    step.prune_oldest()?;
    Ok(PrunedAudit { forgotten: step.forgotten, crowded })
}

/// A step of forgetting, under way.
struct Step<'a> {
    db: &'a Connection,
    clock: &'a dyn Clock,
    began: Duration,
    prune: PruneAudit,
    forgotten: usize,
}

impl Step<'_> {
    fn rows_left(&self) -> usize {
        self.prune.rows_max - self.forgotten
    }

    /// Entries of one tenant lie far apart, on a page of its own each, and may have to be read from the disk: the time ends
    /// a step, not only their number.
    fn is_over(&self) -> bool {
        let is_late = || self.clock.monotonic().saturating_sub(self.began) >= self.prune.time_max;
        self.rows_left() == 0 || self.forgotten > 0 && is_late()
    }

    /// Answers one of those that had too many.
    fn prune_tenants(&mut self) -> Result<Option<TenantId>, Fault> {
        let mut crowded = None;
        let max = i64::try_from(self.prune.entries_of_tenant_max).unwrap_or(i64::MAX);
        while !self.is_over() {
            let beyond = query::find(self.db, sql::AUDIT_COUNT_BEYOND, (max,), |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)? - max))
            })?;
            let Some((tenant, beyond)) = beyond else { break };
            crowded = TenantId::parse(&tenant).ok();
            let rows_left = i64::try_from(self.rows_left()).unwrap_or(i64::MAX);
            let oldest = (&tenant, beyond.min(rows_left));
            let read = |row: &Row<'_>| Ok(row.get::<_, i64>(0)?);
            let oldest = query::list(self.db, sql::AUDIT_OLDEST_OF_TENANT, oldest, read)?;
            if oldest.is_empty() {
                return Err(Fault::Corrupt("a tenant has fewer entries of the audit than are counted"));
            }
            self.forget(oldest)?;
        }
        Ok(crowded)
    }

    fn prune_oldest(&mut self) -> Result<(), Fault> {
        let entries = query::find(self.db, sql::AUDIT_COUNT, (ALL,), |row| Ok(row.get::<_, u64>(0)?))?;
        let mut beyond = entries.unwrap_or_default().saturating_sub(self.prune.entries_max);
        let (mut oldest, mut from) = (Vec::new(), 0);
        while !self.is_over() && oldest.len() < self.rows_left() {
            let next = query::find(self.db, sql::AUDIT_PROBE, (from,), |row| {
                Ok((row.get::<_, i64>(0)?, Timestamp::from_micros(row.get(1)?)))
            })?;
            let next = next.filter(|(_, at)| beyond > 0 || *at < self.prune.before);
            let Some((audit_no, _)) = next else { break };
            oldest.push(audit_no);
            from = audit_no + 1;
            beyond = beyond.saturating_sub(1);
        }
        self.forget(oldest)
    }

    /// As many of these as there is time for.
    fn forget(&mut self, entries: Vec<i64>) -> Result<(), Fault> {
        let mut counts = BTreeMap::<String, i64>::new();
        for audit_no in entries {
            if self.is_over() {
                break;
            }
            let read = |row: &Row<'_>| Ok(row.get::<_, Option<String>>(0)?);
            let tenant = query::find(self.db, sql::AUDIT_DELETE, (audit_no,), read)?;
            self.forgotten += 1;
            for name in tenant.flatten().into_iter().chain([ALL.to_owned()]) {
                *counts.entry(name).or_default() -= 1;
            }
        }
        for (tenant, entries) in counts {
            count(self.db, &tenant, entries)?;
        }
        Ok(())
    }
}
