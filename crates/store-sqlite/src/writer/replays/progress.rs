//! How far a replay has come, and whether it may go on.

use postroad_domain::{
    ReplayStatus, SubscriptionNo, Timestamp,
    replay::{ReplayFailure, ReplayProgress},
};
use rusqlite::Connection;

use crate::{
    codes,
    error::Fault,
    reading::replays::Stored,
    sql::{self, query},
    writer::known::Known,
};

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

/// Ends a replay.
pub(super) fn end(stored: &mut Stored, status: ReplayStatus, at: Timestamp) {
    stored.replay.status = status;
    stored.replay.finished_at = Some(at);
}

/// Keeps how far it has come.
pub(super) fn write(stored: &Stored, db: &Connection) -> Result<(), Fault> {
    let ReplayProgress { examined, replayed, skipped } = stored.replay.progress;
    let status = codes::replay_status_code(stored.replay.status);
    let finished_at = stored.replay.finished_at.map(Timestamp::as_micros);
    let row = (stored.no, status, stored.position, examined, replayed, skipped, finished_at);
    query::run(db, sql::REPLAY_SET, row)?;
    Ok(())
}
