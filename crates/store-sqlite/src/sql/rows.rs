//! Rows that a commit appends to a table, in groups: a statement costs something beside its rows, and one that writes eight of
//! them costs it once.
//!
//! **Invariant:** what was pushed is written in its order, at the latest by [`Rows::finish`]; without that the transaction
//! must not be committed.

use std::sync::OnceLock;

use rusqlite::{
    CachedStatement, Connection, ToSql,
    types::{ToSqlOutput, ValueRef},
};

use crate::error::Fault;

/// Rows of a group. More cost no less: an eighth of what a statement costs beside its rows is hardly anything.
const GROUP_ROWS: usize = 8;

/// The text that appends one row, and the one that appends a group.
pub(crate) struct Insert {
    one: &'static str,
    group: OnceLock<String>,
}

/// A value of a row.
pub(crate) enum Column<'v> {
    Null,
    Number(i64),
    Bytes(&'v [u8]),
    Made(Vec<u8>),
}

/// Rows on their way into a table, each with its values in the order of the parameters.
pub(crate) struct Rows<'db, 'v, const COLUMNS: usize> {
    db: &'db Connection,
    insert: &'static Insert,
    /// Prepared for the first full group.
    group: Option<CachedStatement<'db>>,
    waiting: Vec<[Column<'v>; COLUMNS]>,
}

impl Insert {
    /// Of a text that ends with one row of values, whose parameters are `?1` to the last in this order.
    pub(crate) const fn of(one: &'static str) -> Self {
        Self { one, group: OnceLock::new() }
    }

    fn group(&self) -> &str {
        self.group.get_or_init(|| grouped(self.one))
    }
}

impl<'db, 'v, const COLUMNS: usize> Rows<'db, 'v, COLUMNS> {
    /// Into the table of `insert`.
    pub(crate) const fn new(db: &'db Connection, insert: &'static Insert) -> Self {
        Self { db, insert, group: None, waiting: Vec::new() }
    }

    /// Appends the rows that `push_all` pushes; nothing more when it fails.
    pub(crate) fn with<T>(
        db: &'db Connection,
        insert: &'static Insert,
        push_all: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut rows = Self::new(db, insert);
        let pushed = push_all(&mut rows)?;
        rows.finish()?;
        Ok(pushed)
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: [Column<'v>; COLUMNS]) -> Result<(), Fault> {
        self.waiting.push(row);
        if self.waiting.len() == GROUP_ROWS { self.write_group() } else { Ok(()) }
    }

    /// Writes what is left. Not to be called after a failure of anything in the transaction: SQLite may have ended it by itself,
    /// and what came then would stay.
    pub(crate) fn finish(mut self) -> Result<(), Fault> {
        if !self.waiting.is_empty() {
            let mut one = self.db.prepare_cached(self.insert.one)?;
            for row in self.waiting.drain(..) {
                write(&mut one, &[row])?;
            }
        }
        Ok(())
    }

    fn write_group(&mut self) -> Result<(), Fault> {
        let group = match &mut self.group {
            Some(group) => group,
            none => none.insert(self.db.prepare_cached(self.insert.group())?),
        };
        let written = write(group, &self.waiting);
        self.waiting.clear();
        written
    }
}

fn write<const COLUMNS: usize>(
    statement: &mut CachedStatement<'_>,
    rows: &[[Column<'_>; COLUMNS]],
) -> Result<(), Fault> {
    debug_assert_eq!(statement.parameter_count(), rows.len() * COLUMNS, "each value has its parameter");
    for (place, value) in rows.iter().flatten().enumerate() {
        statement.raw_bind_parameter(place + 1, value)?;
    }
    statement.raw_execute()?;
    Ok(())
}

impl ToSql for Column<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Number(number) => ValueRef::Integer(*number),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Made(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl From<i64> for Column<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<Option<i64>> for Column<'_> {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Number)
    }
}

impl<'v> From<&'v [u8]> for Column<'v> {
    fn from(bytes: &'v [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Vec<u8>> for Column<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Made(bytes)
    }
}

/// The same text with a group of rows in the place of its one.
fn grouped(one: &str) -> String {
    let (head, row) = one.rsplit_once("VALUES").expect("the text of an Insert ends with one row of values");
    // Parameters count on from row to row, so they have no numbers of their own.
    let mut parts = row.split('?');
    let mut row = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        row.push('?');
        row.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    // A row that is refused fails the transaction, so SQLite need not keep what the pages were before the group. It does so for
    // tables without a rowid; for the others it keeps them all the same.
    let head = head.replacen("INSERT INTO", "INSERT OR FAIL INTO", 1);
    format!("{head}VALUES{}", [row.as_str(); GROUP_ROWS].join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql;

    static INSERT: Insert = Insert::of("INSERT INTO t (a, b, c) VALUES (?1, 0, ?2)");

    fn table() -> Connection {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER, c BLOB CHECK (c <> x'00'))")
            .unwrap();
        db
    }

    #[test]
    fn rows_arrive_in_their_order_however_many_they_are() {
        for count in [0, 1, GROUP_ROWS as i64 - 1, GROUP_ROWS as i64, 2 * GROUP_ROWS as i64 + 3] {
            let db = table();
            let values: Vec<_> = (0..count).map(i64::to_le_bytes).collect();
            let pushed = Rows::with(&db, &INSERT, |rows| {
                (0..).zip(&values).try_for_each(|(no, value)| rows.push([Column::from(no), value[..].into()]))
            });
            pushed.unwrap();
            let mut all = db.prepare("SELECT a, b, c FROM t ORDER BY a").unwrap();
            let read = all.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
            let read: Vec<(i64, i64, [u8; 8])> = read.map(Result::unwrap).collect();
            assert_eq!(read, (0..).zip(values).map(|(no, value)| (no, 0, value)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_group_is_the_same_text_with_more_rows_and_no_way_back() {
        let (head, rows) = INSERT.group().split_once("VALUES").unwrap();
        assert_eq!(head, "INSERT OR FAIL INTO t (a, b, c) ");
        assert_eq!(rows, [" (?, 0, ?)"; GROUP_ROWS].join(","));
    }

    #[test]
    fn the_parameters_of_all_such_texts_count_up() {
        let texts = [
            sql::DELIVERY_CREATE,
            sql::QUEUE_INSERT,
            sql::ATTEMPT_INSERT,
            sql::EVENT_LISTING_INSERT,
            sql::DELIVERY_LISTING_INSERT,
        ];
        for text in texts {
            let numbers =
                text.split('?').skip(1).map(|part| part.split(|c: char| !c.is_ascii_digit()).next().unwrap());
            let numbers: Vec<usize> = numbers.map(|number| number.parse().unwrap()).collect();
            assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>(), "{text}");
        }
    }

    #[test]
    fn a_row_that_is_refused_is_told() {
        let db = table();
        let bad = || [0.into(), vec![0].into()];
        let in_a_group = Rows::with(&db, &INSERT, |rows| {
            (1..GROUP_ROWS as i64).try_for_each(|no| rows.push([no.into(), Column::Null])).unwrap();
            rows.push(bad())
        });
        let alone = Rows::with(&db, &INSERT, |rows| rows.push(bad()));
        assert!(in_a_group.is_err() && alone.is_err());
    }

    #[test]
    fn after_a_fault_elsewhere_nothing_that_waits_is_written() {
        let db = table();
        let faulty = Rows::with(&db, &INSERT, |rows| {
            rows.push([1.into(), Column::Null])?;
            Err::<(), _>(Fault::Full)
        });
        assert!(faulty.is_err());
        assert_eq!(db.query_row("SELECT count(*) FROM t", (), |row| row.get::<_, i64>(0)), Ok(0));
    }
}
