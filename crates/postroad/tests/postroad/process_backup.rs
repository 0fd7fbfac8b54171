//! `postroad backup`, `check` and `compact` as processes: beside a running server, and in its place.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::Path,
};

use postroad_testkit::{ADMIN_KEY, Answer, Receiver, ServerOptions, TestServer};
use serde_json::{Value, json};

use crate::common::{Ended, Program, postroad, run, serve, subscribe};

/// A user that no service runs as.
const NOBODY: u32 = 65_534;

/// `postroad COMMAND` on the server's data folder.
async fn on_data(server: &TestServer, command: &str, further: &[&str]) -> Ended {
    let data_dir = server.data_dir();
    let mut arguments = vec![command, "--data-dir", data_dir.to_str().unwrap()];
    arguments.extend(further);
    run(postroad(server.folder(), &arguments)).await
}

async fn publish(server: &TestServer, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..count {
        let event = json!({"type": "order.created", "data": {"number": number}});
        let published = server.post_json("/v1/tenants/acme/events", &event).await.unwrap();
        ids.push(published.expect_status(202).json()["id"].as_str().unwrap().to_owned());
    }
    ids
}

/// A receiver that refuses: what is sent there waits for its next attempt.
async fn refusing() -> Receiver {
    let receiver = Receiver::start().await;
    receiver.answer("/hook", Answer::status(503));
    receiver
}

/// Puts a backup where a server looks for its data.
fn put_in_place(backup: &Path, key: &Path, data_dir: &Path) {
    fs::create_dir_all(data_dir).unwrap();
    fs::copy(backup, data_dir.join("postroad.db")).unwrap();
    fs::copy(key, data_dir.join("secret.key")).unwrap();
}

#[tokio::test]
async fn a_backup_made_while_the_server_runs_opens_with_everything_and_what_waited_goes_out() {
    let server = TestServer::start().await;
    let receiver = refusing().await;
    subscribe(&server, &receiver.url("/hook")).await;
    let ids = publish(&server, 6).await;
    receiver.wait_for(6).await;
    let backup = server.folder().join("backup.db");
    let ended = on_data(&server, "backup", &["backup.db", "--with-key"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stdout.contains("backup.db (") && ended.stdout.contains("backup.db.secret.key"),
        "{}",
        ended.stdout
    );
    let key = server.folder().join("backup.db.secret.key");
    for file in [&backup, &key] {
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    publish(&server, 1).await;

    let restored = tempfile::tempdir().unwrap();
    put_in_place(&backup, &key, restored.path());
    drop(server);
    let arrived_before = receiver.received().len();
    receiver.answer("/hook", Answer::status(200));
    let options = ServerOptions { data_dir: Some(restored.path().to_owned()), ..ServerOptions::default() };
    let again = TestServer::start_with(options).await.unwrap();
    let tenant = again.get("/v1/tenants/acme/subscriptions").await.unwrap().expect_status(200).json();
    assert_eq!(tenant["data"].as_array().unwrap().len(), 1);
    let events = again.get("/v1/tenants/acme/events?limit=100").await.unwrap().expect_status(200).json();
    let mut found: Vec<_> = events["data"].as_array().unwrap().iter().map(id_of).collect();
    found.reverse();
    assert_eq!(found, ids, "the one after the backup is not in it");
    receiver.wait_for(arrived_before + 6).await;
    let checked = on_data(&again, "check", &[]).await;
    assert_eq!(checked.code, Some(0), "{}{}", checked.stdout, checked.stderr);
    assert!(checked.stdout.contains("whole: 6 events, 6 deliveries"), "{}", checked.stdout);
}

fn id_of(event: &Value) -> String {
    event["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_backup_overwrites_nothing_and_tells_what_to_keep() {
    let server = TestServer::start().await;
    let first = on_data(&server, "backup", &["b.db"]).await;
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    assert!(
        first.stdout.contains("secret.key") && first.stdout.contains("does not open"),
        "{}",
        first.stdout
    );
    assert!(!server.folder().join("b.db.secret.key").exists());
    let before = fs::read(server.folder().join("b.db")).unwrap();
    let second = on_data(&server, "backup", &["b.db"]).await;
    assert_eq!(second.code, Some(1));
    assert!(second.stderr.contains("b.db is there already"), "{}", second.stderr);
    assert_eq!(fs::read(server.folder().join("b.db")).unwrap(), before);
    let left = fs::read_dir(server.folder()).unwrap().filter_map(Result::ok);
    let left: Vec<_> = left.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    assert!(!left.iter().any(|name| name.starts_with(".postroad-backup")), "{left:?}");
}

#[tokio::test]
async fn without_a_database_there_is_nothing_to_back_up_check_or_compact() {
    let folder = tempfile::tempdir().unwrap();
    for command in [&["backup", "b.db"][..], &["check"], &["compact"]] {
        let ended = run(postroad(folder.path(), &[command, &["--data-dir", "nowhere"]].concat())).await;
        assert_eq!(ended.code, Some(1), "{command:?}");
        assert!(ended.stderr.contains("nowhere/postroad.db"), "{}", ended.stderr);
        let remedy =
            "Name the server's data folder with --data-dir, or its configuration file with --config\n";
        assert!(ended.stderr.ends_with(remedy), "{}", ended.stderr);
    }
    let arguments = ["backup", "b.db", "--with-key", "--data-dir", "nowhere"];
    let ended = run(postroad(folder.path(), &arguments)).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("nowhere/secret.key: No such file"), "{}", ended.stderr);
    assert!(ended.stderr.contains("Name the server's data folder with --data-dir"), "{}", ended.stderr);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

#[tokio::test]
async fn a_backup_that_is_put_back_without_its_key_is_left_alone_by_serve_and_explained_by_check() {
    let server = TestServer::start().await;
    let made = on_data(&server, "backup", &["b.db"]).await;
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let restored = tempfile::tempdir().unwrap();
    let data_dir = restored.path().join("data");
    fs::create_dir(&data_dir).unwrap();
    fs::copy(server.folder().join("b.db"), data_dir.join("postroad.db")).unwrap();

    let refused = run(serve(restored.path(), &[])).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("put the file data/secret.key back"), "{}", refused.stderr);
    let left = fs::read_dir(&data_dir).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), ["postroad.db"], "nothing was made beside it");

    let key = data_dir.join("secret.key");
    for (content, words) in [
        (None, Some("The key of its secrets is not beside it: the server starts only with data/secret.key")),
        (Some("hello".to_owned()), Some("The key of its secrets cannot be used: data/secret.key holds no")),
        (Some(format!("k1:{}=", "A".repeat(43))), Some("data/secret.key is not the key of its secrets")),
        (Some(fs::read_to_string(server.data_dir().join("secret.key")).unwrap()), None),
    ] {
        if let Some(content) = content {
            fs::write(&key, content).unwrap();
        }
        let checked = run(postroad(restored.path(), &["check", "--data-dir", "data"])).await;
        assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""), "{}", checked.stdout);
        let lines: Vec<_> = checked.stdout.lines().collect();
        assert!(lines[0].starts_with("The database is whole: 0 events"), "{}", checked.stdout);
        assert_eq!(lines.len(), 1 + usize::from(words.is_some()), "{}", checked.stdout);
        assert!(words.is_none_or(|words| lines[1].starts_with(words)), "{}", checked.stdout);
    }
}

#[tokio::test]
async fn a_running_server_is_not_compacted_and_a_stopped_one_is_smaller_and_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start(serve(folder.path(), &["--admin-key", ADMIN_KEY]));
    program.server().await;
    let refused = run(postroad(folder.path(), &["compact", "--data-dir", "data"])).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains(&format!("process {}", program.pid())), "{}", refused.stderr);
    program.signal(libc::SIGTERM);
    assert_eq!(program.end().await.code, Some(0));

    let database = folder.path().join("data/postroad.db");
    fill_with_free_pages(&database);
    fs::set_permissions(&database, fs::Permissions::from_mode(0o640)).unwrap();
    // Only root may give a file away.
    let _ = chown(&database, Some(NOBODY), Some(NOBODY));
    let rights = |path: &Path| fs::metadata(path).map(|file| (file.mode(), file.uid(), file.gid())).unwrap();
    let (before, rights_before) = (fs::metadata(&database).unwrap().len(), rights(&database));
    fs::write(folder.path().join("p.toml"), "data-dir = \"data\"\n").unwrap();
    let compacted = run(postroad(folder.path(), &["compact", "--config", "p.toml"])).await;
    assert_eq!(compacted.code, Some(0), "{}", compacted.stderr);
    assert!(compacted.stdout.contains("MiB and has"), "{}", compacted.stdout);
    assert!(fs::metadata(&database).unwrap().len() < before / 2);
    assert_eq!(rights(&database), rights_before, "whoever serves must be able to open it");
    let checked = run(postroad(folder.path(), &["check", "--data-dir", "data"])).await;
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""));
    let mut program = Program::start(serve(folder.path(), &["--admin-key", ADMIN_KEY]));
    program.server().await;
}

/// Writes and deletes 8 MiB, as forgetting would.
fn fill_with_free_pages(database: &Path) {
    let script = "import sqlite3, sys\ndb = sqlite3.connect(sys.argv[1])\n\
                  db.execute(\"INSERT INTO setting VALUES ('x', zeroblob(8 << 20))\")\ndb.commit()\n\
                  db.execute(\"DELETE FROM setting WHERE key = 'x'\")\ndb.commit()\n\
                  db.execute('PRAGMA wal_checkpoint(TRUNCATE)')\n";
    let status = std::process::Command::new("python3").args(["-c", script]).arg(database).status().unwrap();
    assert!(status.success());
}

#[tokio::test]
async fn damage_is_told_in_words_with_its_remedy() {
    let mut server = TestServer::start().await;
    let receiver = refusing().await;
    subscribe(&server, &receiver.url("/hook")).await;
    publish(&server, 3).await;
    receiver.wait_for(3).await;
    server.terminate().await.unwrap();
    let script = "import sqlite3, sys\ndb = sqlite3.connect(sys.argv[1])\n\
                  db.execute('DELETE FROM queue WHERE delivery_no >> 12 = 2')\n\
                  db.execute('DELETE FROM event WHERE event_no = 3')\ndb.commit()\n";
    let database = server.data_dir().join("postroad.db");
    let status = std::process::Command::new("python3").args(["-c", script]).arg(&database).status().unwrap();
    assert!(status.success());
    let checked = on_data(&server, "check", &[]).await;
    assert_eq!(checked.code, Some(1), "{}", checked.stdout);
    for words in [
        "deliveries that wait without exactly one place in the queue: 1 (number 8193)",
        "deliveries without their event: 1",
        "places in the queue without a delivery that waits there: 1",
        "go back to the last backup",
    ] {
        assert!(checked.stdout.contains(words), "{words}: {}", checked.stdout);
    }
    assert!(checked.stderr.contains("not whole"), "{}", checked.stderr);

    let mut bytes = fs::read(&database).unwrap();
    bytes[3 * 4_096..6 * 4_096].fill(0xa5);
    fs::write(&database, bytes).unwrap();
    let checked = on_data(&server, "check", &[]).await;
    assert_eq!(checked.code, Some(1));
    assert!(
        checked.stdout.contains("the file is damaged") && checked.stdout.contains("backup"),
        "{}",
        checked.stdout
    );
}
