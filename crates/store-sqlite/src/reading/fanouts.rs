//! Large fan-outs that are not finished.

use postroad_domain::{EventId, TenantNo};
use postroad_store::{Fanout, FanoutTarget};
use rusqlite::{Connection, Row};

use crate::{
    codec, codes,
    error::Fault,
    reading::events,
    sql::{self, query},
};

/// The oldest ones behind that of an event, each with the targets that are left.
pub(crate) fn open(
    db: &Connection,
    after: Option<(TenantNo, EventId)>,
    limit: usize,
) -> Result<Vec<Fanout>, Fault> {
    let after = match after {
        None => 0,
        Some((tenant_no, event_id)) => events::number(db, tenant_no, event_id)?.unwrap_or(i64::MAX),
    };
    query::list(db, sql::FANOUT_LIST, (limit, after), |row| {
        let (targets, next_number) = left(row)?;
        let (tenant_no, event_id) = (TenantNo(row.get(3)?), EventId::from_bytes(row.get(4)?));
        Ok(Fanout { tenant_no, event_id, event_bytes: row.get(5)?, targets, next_number })
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
