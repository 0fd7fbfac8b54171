//! Beginning a replay and calling one off.

use std::time::Duration;

use postroad_domain::{Replay, ReplayId, ReplayStatus, TenantNo, Timestamp, replay::ReplayFailure};
use postroad_store::{CancelReplay, CancelReplayError, CreateReplay, StartReplayError};
use rusqlite::Connection;

use super::progress::{end, standing, write};
use crate::{
    codes,
    error::Fault,
    reading::replays::{find, subscription, walk},
    sql::{self, query},
    writer::{audit, work::Work},
};

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
    end(&mut stored, ReplayStatus::Cancelled, cancel.at);
    write(&stored, work.db)?;
    audit::note(work.db, cancel.tenant_no, cancel.at, cancel.audit.as_ref())?;
    Ok(Ok(stored.replay))
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

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}
