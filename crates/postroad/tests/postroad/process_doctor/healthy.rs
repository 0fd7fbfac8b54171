//! What is well is told as well, and nothing is touched.

use postroad_testkit::TestServer;

use super::stage::{assert_line, doctor, doctor_beside, doctor_of, files, stopped, verdicts};

#[tokio::test]
async fn a_running_server_that_is_well_has_no_fault() {
    let server = TestServer::start().await;
    let ended = doctor_of(&server, &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_line(&ended, "config", "ok", "flags: data-dir, allow-subnet");
    assert_line(&ended, "data folder", "ok", &format!("the process {} has it open", server.pid()));
    assert_line(&ended, "store", "ok", "its pages are whole");
    assert_line(&ended, "secret key", "ok", "is the key of this database");
    assert_line(&ended, "smtp", "ok", "not configured");
    assert_line(&ended, "tls", "ok", "not configured");
    assert_line(&ended, "profiles", "ok", "standard");
    assert_line(&ended, "clock", "ok", "as the server's");
    assert_line(&ended, "server", "ok", "is ready");
    assert_line(&ended, "version", "ok", "as this program");
    assert_line(&ended, "backlog", "ok", "nothing waits");

    let document = doctor_of(&server, &["--json"]).await;
    assert!(document.stdout.contains("\"healthy\": true"), "{}", document.stdout);
    assert_eq!(verdicts(&document)["server"], "ok");
}

#[tokio::test]
async fn nothing_is_changed_by_looking() {
    let mut server = stopped().await;
    let before = files(&server.data_dir());
    let ended = doctor_beside(&server, &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_line(&ended, "data folder", "ok", "no server has it open");
    assert_line(
        &ended,
        "server",
        "ok",
        "none runs at 127.0.0.1:8080 (the default, since no --listen was given)",
    );
    assert_line(
        &ended,
        "tls",
        "ok",
        "127.0.0.1:8080 (the default, since no --listen was given) speaks plain HTTP",
    );
    assert_eq!(files(&server.data_dir()), before);

    // The same of what a crash left behind: the log is not empty then.
    server.start_again().await.unwrap();
    let tenant = serde_json::json!({"profile": "standard"});
    let put = server.put_json("/v1/tenants/acme", &tenant).await.unwrap();
    assert_eq!(put.status, 201);
    server.kill9().await.unwrap();
    let ended = doctor_beside(&server, &[]).await;
    assert_line(&ended, "store", "ok", "schema version");
    server.start_again().await.unwrap();
    assert_eq!(server.get("/v1/tenants/acme").await.unwrap().status, 200);
}

#[tokio::test]
async fn what_a_file_sets_is_told_like_what_a_flag_sets() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.toml"), "listen = \"127.0.0.1:9\"\nretention = \"1d\"\n").unwrap();
    let ended = doctor(folder.path(), &["--config", "p.toml"]).await;
    assert_line(&ended, "config", "ok", "(flags: config; file: listen, retention)");
    assert_line(&ended, "server", "ok", "none runs at 127.0.0.1:9");
    assert!(!ended.stdout.contains("the default"), "{}", ended.stdout);
}

#[tokio::test]
async fn a_folder_that_is_not_there_yet_is_no_fault_and_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let ended = doctor(folder.path(), &["--data-dir", "new/data", "--server", "http://127.0.0.1:9"]).await;
    assert_line(&ended, "data folder", "ok", "the first start creates it");
    assert_line(&ended, "store", "ok", "there is no database yet");
    assert_line(&ended, "secret key", "ok", "the first start makes one");
    assert_line(&ended, "server", "fail", "no answer from http://127.0.0.1:9: cannot connect");
    assert!(files(folder.path()).is_empty());
}
