//! The handling of the process, with a shell script in the server's place.

use std::process::Command;

use super::*;

/// A program that runs `script`; it lives as long as the folder.
fn program(script: &str) -> (TempDir, ServerOptions) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("postroad");
    // Written by another process: a program that any process still holds open for writing cannot be run, and a child
    // that a neighbouring test forks just now would hold it.
    let write = r#"printf '#!/bin/sh\n%s\n' "$1" > "$0" && chmod 755 "$0""#;
    let status = Command::new("sh").arg("-c").arg(write).arg(&path).arg(script).status().unwrap();
    assert!(status.success());
    (folder, ServerOptions { binary: Some(path), ..ServerOptions::default() })
}

const LISTENS: &str = "echo \"$@\" >&2; echo listening on http://127.0.0.1:4242; exec tail -f /dev/null";

#[tokio::test]
async fn a_server_is_killed_and_started_again_on_the_same_data() {
    let (_folder, options) = program(LISTENS);
    let mut server = TestServer::start_with(options).await.unwrap();
    assert_eq!(server.url("/health/live"), "http://127.0.0.1:4242/health/live");
    assert!(server.rss_bytes() > 0);
    server.kill9().await.unwrap();
    server.start_again().await.unwrap();
    assert!(server.start_again().await.is_err(), "it is running already");
    assert!(!server.terminate().await.unwrap().success(), "tail knows no orderly end");
    let expected = format!(
        "serve --listen 127.0.0.1:0 --admin-key {ADMIN_KEY} --data-dir {} --allow-subnet 127.0.0.0/8\n",
        server.data_dir().display()
    );
    assert_eq!(server.log(), expected.repeat(2));
}

#[tokio::test]
async fn a_server_that_does_not_start_shows_its_log() {
    let (_folder, options) = program("echo no such flag >&2; exit 2");
    let error = format!("{:#}", TestServer::start_with(options).await.unwrap_err());
    assert!(error.contains("ended without a line") && error.contains("no such flag"), "{error}");
}

#[tokio::test]
async fn a_first_line_that_is_no_address_is_an_error() {
    let (_folder, options) = program("echo hello; exec tail -f /dev/null");
    let error = format!("{:#}", TestServer::start_with(options).await.unwrap_err());
    assert!(error.contains("the first line is not"), "{error}");
}
