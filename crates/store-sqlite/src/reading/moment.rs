//! Finding a moment among rows that are numbered in the order of their moments, by halving.

use postroad_domain::Timestamp;
use rusqlite::Connection;

use crate::{error::Fault, sql::query};

/// The two queries that a line of rows is halved by.
#[derive(Clone, Copy)]
pub(crate) struct Line {
    /// The highest number.
    pub(crate) last: &'static str,
    /// The first row at or behind a number, with its moment.
    pub(crate) probe: &'static str,
}

/// The number behind the highest one.
pub(crate) fn behind_last(db: &Connection, line: Line) -> Result<i64, Fault> {
    let last = query::find(db, line.last, (), |row| Ok(row.get::<_, i64>(0)?))?;
    Ok(last.map_or(0, |last| last + 1))
}

/// The smallest number whose row, and every later one, is of `moment` or later.
pub(crate) fn place_of(db: &Connection, line: Line, moment: Timestamp) -> Result<i64, Fault> {
    let (mut low, mut high) = (0, behind_last(db, line)?);
    while low < high {
        let middle = low + (high - low) / 2;
        let probe = query::find(db, line.probe, (middle,), |row| {
            Ok((row.get::<_, i64>(0)?, Timestamp::from_micros(row.get(1)?)))
        })?;
        match probe {
            Some((number, at)) if at < moment => low = number + 1,
            Some(_) | None => high = middle,
        }
    }
    Ok(low)
}
