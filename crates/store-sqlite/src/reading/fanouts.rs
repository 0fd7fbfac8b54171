//! Large fan-outs that are not finished.

use postroad_domain::{EventId, TenantNo};
use postroad_store::{Fanout, FanoutTarget};
use rusqlite::{Connection, Row};

use crate::{
    codec, codes,
    error::Fault,
    sql::{self, query},
};

/// The oldest ones, each with the targets that are left.
pub(crate) fn open(db: &Connection, limit: usize) -> Result<Vec<Fanout>, Fault> {
    query::list(db, sql::FANOUT_LIST, (limit,), |row| {
        let (targets, next_number) = left(row)?;
        let event_id = EventId::from_bytes(row.get(4)?);
        Ok(Fanout { tenant_no: TenantNo(row.get(3)?), event_id, targets, next_number })
    })
}

/// Whom later commits will still serve with an event.
pub(crate) fn targets_left(db: &Connection, event_no: i64) -> Result<Vec<FanoutTarget>, Fault> {
    let found = query::find(db, sql::FANOUT_FIND, (event_no,), |row| Ok(left(row)?.0))?;
    Ok(found.unwrap_or_default())
}

/// The targets that are left, and the number of the first one's delivery: the last is the event's last delivery.
fn left(row: &Row<'_>) -> Result<(Vec<FanoutTarget>, u16), Fault> {
    let mut targets = codec::decode_targets(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?)?;
    let next_number: u16 = row.get(1)?;
    let (deliveries, _) = codes::deliveries_of(row.get(2)?)?;
    let left = (deliveries + 1).saturating_sub(next_number.into()) as usize;
    targets.drain(..targets.len().saturating_sub(left));
    Ok((targets, next_number))
}
