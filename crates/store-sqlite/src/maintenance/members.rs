//! Erases members of groups, for whoever erases their deliveries.

use rusqlite::Connection;

use crate::{
    error::Fault,
    sql::{self, query},
};

/// Erases up to `limit` members of a delivery, the last ones first; answers the numbers of their events. Fewer than the
/// limit are all that were left.
pub(super) fn erase(db: &Connection, delivery_no: i64, limit: usize) -> Result<Vec<i64>, Fault> {
    let members = query::list(db, sql::ERASE_NEXT_MEMBERS, (delivery_no, limit), |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
    })?;
    for (place, _) in &members {
        query::run(db, sql::ERASE_MEMBER, (delivery_no, place))?;
    }
    Ok(members.into_iter().map(|(_, event_no)| event_no).collect())
}
