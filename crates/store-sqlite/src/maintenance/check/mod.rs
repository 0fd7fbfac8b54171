//! Looks whether a database is whole: SQLite's own check of its pages, then our invariants, row by row.
//!
//! It reads only, and may run beside a server. Each of our invariants is looked at in pages of bounded size, each within
//! one picture of the database, so that a commit in between is no fault and the server's log need not wait for the end.
//! SQLite's own check is one long picture: the log grows meanwhile. Lacking on purpose: repairing anything.

mod rules;

use std::{fmt, path::Path};

use rules::{QUEUE, RULES, Rule, Span};
use rusqlite::Connection;

use crate::{
    error::{Fault, OpenError},
    files::beside,
    numbers::DELIVERY_BITS,
    sql::query,
};

/// Numbers of events that one reading looks at.
const EVENTS_PER_READ: i64 = 5_000;
/// Rows of the queue that one reading looks at.
const ROWS_PER_READ: usize = 5_000;
/// Rows of each kind of damage that are named.
const EXAMPLES_MAX: usize = 3;
/// Faults of the pages that SQLite is asked for.
const PAGE_FAULTS_MAX: i64 = 10;

/// What was looked at and what is wrong.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Rows that there are.
    pub counts: Counts,
    /// What is wrong; empty for a whole database.
    pub damages: Vec<Damage>,
}

/// Rows that there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events.
    pub events: u64,
    /// Their deliveries.
    pub deliveries: u64,
    /// Those of them that wait.
    pub waiting: u64,
    /// Attempts that are logged.
    pub attempts: u64,
}

/// One kind of damage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// What is wrong, in words.
    pub what: String,
    /// How many rows it touches.
    pub rows: u64,
    /// The first of them.
    pub examples: Vec<String>,
    /// What to do.
    pub remedy: &'static str,
}

impl fmt::Display for Damage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {} ({})\n  {}", self.what, self.rows, self.examples.join(", "), self.remedy)
    }
}

/// Checks the database of a folder.
///
/// # Errors
/// [`OpenError`] when there is no database of this version, or it cannot be read at all.
pub fn check(data_dir: &Path) -> Result<Report, OpenError> {
    let db = beside::reader(data_dir)?;
    let mut report = Report::default();
    check_pages(&db, &mut report)?;
    // With broken pages the rows tell nothing that is worth telling.
    if report.damages.is_empty() {
        report.counts = count(&db)?;
        check_queue(&db, &mut report)?;
        for rule in RULES {
            check_rule(&db, rule, &mut report)?;
        }
    }
    Ok(report)
}

/// SQLite's own check.
fn check_pages(db: &Connection, report: &mut Report) -> Result<(), Fault> {
    let text = format!("PRAGMA integrity_check({PAGE_FAULTS_MAX})");
    let verdicts = query::list(db, &text, (), |row| Ok(row.get::<_, String>(0)?));
    let verdicts = match verdicts {
        // A page that is no page at all is an error and no verdict.
        Err(fault) if fault.is_damage() => vec![fault.to_string()],
        other => other?,
    };
    if verdicts != ["ok"] {
        report.damages.push(Damage {
            what: "the file is damaged".to_owned(),
            rows: verdicts.len() as u64,
            examples: verdicts.into_iter().take(EXAMPLES_MAX).collect(),
            remedy: "stop the server, put the last backup into the data folder, and look after the disk",
        });
    }
    Ok(())
}

fn count(db: &Connection) -> Result<Counts, Fault> {
    let rows = |text| Ok::<_, Fault>(query::find(db, text, (), |row| Ok(row.get(0)?))?.unwrap_or_default());
    Ok(Counts {
        events: rows("SELECT count(*) FROM event")?,
        deliveries: rows("SELECT count(*) FROM delivery")?,
        waiting: rows("SELECT count(*) FROM queue")?,
        attempts: rows("SELECT count(*) FROM attempt")?,
    })
}

/// Each place in the queue belongs to a delivery that waits there.
fn check_queue(db: &Connection, report: &mut Report) -> Result<(), Fault> {
    let mut last = [i64::MIN; 5];
    let mut found = Found::default();
    loop {
        let [tenant_no, sub_no, generation, due, delivery_no] = last;
        let key = (tenant_no, sub_no, generation, due, delivery_no, ROWS_PER_READ);
        let rows = query::list(db, QUEUE.text, key, |row| {
            let key = [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
            Ok((key, row.get::<_, bool>(5)?))
        })?;
        for (key, is_wrong) in &rows {
            last = *key;
            if *is_wrong {
                found.add(key[4]);
            }
        }
        if rows.len() < ROWS_PER_READ {
            break;
        }
    }
    found.report(&QUEUE, report);
    Ok(())
}

/// Goes through the numbers of events and of what belongs to them.
fn check_rule(db: &Connection, rule: &Rule, report: &mut Report) -> Result<(), Fault> {
    let edges = query::find(db, rule.span.edges(), (), |row| {
        Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?))
    })?;
    let Some((Some(first), Some(last))) = edges else { return Ok(()) };
    let width = match rule.span {
        Span::Deliveries => EVENTS_PER_READ << DELIVERY_BITS,
        Span::Events | Span::Attempts => EVENTS_PER_READ,
    };
    let mut found = Found::default();
    let mut from = first;
    while from <= last {
        for number in query::list(db, rule.text, (from, from + width), |row| Ok(row.get::<_, i64>(0)?))? {
            found.add(number);
        }
        from += width;
    }
    found.report(rule, report);
    Ok(())
}

/// Rows that break a rule.
#[derive(Default)]
struct Found {
    rows: u64,
    examples: Vec<String>,
}

impl Found {
    fn add(&mut self, number: i64) {
        self.rows += 1;
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(format!("number {number}"));
        }
    }

    fn report(self, rule: &Rule, report: &mut Report) {
        if self.rows > 0 {
            let (what, remedy) = (rule.what.to_owned(), rule.remedy);
            report.damages.push(Damage { what, rows: self.rows, examples: self.examples, remedy });
        }
    }
}
