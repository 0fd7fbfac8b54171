//! The file system itself, under plain connections: that it works, and that it finds a missing sync.

use std::{sync::mpsc::channel, thread};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use rusqlite::{Connection, ErrorCode};

use super::{
    computer::{Cut, Survival},
    vfs::Vfs,
};

const SEEDS: u64 = 50;
const FILE: &str = "/plain.db";

/// How many rows of a plain table were acknowledged before a cut, and how many are there after it.
#[derive(Debug, PartialEq, Eq)]
struct Rows {
    acknowledged: usize,
    /// `None` when the table is not there, or cannot be read.
    found: Option<usize>,
}

impl Rows {
    fn are_lost(&self) -> bool {
        self.found.is_none_or(|found| found < self.acknowledged)
    }
}

/// Inserts rows, one in each transaction, until the power goes at a call that the seed chooses.
fn cut_while_inserting(journal_mode: &str, synchronous: &str, seed: u64, mut survival: Survival) -> Rows {
    let vfs = Vfs::register();
    let mut rng = StdRng::seed_from_u64(seed);
    let db = connect(&vfs, journal_mode, synchronous).unwrap();
    db.execute_batch("CREATE TABLE row (no INTEGER PRIMARY KEY, data BLOB)").unwrap();
    vfs.computer().plan(Cut::at(rng.random_range(1..400)));
    let mut acknowledged = 0;
    while insert(&db, acknowledged, rng.random_range(1..6_000)).is_ok() {
        acknowledged += 1;
        if rng.random_bool(0.1) {
            // It fails when the cut falls into it, and says nothing to a journal that is no log.
            db.query_row("PRAGMA wal_checkpoint(RESTART)", (), |_| Ok(())).ok();
        }
    }
    assert!(vfs.computer().is_cut());
    drop(db);
    vfs.computer().reboot(&mut survival);
    Rows { acknowledged, found: connect(&vfs, journal_mode, synchronous).and_then(|db| count(&db)).ok() }
}

fn connect(vfs: &Vfs, journal_mode: &str, synchronous: &str) -> rusqlite::Result<Connection> {
    let db = vfs.connect(FILE)?;
    db.pragma_update_and_check(None, "journal_mode", journal_mode, |_| Ok(()))?;
    db.pragma_update(None, "synchronous", synchronous)?;
    Ok(db)
}

fn insert(db: &Connection, no: usize, bytes: usize) -> rusqlite::Result<usize> {
    db.execute("INSERT INTO row (no, data) VALUES (?1, zeroblob(?2))", (no, bytes))
}

fn count(db: &Connection) -> rusqlite::Result<usize> {
    let fault: String = db.query_row("PRAGMA integrity_check", (), |row| row.get(0))?;
    assert_eq!(fault, "ok");
    db.query_row("SELECT count(*) FROM row", (), |row| row.get(0))
}

#[test]
fn without_syncs_acknowledged_rows_are_lost() {
    for (journal_mode, synchronous) in [("WAL", "OFF"), ("WAL", "NORMAL"), ("DELETE", "OFF")] {
        let lost = (0..SEEDS)
            .filter(|seed| {
                cut_while_inserting(journal_mode, synchronous, *seed, Survival::strict()).are_lost()
            })
            .count();
        assert!(lost > 0, "{journal_mode} {synchronous}");
    }
}

#[test]
fn with_syncs_no_acknowledged_row_is_ever_lost() {
    for (journal_mode, synchronous) in [("WAL", "FULL"), ("DELETE", "EXTRA")] {
        for seed in 0..SEEDS {
            for survival in [Survival::strict(), Survival::torn(seed)] {
                let rows = cut_while_inserting(journal_mode, synchronous, seed, survival);
                assert!(!rows.are_lost(), "{journal_mode} {synchronous}, seed {seed}: {rows:?}");
            }
        }
    }
}

#[test]
fn the_end_of_a_rollback_journal_is_certain_only_when_its_folder_is_synced() {
    // The one difference between FULL and EXTRA: so the disk's names are as uncertain as a real one's.
    let lost = |seed: &u64| cut_while_inserting("DELETE", "FULL", *seed, Survival::strict()).are_lost();
    assert!((0..SEEDS).filter(lost).count() > 0);
}

#[test]
fn a_log_that_was_left_empty_makes_the_end_of_the_rollback_journal_certain_too() {
    let vfs = Vfs::register();
    // Two cuts while a database is created may leave this: the log's name, and nothing else.
    let computer = vfs.computer();
    let (log, handle) = computer.state().open(Some("/plain.db-wal"), true).unwrap();
    computer.state().disk.sync(log, false).unwrap();
    computer.close(log, handle);
    let db = connect(&vfs, "WAL", "FULL").unwrap();
    db.execute_batch("CREATE TABLE row (no INTEGER PRIMARY KEY, data BLOB)").unwrap();
    insert(&db, 1, 10).unwrap();
    computer.plan(Cut::at(0));
    drop(db);
    computer.reboot(&mut Survival::strict());
    assert_eq!(count(&connect(&vfs, "WAL", "FULL").unwrap()).unwrap(), 1);
}

#[test]
fn connections_see_each_others_commits_and_exclude_each_other() {
    let vfs = Vfs::register();
    let writer = connect(&vfs, "WAL", "FULL").unwrap();
    writer.execute_batch("CREATE TABLE row (no INTEGER PRIMARY KEY, data BLOB)").unwrap();
    let other = connect(&vfs, "WAL", "FULL").unwrap();
    other.busy_timeout(std::time::Duration::ZERO).unwrap();
    let reading = other.unchecked_transaction().unwrap();
    assert_eq!(count(&reading).unwrap(), 0);
    insert(&writer, 1, 10).unwrap();
    assert_eq!(count(&reading).unwrap(), 0, "a reader keeps its picture");
    drop(reading);
    assert_eq!(count(&other).unwrap(), 1);
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = insert(&other, 2, 10).unwrap_err();
    assert_eq!(refused.sqlite_error_code(), Some(ErrorCode::DatabaseBusy));
    writer.execute_batch("COMMIT").unwrap();
    insert(&other, 2, 10).unwrap();
}

#[test]
fn who_finds_a_lock_taken_gets_it_when_it_is_given_up() {
    let vfs = Vfs::register();
    let db = connect(&vfs, "WAL", "FULL").unwrap();
    db.execute_batch("CREATE TABLE row (no INTEGER PRIMARY KEY, data BLOB)").unwrap();
    let (ready, wait_until_ready) = channel();
    thread::scope(|scope| {
        for thread in 0..4 {
            let (name, ready) = (vfs.name().to_owned(), ready.clone());
            scope.spawn(move || {
                let flags = rusqlite::OpenFlags::default();
                let db = Connection::open_with_flags_and_vfs(FILE, flags, name.as_str()).unwrap();
                db.busy_timeout(std::time::Duration::from_secs(60)).unwrap();
                ready.send(()).unwrap();
                for no in 0..25 {
                    insert(&db, thread * 25 + no, 3_000).unwrap();
                }
            });
        }
        (0..4).for_each(|_| wait_until_ready.recv().unwrap());
        db.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(())).unwrap();
    });
    assert_eq!(count(&db).unwrap(), 100);
}
