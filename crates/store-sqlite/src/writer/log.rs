//! What the writer remembers of each tenant's log, so that a commit gives offsets and type numbers without a read.
//!
//! **Invariants:**
//! * an offset is given once, also when the events that had the highest ones were forgotten: before the newest goes, the
//!   next offset is kept in the tenant's row;
//! * what is held of one tenant is bounded: a number each, and a share of the names of event types. A name that is not held
//!   is asked of the table, so a tenant that invents names makes its own commits slower and fills nothing.
//!
//! Nothing is read when the store is opened: a tenant's part is read when its first event comes.

use postroad_domain::{Event, TenantNo, limits::EVENT_TYPES_NUMBERED_MAX};
use rusqlite::Connection;
use rustc_hash::FxHashMap;

use crate::{
    error::Fault,
    log_no::{LogNo, LogPlace},
    reading::{log, log_types, unlisted::Unlisted},
    sql::{self, query},
};

/// Names of event types that are held of one tenant.
const NAMES_PER_TENANT_MAX: usize = 512;
/// Names that are held at all.
const NAMES_MAX: usize = 32_768;

/// The writer's memory of all logs.
#[derive(Debug, Default)]
pub(crate) struct Logs {
    tenants: FxHashMap<TenantNo, Log>,
    /// Names held of all tenants.
    names: usize,
}

/// Of one tenant.
#[derive(Debug)]
struct Log {
    /// The offset of the next event.
    next: i64,
    /// No event of the tenant has a higher number.
    newest: i64,
    /// Types by name; 0 stands for one beyond those that are numbered.
    types: FxHashMap<Box<str>, u32>,
}

impl Logs {
    /// Gives a new event its place. To be called in the order of events, before its row is written.
    pub(crate) fn give(
        &mut self,
        (db, unlisted): (&Connection, &Unlisted),
        (tenant_no, event_no): (TenantNo, i64),
        event: &Event,
    ) -> Result<LogPlace, Fault> {
        let log = self.of(db, unlisted, tenant_no)?;
        log.newest = event_no;
        if event.test {
            return Ok(LogPlace { log_no: LogNo::of_test_before(log.next), type_no: 0 });
        }
        let log_no = LogNo(log.next);
        if log_no.0 > LogNo::OFFSET_MAX {
            return Err(Fault::Corrupt("a tenant has used up its offsets"));
        }
        log.next += 1;
        let name = event.event_type.as_str();
        if let Some(type_no) = log.types.get(name) {
            return Ok(LogPlace { log_no, type_no: *type_no });
        }
        let type_no = find_or_give_type(db, tenant_no, name)?;
        self.hold(tenant_no, name, type_no);
        Ok(LogPlace { log_no, type_no })
    }

    /// An event is about to be forgotten: if it is the newest of its tenant, the offset of the next one is kept. To be called
    /// before its row and its entry go.
    pub(crate) fn before_forgetting(
        &mut self,
        (db, unlisted): (&Connection, &Unlisted),
        (tenant_no, event_no): (TenantNo, i64),
    ) -> Result<(), Fault> {
        let log = self.of(db, unlisted, tenant_no)?;
        if event_no >= log.newest {
            query::run(db, sql::LOG_KEEP_OFFSET, (tenant_no.0, log.next))?;
        }
        Ok(())
    }

    /// Nothing is left of a tenant.
    pub(crate) fn forget(&mut self, tenant_no: TenantNo) {
        if let Some(log) = self.tenants.remove(&tenant_no) {
            self.names -= log.types.len();
        }
    }

    fn of(&mut self, db: &Connection, unlisted: &Unlisted, tenant_no: TenantNo) -> Result<&mut Log, Fault> {
        use std::collections::hash_map::Entry::{Occupied, Vacant};
        Ok(match self.tenants.entry(tenant_no) {
            Occupied(known) => known.into_mut(),
            Vacant(unknown) => {
                let tail = unlisted.events_of(tenant_no);
                let newest = log::newest(db, tenant_no, &tail)?;
                let next = log::end(db, tenant_no, newest)?;
                let newest = newest.map_or(0, |(event_no, _)| event_no);
                unknown.insert(Log { next, newest, types: FxHashMap::default() })
            }
        })
    }

    /// Whoever has used up its share begins anew with it; when all is used up, everybody does.
    fn hold(&mut self, tenant_no: TenantNo, name: &str, type_no: u32) {
        if self.names == NAMES_MAX {
            self.tenants.values_mut().for_each(|log| log.types = FxHashMap::default());
            self.names = 0;
        }
        let Some(log) = self.tenants.get_mut(&tenant_no) else { return };
        if log.types.len() == NAMES_PER_TENANT_MAX {
            self.names -= log.types.len();
            log.types.clear();
        }
        log.types.insert(name.into(), type_no);
        self.names += 1;
    }
}

/// The number of an event type of a tenant, a new one where it has none yet.
fn find_or_give_type(db: &Connection, tenant_no: TenantNo, name: &str) -> Result<u32, Fault> {
    if let Some(known) = log_types::type_no(db, tenant_no, name)? {
        return Ok(known);
    }
    let last = query::find(db, sql::LOG_TYPE_LAST, (tenant_no.0,), |row| Ok(row.get::<_, u32>(0)?))?;
    let type_no = last.unwrap_or_default() + 1;
    if type_no as usize > EVENT_TYPES_NUMBERED_MAX {
        return Ok(0);
    }
    query::run(db, sql::LOG_TYPE_INSERT, (tenant_no.0, type_no, name))?;
    Ok(type_no)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logs(tenants: i64) -> Logs {
        let log = || Log { next: 1, newest: 0, types: FxHashMap::default() };
        Logs { tenants: (0..tenants).map(|no| (TenantNo(no), log())).collect(), names: 0 }
    }

    #[test]
    fn a_tenant_that_invents_names_keeps_to_its_share() {
        let mut logs = logs(2);
        logs.hold(TenantNo(1), "lead.created", 1);
        for number in 0..10 * NAMES_PER_TENANT_MAX {
            logs.hold(TenantNo(0), &format!("invented.{number}"), 0);
            assert!(logs.names <= 1 + NAMES_PER_TENANT_MAX);
        }
        assert_eq!(logs.tenants[&TenantNo(1)].types["lead.created"], 1, "others keep theirs");
        logs.forget(TenantNo(0));
        assert_eq!(logs.names, 1);
    }

    #[test]
    fn many_tenants_together_keep_to_what_is_held_at_all() {
        let tenants = 1_000;
        let mut logs = logs(tenants);
        for number in 0..2 * NAMES_MAX as i64 {
            logs.hold(TenantNo(number % tenants), &format!("type.{number}"), 1);
            let held: usize = logs.tenants.values().map(|log| log.types.len()).sum();
            assert!(logs.names <= NAMES_MAX && (number % 1_000 > 0 || held == logs.names));
        }
    }
}
