//! Replays: rows with a place in a walk, carried out step by step.
//!
//! A replay of failed deliveries walks the subscription's unsuccessful ones, every other one the tenant's events. It goes
//! from the oldest to the newest and ends at the event that was the newest when it began, so what it creates does not
//! lengthen its way.
//!
//! **Invariant:** the place and the deliveries up to it are written in one transaction: nothing is replayed twice, whenever
//! the process dies.

mod count;
pub(crate) mod walk;

use std::time::Duration;

pub(crate) use count::count;
use postroad_domain::{
    RateLimit, Replay, ReplayId, SubscriptionId, SubscriptionNo, TenantNo, Timestamp,
    replay::{ReplayCount, ReplayProgress},
};
use postroad_store::{ListReplays, Page, StartReplayError};
use rusqlite::{Connection, Row};

use crate::{
    codes,
    error::Fault,
    reading::{subscriptions, tenants},
    sql::{self, query},
};

/// A replay with what stays inside the store.
pub(crate) struct Stored {
    pub(crate) no: i64,
    pub(crate) replay: Replay,
    /// Everything before this place was looked at. A place is the number of a delivery.
    pub(crate) position: i64,
    /// Everything from this place on came later.
    pub(crate) stop: i64,
}

/// One replay of a tenant.
pub(crate) fn by_id(db: &Connection, tenant_no: TenantNo, id: ReplayId) -> Result<Option<Replay>, Fault> {
    if !tenants::lives(db, tenant_no)? {
        return Ok(None);
    }
    Ok(find(db, tenant_no, id)?.map(|stored| stored.replay))
}

/// Replays of a tenant, newest first.
pub(crate) fn list(db: &Connection, list: &ListReplays) -> Result<Page<Replay, ReplayId>, Fault> {
    let mut page = Page { items: Vec::new(), next: None };
    if !tenants::lives(db, list.tenant_no)? {
        return Ok(page);
    }
    let before = match list.after {
        None => i64::MAX,
        // One that was forgotten in between stood before all others.
        Some(id) => find(db, list.tenant_no, id)?.map_or(0, |stored| stored.no),
    };
    let mut found = query::list(db, sql::REPLAY_LIST, (list.tenant_no.0, before, list.limit + 1), read)?;
    let is_last = found.len() <= list.limit;
    found.truncate(list.limit);
    page.items = found.into_iter().map(|stored| stored.replay).collect();
    page.next = page.items.last().filter(|_| !is_last).map(|last| last.id);
    Ok(page)
}

/// The replays that run, of all tenants.
pub(crate) fn running(db: &Connection, limit: usize) -> Result<Vec<Replay>, Fault> {
    let found = query::list(db, sql::REPLAY_RUNNING, (limit,), read)?;
    Ok(found.into_iter().map(|stored| stored.replay).collect())
}

/// The number of a subscription, also of a deleted one.
pub(crate) fn subscription(
    db: &Connection,
    tenant_no: TenantNo,
    id: SubscriptionId,
) -> Result<Result<SubscriptionNo, StartReplayError>, Fault> {
    if !tenants::lives(db, tenant_no)? {
        return Ok(Err(StartReplayError::NotFound));
    }
    let number = subscriptions::number(db, tenant_no, id)?;
    Ok(number.map(SubscriptionNo).ok_or(StartReplayError::NotFound))
}

pub(crate) fn find(db: &Connection, tenant_no: TenantNo, id: ReplayId) -> Result<Option<Stored>, Fault> {
    query::find(db, sql::REPLAY_BY_ID, (tenant_no.0, id.as_bytes()), read)
}

fn read(row: &Row<'_>) -> Result<Stored, Fault> {
    let count = ReplayCount { deliveries: row.get(10)?, is_exact: row.get(11)? };
    let progress = ReplayProgress { examined: row.get(15)?, replayed: row.get(16)?, skipped: row.get(17)? };
    let per = Duration::from_micros(u64::try_from(row.get::<_, i64>(9)?).unwrap_or_default());
    let replay = Replay {
        tenant_no: TenantNo(row.get(1)?),
        id: ReplayId::from_bytes(row.get(2)?),
        subscription_no: SubscriptionNo(row.get(3)?),
        subscription: SubscriptionId::from_bytes(row.get(4)?),
        selection: codes::selection_of(row.get(5)?)?,
        since: Timestamp::from_micros(row.get(6)?),
        until: row.get::<_, Option<i64>>(7)?.map(Timestamp::from_micros),
        pace: RateLimit { count: row.get(8)?, per },
        count,
        status: codes::replay_status_of(row.get(12)?)?,
        progress,
        created_at: Timestamp::from_micros(row.get(18)?),
        finished_at: row.get::<_, Option<i64>>(19)?.map(Timestamp::from_micros),
    };
    Ok(Stored { no: row.get(0)?, replay, position: row.get(13)?, stop: row.get(14)? })
}
