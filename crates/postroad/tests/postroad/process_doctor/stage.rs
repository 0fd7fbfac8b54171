//! A data folder to look at.

use std::{collections::BTreeMap, fs, path::Path, time::SystemTime};

use postroad_testkit::{ADMIN_KEY, TestServer};
use serde_json::Value;

use crate::common::{Ended, postroad, run};

/// Runs the command in a folder.
pub(crate) async fn doctor(folder: &Path, further: &[&str]) -> Ended {
    let mut command = postroad(folder, &["doctor"]);
    command.args(further);
    run(command).await
}

/// Runs it for a test server, as its operator does.
pub(crate) async fn doctor_of(server: &TestServer, further: &[&str]) -> Ended {
    let (folder, url) = (server.data_dir().display().to_string(), server.url(""));
    let mut arguments = vec!["--data-dir", &folder, "--server", &url, "--key", ADMIN_KEY];
    arguments.extend(["--allow-subnet", "127.0.0.0/8"]);
    arguments.extend(further);
    doctor(server.folder(), &arguments).await
}

/// Runs it beside a server that was stopped.
pub(crate) async fn doctor_beside(server: &TestServer, further: &[&str]) -> Ended {
    let folder = server.data_dir().display().to_string();
    let mut arguments = vec!["--data-dir", &folder];
    arguments.extend(further);
    doctor(server.folder(), &arguments).await
}

/// A server that had its start, and was stopped.
pub(crate) async fn stopped() -> TestServer {
    let mut server = TestServer::start().await;
    assert!(server.terminate().await.expect("it runs").success());
    server
}

/// The line of a check.
pub(crate) fn line<'a>(ended: &'a Ended, check: &str) -> &'a str {
    let of_check =
        |line: &&str| line.get(6..).is_some_and(|rest| rest.starts_with(&format!("{check:<11}  ")));
    ended.stdout.lines().find(of_check).unwrap_or_else(|| panic!("no line of {check} in {ended:?}"))
}

/// Asserts how the line of a check begins and what it says.
pub(crate) fn assert_line(ended: &Ended, check: &str, verdict: &str, words: &str) {
    let line = line(ended, check);
    assert!(line.starts_with(verdict) && line.contains(words), "{line}");
    let has_remedy = line.contains(". To do: ");
    assert_eq!(has_remedy, verdict != "ok", "{line}");
    assert_eq!(ended.code, Some(i32::from(ended.stdout.lines().any(|line| line.starts_with("fail")))));
}

/// The verdicts by the names of the checks.
pub(crate) fn verdicts(ended: &Ended) -> BTreeMap<String, String> {
    let document: Value = serde_json::from_str(&ended.stdout).expect("it is JSON");
    let checks = document["checks"].as_array().expect("a list").iter();
    let text = |check: &Value, name: &str| check[name].as_str().unwrap_or_default().to_owned();
    checks.map(|check| (text(check, "check"), text(check, "verdict"))).collect()
}

/// Each file of a folder with its length and the time of its last change.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, (u64, SystemTime)> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    let entries = entries.map(|entry| {
        let about = entry.metadata().expect("about a file");
        let name = entry.file_name().to_string_lossy().into_owned();
        (name, (about.len(), about.modified().expect("a time")))
    });
    entries.collect()
}
