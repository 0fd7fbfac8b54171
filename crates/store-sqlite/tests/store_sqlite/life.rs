//! The statements that write the status of a delivery do what `docs/state-machine.md` says, and there are no others.

use std::{collections::BTreeSet, fs, path::Path};

use postroad_domain::{
    Status,
    delivery::{Birth, Input, StoredStatus},
};
use postroad_store_sqlite::sql::{self, Query, Transition};
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use tempfile::TempDir;

use crate::common::open;

/// The number of the delivery that the statements are tried on.
const DELIVERY: i64 = 4_097;
/// What every other parameter is: a reason, a moment, a number of attempts.
const ANYTHING: i64 = 7;

fn database() -> (Connection, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    (Connection::open(folder.path().join("postroad.db")).unwrap(), folder)
}

fn code(status: StoredStatus) -> i64 {
    match status.get() {
        Status::Queued | Status::Delivering => 2,
        Status::Succeeded => 3,
        Status::Failed => 4,
        Status::Cancelled => 5,
    }
}

/// Runs a statement, whose first parameter is the delivery's number; answers how many rows it wrote.
fn run(db: &Connection, text: &str) -> usize {
    let mut statement = db.prepare(text).unwrap();
    let others = vec![ANYTHING; statement.parameter_count() - 1];
    statement.execute(params_from_iter([DELIVERY].into_iter().chain(others))).unwrap()
}

fn status(db: &Connection) -> Option<i64> {
    let text = "SELECT status FROM delivery WHERE delivery_no = ?1";
    db.query_row(text, [DELIVERY], |row| row.get(0)).optional().unwrap()
}

/// Where a statement leads a delivery that stands there; `None` when it does not touch it.
fn led(db: &Connection, text: &str, from: StoredStatus) -> Option<i64> {
    db.execute("DELETE FROM delivery", ()).unwrap();
    let row = "INSERT INTO delivery (delivery_no, tenant_no, sub_no, sub_version, status, attempts, at)
        VALUES (?1, 1, 1, 1, ?2, 3, 5)";
    db.execute(row, (DELIVERY, code(from))).unwrap();
    let rows = run(db, text);
    let found = status(db).unwrap();
    assert!(rows == 1 || found == code(from), "{text} says that it did nothing");
    (rows == 1).then_some(found)
}

fn inputs(query: &Query) -> impl Iterator<Item = Input> {
    query.transitions.iter().filter_map(|one| match one {
        Transition::Input(input) => Some(*input),
        Transition::Birth(_) => None,
    })
}

#[test]
fn a_statement_leads_each_delivery_to_where_its_inputs_lead() {
    let (db, _folder) = database();
    for query in sql::queries() {
        for input in inputs(&query) {
            for from in StoredStatus::ALL {
                let led = led(&db, query.text, from);
                let allowed = from.after(input).map(code);
                assert!(led.is_none() || led == allowed, "{} from {from:?}: {led:?}", query.name);
            }
        }
    }
}

#[test]
fn wherever_an_input_means_something_a_statement_carries_it_out() {
    let (db, _folder) = database();
    // It changes nothing in a store: a crash leaves the delivery queued.
    for input in Input::ALL.into_iter().filter(|input| *input != Input::Begin) {
        for from in StoredStatus::ALL {
            let able: Vec<_> = sql::queries()
                .filter(|query| inputs(query).any(|carried| carried == input))
                .filter(|query| led(&db, query.text, from).is_some())
                .map(|query| query.name)
                .collect();
            let expected = usize::from(from.after(input).is_some());
            assert_eq!(able.len(), expected, "{input:?} from {from:?}: {able:?}");
        }
    }
}

#[test]
fn a_delivery_is_born_where_the_statement_says() {
    let (db, _folder) = database();
    let mut births = BTreeSet::new();
    for query in sql::queries() {
        for one in query.transitions {
            let Transition::Birth(birth) = one else { continue };
            births.insert(birth.as_str());
            db.execute("DELETE FROM delivery", ()).unwrap();
            assert_eq!(run(&db, query.text), 1, "{}", query.name);
            assert_eq!(status(&db), Some(code(StoredStatus::born(*birth))), "{}", query.name);
        }
    }
    assert_eq!(births, Birth::ALL.map(Birth::as_str).into());
}

#[test]
fn every_statement_that_writes_a_status_says_what_it_carries_out() {
    for Query { name, text, transitions } in sql::queries() {
        let creates = text.contains("INTO delivery ");
        let set = text.split_once("UPDATE delivery SET").map(|(_, set)| set.split("WHERE").next().unwrap());
        let writes = creates || set.is_some_and(|set| set.contains("status"));
        assert!(!writes || !transitions.is_empty(), "{name} does not say what it carries out");
        let is_birth = transitions.iter().all(|one| matches!(one, Transition::Birth(_)));
        assert!(transitions.is_empty() || is_birth == creates, "{name}: a birth inserts, an input updates");
    }
}

#[test]
fn nothing_else_writes_a_delivery() {
    fn look(folder: &Path) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("src/sql") {
                look(&path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                for writes in ["UPDATE delivery ", "INTO delivery "] {
                    assert!(!text.contains(writes), "{}: belongs into sql/", path.display());
                }
            }
        }
    }
    look(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
}
