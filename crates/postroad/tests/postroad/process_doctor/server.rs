//! Faults of a server that runs, played by a receiver.

use postroad_testkit::{ADMIN_KEY, Answer, Receiver, TestServer};

use super::stage::{assert_line, doctor, doctor_beside};

const LIVE: &str = "/health/live";
const READY: &str = "/health/ready";

#[tokio::test]
async fn a_server_that_is_not_ready_old_late_or_another_program_is_told() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Receiver::start().await);
    let long_ago = ("Date", "Sun, 06 Nov 1994 08:49:37 GMT");
    let problem = r#"{"type":"/problems/not_ready","title":"Not ready","status":503,"code":"not_ready"}"#;
    server.answer(LIVE, Answer::status(200).header(long_ago.0, long_ago.1).body("{}"));
    server.answer(READY, Answer::status(503).header("Retry-After", "1").body(problem));
    server.answer("/openapi.json", Answer::status(200).body(r#"{"info":{"version":"0.0.1"}}"#));
    server.answer("/metrics", Answer::status(200).body("postroad_oldest_waiting_age_seconds 90000\n"));
    let url = server.url("");
    let ended = doctor(folder.path(), &["--server", &url, "--key", "k"]).await;
    assert_line(&ended, "clock", "fail", "off the server's, which says 1994-11-06");
    assert_line(&ended, "server", "fail", "cannot take events now");
    assert_line(&ended, "version", "warn", "the server is 0.0.1 and this program is");
    assert_line(&ended, "backlog", "warn", "90000 s old");
    assert!(server.received().iter().all(|request| request.method == "GET"));

    server.answer(READY, Answer::status(200).body("<html>"));
    server.answer("/metrics", Answer::status(401).body("no"));
    let ended = doctor(folder.path(), &["--server", &url]).await;
    assert_line(&ended, "backlog", "ok", "needs a key");
    assert_eq!(server.received().last().unwrap().target, "/metrics");
}

#[tokio::test]
async fn a_key_that_the_running_server_does_not_know_is_named() {
    let server = TestServer::start().await;
    let (folder, url) = (server.data_dir().display().to_string(), server.url(""));
    let of_server = ["--data-dir", &folder, "--server", &url];
    for (further, words) in [
        (
            &["--key", ADMIN_KEY, "--metrics-key", "another-one"][..],
            "does not know the metrics-key of this configuration",
        ),
        (&["--key", "another-key"], "does not know the key of --key or POSTROAD_KEY"),
    ] {
        let ended = doctor(server.folder(), &[&of_server[..], further].concat()).await;
        assert_line(&ended, "backlog", "warn", words);
    }
}

#[tokio::test]
async fn a_process_that_has_the_folder_and_does_not_answer_is_a_fault() {
    let server = TestServer::start().await;
    // The folder's server listens on another port than the configuration says.
    let ended = doctor_beside(&server, &["--listen", "127.0.0.1:9"]).await;
    assert_line(&ended, "server", "fail", &format!("the process {} has the data folder open", server.pid()));
}

#[tokio::test]
async fn a_url_that_is_none_is_told_before_anything_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let ended = doctor(folder.path(), &["--url", "ftp://a"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert!(ended.stderr.starts_with("error: --url "), "{}", ended.stderr);
}

#[tokio::test]
async fn a_folder_that_is_not_there_beside_a_server_that_answers_is_warned_of() {
    let server = TestServer::start().await;
    let ended = doctor(server.folder(), &["--data-dir", "elsewhere", "--server", &server.url("")]).await;
    assert_line(&ended, "data folder", "warn", "a server answers, but elsewhere is not there");
    assert_line(&ended, "server", "ok", "is ready");
    assert_eq!(ended.code, Some(0), "{ended:?}");
}
