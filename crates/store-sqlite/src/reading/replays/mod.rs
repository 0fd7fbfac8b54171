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
    RateLimit, Replay, ReplayId, ReplayStatus, SubscriptionId, SubscriptionNo, TenantNo, Timestamp,
    replay::{ReplayCount, ReplayFailure, ReplayProgress},
};
use postroad_store::{CancelReplay, CancelReplayError, CreateReplay, ListReplays, Page, StartReplayError};
use rusqlite::{Connection, Row};

use crate::{
    codes,
    error::Fault,
    reading::{audit, subscriptions, tenants},
    sql::{self, query},
    writer::{Work, known::Known},
};

/// A replay with what stays inside the store.
pub(crate) struct Stored {
    no: i64,
    pub(crate) replay: Replay,
    /// Everything before this place was looked at. A place is the number of a delivery.
    pub(crate) position: i64,
    /// Everything from this place on came later.
    pub(crate) stop: i64,
}

/// Begins a replay.
pub(crate) fn create(
    work: &mut Work<'_>,
    create: &CreateReplay,
) -> Result<Result<Replay, StartReplayError>, Fault> {
    let (db, tenant_no) = (work.db, create.tenant_no);
    let sub_no = match subscription(db, tenant_no, create.subscription)? {
        Ok(sub_no) => sub_no,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if let Err(why) = standing(work.known, sub_no) {
        return Ok(Err(refused(why)));
    }
    let running = query::list(db, sql::REPLAY_RUNNING_OF_TENANT, (tenant_no.0,), |row| {
        Ok((ReplayId::from_bytes(row.get(0)?), row.get::<_, i64>(1)?))
    })?;
    if let Some((id, _)) = running.iter().find(|(_, of)| *of == sub_no.0) {
        return Ok(Err(StartReplayError::Running(*id)));
    }
    if running.len() >= create.running_max {
        return Ok(Err(StartReplayError::TooMany { max: create.running_max }));
    }
    forget(db, tenant_no, create.kept_max)?;
    let end = work.known.next_event_no;
    let (position, stop) = walk::edges(db, (create.since, create.until), end)?;
    let row = (
        (tenant_no.0, create.id.as_bytes(), sub_no.0, codes::selection_code(create.selection)),
        (create.since.as_micros(), create.until.map(Timestamp::as_micros)),
        (create.pace.count, micros(create.pace.per)),
        (create.count.deliveries, create.count.is_exact),
        (position, stop),
        create.at.as_micros(),
    );
    insert(db, row)?;
    audit::note(db, tenant_no, create.at, create.audit.as_ref())?;
    let created = find(db, tenant_no, create.id)?;
    Ok(Ok(created.ok_or(Fault::Corrupt("a replay that was written is not there"))?.replay))
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

/// Calls a replay off. What it has queued goes out.
pub(crate) fn cancel(
    work: &mut Work<'_>,
    cancel: &CancelReplay,
) -> Result<Result<Replay, CancelReplayError>, Fault> {
    if !work.known.tenants.contains_key(&cancel.tenant_no) {
        return Ok(Err(CancelReplayError::NotFound));
    }
    let Some(mut stored) = find(work.db, cancel.tenant_no, cancel.id)? else {
        return Ok(Err(CancelReplayError::NotFound));
    };
    if stored.replay.status != ReplayStatus::Running {
        return Ok(Err(CancelReplayError::Ended));
    }
    stored.end(ReplayStatus::Cancelled, cancel.at);
    stored.write(work.db)?;
    audit::note(work.db, cancel.tenant_no, cancel.at, cancel.audit.as_ref())?;
    Ok(Ok(stored.replay))
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

/// Why nothing can be queued for a subscription.
pub(crate) fn standing(known: &Known, sub_no: SubscriptionNo) -> Result<(), ReplayFailure> {
    match known.lanes.get(&sub_no) {
        None => Err(ReplayFailure::SubscriptionDeleted),
        Some(lane) if lane.paused || known.gone.contains_key(&sub_no) => {
            Err(ReplayFailure::SubscriptionInactive)
        }
        Some(_) => Ok(()),
    }
}

fn refused(why: ReplayFailure) -> StartReplayError {
    match why {
        ReplayFailure::SubscriptionInactive => StartReplayError::Inactive,
        ReplayFailure::SubscriptionDeleted => StartReplayError::Deleted,
    }
}

/// Makes room for one more replay of the tenant.
fn forget(db: &Connection, tenant_no: TenantNo, kept_max: usize) -> Result<(), Fault> {
    let kept = query::find(db, sql::REPLAY_COUNT, (tenant_no.0,), |row| Ok(row.get::<_, usize>(0)?))?;
    for _ in 0..(kept.unwrap_or_default() + 1).saturating_sub(kept_max) {
        let oldest = query::find(db, sql::REPLAY_OLDEST, (tenant_no.0,), |row| Ok(row.get::<_, i64>(0)?))?;
        let Some(replay_no) = oldest else { break };
        query::run(db, sql::REPLAY_DELETE, (replay_no,))?;
    }
    Ok(())
}

type Inserted<'a> =
    ((i64, &'a [u8; 16], i64, i64), (i64, Option<i64>), (u32, i64), (u64, bool), (i64, i64), i64);

fn insert(db: &Connection, row: Inserted<'_>) -> Result<(), Fault> {
    let ((tenant_no, id, sub_no, selection), (since, until), pace, count, (position, stop), at) = row;
    let mut statement = db.prepare_cached(sql::REPLAY_INSERT)?;
    statement.execute(rusqlite::params![
        tenant_no, id, sub_no, selection, since, until, pace.0, pace.1, count.0, count.1, position, stop, at
    ])?;
    Ok(())
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

impl Stored {
    pub(crate) fn end(&mut self, status: ReplayStatus, at: Timestamp) {
        self.replay.status = status;
        self.replay.finished_at = Some(at);
    }

    /// Keeps how far it has come.
    pub(crate) fn write(&self, db: &Connection) -> Result<(), Fault> {
        let ReplayProgress { examined, replayed, skipped } = self.replay.progress;
        let status = codes::replay_status_code(self.replay.status);
        let finished_at = self.replay.finished_at.map(Timestamp::as_micros);
        let row = (self.no, status, self.position, examined, replayed, skipped, finished_at);
        query::run(db, sql::REPLAY_SET, row)?;
        Ok(())
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}
