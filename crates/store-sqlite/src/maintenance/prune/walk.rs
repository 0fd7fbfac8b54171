//! Which events go: the walk over the numbers, and those that it had passed over.

use std::collections::BTreeSet;

use postroad_domain::{TenantNo, Timestamp};

use super::{Step, erase, tenants::TenantWalks};
use crate::{
    error::Fault,
    sql::{self, query},
    writer::Work,
};

/// Where forgetting stands, since the store was opened.
#[derive(Debug, Default)]
pub(crate) struct PruneWalk {
    /// Every event below this number is gone or was passed over.
    next: i64,
    /// Events that were passed over and may be over now.
    released: BTreeSet<i64>,
    /// The same for each tenant with limits of its own.
    pub(super) tenants: TenantWalks,
    /// Those took the last step first.
    pub(super) tenants_first: bool,
}

impl PruneWalk {
    /// Something of an event ended.
    pub(crate) fn release(&mut self, tenant_no: TenantNo, event_no: i64) {
        if event_no < self.next {
            self.released.insert(event_no);
        }
        self.tenants.release(tenant_no, event_no);
    }

    /// An event was accepted, with so many bytes of data.
    pub(crate) fn accepted(&mut self, tenant_no: TenantNo, bytes: usize) {
        self.tenants.accepted(tenant_no, bytes as u64);
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

/// Forgets events that were passed over and are over now: the rule had condemned them then.
pub(super) fn take_released(work: &mut Work<'_>, step: &mut Step) -> Result<(), Fault> {
    while let Some(event_no) = work.known.prune.released.first().copied() {
        if !step.may_go_on(work) {
            break;
        }
        step.take(1);
        let found = next(work, event_no)?.filter(|found| found.event_no == event_no);
        match found {
            // The rule became milder: the walk comes to it again.
            Some(found) if !step.takes_released(found.accepted_at) => {
                let walk = &mut work.known.prune;
                walk.next = walk.next.min(event_no);
            }
            Some(found) if !erase::try_erase(work, step, found)? => break,
            _ => {}
        }
        work.known.prune.released.remove(&event_no);
    }
    Ok(())
}

/// Goes on with the walk.
pub(super) fn take_oldest(work: &mut Work<'_>, step: &mut Step) -> Result<(), Fault> {
    while let Some(found) = next(work, work.known.prune.next)? {
        if !step.wants(work, found.accepted_at)? || !step.may_go_on(work) {
            break;
        }
        step.take(1);
        if !erase::try_erase(work, step, found)? {
            break;
        }
        work.known.prune.next = found.event_no + 1;
    }
    Ok(())
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
