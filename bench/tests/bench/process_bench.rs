//! The benchmark at a tiny scale: every case works, on both disks, and against another server. What it measures here
//! means nothing.

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;

/// The tool, told to measure the programs that lie beside it.
fn bench(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
    command.args(["--no-build", "--quick", "--folder"]).arg(folder);
    command
}

/// Runs it; answers the file that it writes, and what it prints.
fn run(arguments: &[&str]) -> (Value, String) {
    let folder = TempDir::new().unwrap();
    let json = folder.path().join("figures.json");
    let Output { status, stdout, stderr } =
        bench(folder.path()).args(arguments).arg("--json").arg(&json).output().unwrap();
    let (out, errors) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{arguments:?} ended with {status}:\n{out}\n{errors}");
    let mut left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    left.retain(|path| *path != json && path.extension().is_none_or(|extension| extension != "so"));
    assert!(left.is_empty(), "left behind: {left:?}");
    (serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap(), out.into_owned())
}

/// The median of a figure of a case.
fn figure(case: &Value, name: &str) -> f64 {
    let figures = case["figures"].as_array().unwrap();
    let found = figures.iter().find(|figure| figure["name"] == name);
    found.unwrap_or_else(|| panic!("no `{name}` in {case}"))["spread"]["median"].as_f64().unwrap()
}

/// Runs one case on the native disk and checks that it says what it is there for.
fn works(name: &str, figures: &[&str]) {
    let (report, table) = run(&[name, "--disk", "native"]);
    let case = &report["cases"][0];
    assert_eq!((case["case"].as_str(), report["cases"].as_array().unwrap().len()), (Some(name), 1));
    assert!(figure(case, "sync p50") > 0.0, "{case}");
    for wanted in figures {
        assert!(figure(case, wanted) > 0.0, "{wanted} is 0 in {case}");
        assert!(table.contains(wanted), "{wanted} is not in {table}");
    }
    assert!(table.starts_with("before: ") && table.contains("\nafter:  "), "{table}");
}

macro_rules! every_case_works {
    ($($test:ident: $name:literal, $figures:expr;)*) => {
        const NAMES: &[&str] = &[$($name),*];

        $(#[test]
        fn $test() {
            works($name, &$figures);
        })*
    };
}

every_case_works! {
    one_64_works: "one-64", ["B", "delivered", "of B", "end to end p50", "answer p99"];
    one_512_works: "one-512", ["accepted", "delivered", "of B", "highest memory"];
    ten_works: "ten", ["delivered", "of B"];
    batch_works: "batch", ["delivered", "of B"];
    pace_200_works: "pace-200", ["bare", "end to end p50", "end to end p99", "end to end p99.9", "bare end to end p50"];
    pace_2000_works: "pace-2000", ["end to end p50", "end to end p99.9"];
    big_works: "big", ["delivered", "of B"];
    neighbours_dead_works: "neighbours-dead", ["alone p99", "beside p99", "p99 to alone", "waiting in the end"];
    neighbours_slow_works: "neighbours-slow", ["p50 to alone", "p99 to alone", "waiting in the end"];
    neighbours_failing_works: "neighbours-failing", ["p50 to alone", "p99 to alone"];
    neighbours_trickling_works: "neighbours-trickling", ["p50 to alone", "p99 to alone", "waiting in the end"];
    beside_fanouts_works: "beside-fanouts", ["ordered to alone", "p99 to alone", "published beside, in all"];
    beside_groups_works: "beside-groups", ["to alone", "p99 to alone", "grouped beside"];
    promised_works: "promised", ["attempts", "late p50", "late highest"];
    tenants_works: "tenants", ["delivered", "of B", "tenants"];
    crash_works: "crash", ["acknowledged before the crash", "ready"];
    full_start_works: "full-start", ["waiting", "ready", "memory while they wait", "highest memory"];
    stored_10m_works: "stored-10m", ["stored", "deliveries of an event p99", "p99 of the slowest question"];
    replay_10m_works: "replay-10m", ["count of missing", "answer to a real one", "looked at", "called off"];
    checkpoint_works: "checkpoint", ["written beside", "p99 to alone"];
    backup_works: "backup", [];
    overload_works: "overload", ["sustained", "events answered 202", "largest share of a tenant", "drained after"];
    size_works: "size", ["disk per delivered event", "written per event", "memory idle", "program stripped"];
    retention_works: "retention", ["old events", "accepted otherwise", "accepted to otherwise"];
}

#[test]
fn no_case_is_without_its_test() {
    let folder = TempDir::new().unwrap();
    let output = bench(folder.path()).arg("elephant").output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    let (_, names) = errors.trim().split_once("there is no case `elephant`: name any of ").unwrap();
    let names = names.lines().next().unwrap();
    assert_eq!(names.split(", ").collect::<Vec<_>>(), NAMES);
}

#[test]
fn the_bare_work_loses_nothing_and_doubles_nothing() {
    let (report, _) = run(&["ten", "pace-200", "--bare", "--disk", "native"]);
    assert!(figure(&report["cases"][0], "B") > figure(&report["cases"][1], "bare"), "{report}");
    for case in report["cases"].as_array().unwrap() {
        for count in ["lost", "twice", "unreadable", "refused"] {
            assert_eq!(figure(case, count), 0.0, "{count} of {case}");
        }
    }
}

#[test]
fn the_slow_disk_makes_every_sync_of_the_server_slow() {
    let (report, _) = run(&["pace-200", "--disk", "both"]);
    let (native, slow) = (&report["cases"][0], &report["cases"][1]);
    assert_eq!((native["disk"].as_str(), slow["disk"].as_str()), (Some("native"), Some("slow")));
    assert!(figure(slow, "sync p50") >= 4.0, "{slow}");
    // The server itself was below the library: its syncs are counted, and no event came before one.
    assert!(figure(slow, "syncs") > 0.0 && figure(slow, "answer p50") >= 4.0, "{slow}");
    assert!(!native["figures"].to_string().contains("syncs"), "{native}");
}

#[test]
fn two_servers_are_measured_in_turn() {
    let other = Path::new(env!("CARGO_BIN_EXE_bench")).with_file_name("postroad");
    let against = other.to_str().unwrap();
    let (report, table) = run(&["one-64", "--disk", "native", "--against", against, "--runs", "2"]);
    let runs = report["cases"][0]["runs"].as_array().unwrap();
    let sides: Vec<_> = runs.iter().map(|run| run["side"].as_str().unwrap()).collect();
    assert_eq!(sides, ["A", "B", "A", "B"]);
    assert!(table.contains("2 pairs of runs in turn"), "{table}");
    let delivered = report["cases"][0]["figures"].as_array().unwrap();
    let delivered = delivered.iter().find(|figure| figure["name"] == "delivered").unwrap();
    assert!(delivered["ratio"]["median"].as_f64().unwrap() > 0.0, "{delivered}");
}

#[test]
fn a_program_that_is_not_there_is_said_before_anything_runs() {
    let folder = TempDir::new().unwrap();
    let output = bench(folder.path()).args(["one-64", "--server", "/nowhere/postroad"]).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && errors.contains("there is no program /nowhere/postroad"), "{errors}");
}
