//! Short words for running the queries of [`crate::sql`]. Each text is prepared once per connection and kept.

use rusqlite::{CachedStatement, Connection, Params, Row};

use crate::error::Fault;

/// The first row that a query answers.
pub(crate) fn find<T>(
    db: &Connection,
    text: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    let mut statement = db.prepare_cached(text)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(read).transpose()
}

/// Every row that a query answers; its text bounds how many.
pub(crate) fn list<T>(
    db: &Connection,
    text: &str,
    params: impl Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut statement = db.prepare_cached(text)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// Runs a query that writes; answers how many rows it wrote.
pub(crate) fn run(db: &Connection, text: &str, params: impl Params) -> Result<usize, Fault> {
    Ok(db.prepare_cached(text)?.execute(params)?)
}

/// A statement that writes and may be run many times in a job: prepared for its first run, and then kept.
pub(crate) struct Repeated<'db> {
    db: &'db Connection,
    text: &'static str,
    statement: Option<CachedStatement<'db>>,
}

impl<'db> Repeated<'db> {
    /// Of this text; nothing is prepared yet.
    pub(crate) const fn new(db: &'db Connection, text: &'static str) -> Self {
        Self { db, text, statement: None }
    }

    /// Runs it; answers how many rows it wrote.
    pub(crate) fn run(&mut self, params: impl Params) -> Result<usize, Fault> {
        let statement = match &mut self.statement {
            Some(statement) => statement,
            none => none.insert(self.db.prepare_cached(self.text)?),
        };
        Ok(statement.execute(params)?)
    }
}
