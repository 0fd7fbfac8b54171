//! The OpenAPI document is valid, and the running server does what it says: `openapi-spec-validator` reads it, and
//! `schemathesis` makes requests of every operation from it, right ones and wrong ones, and judges the answers.
//!
//! With `POSTROAD_LONG` in the environment it makes fifteen times as many.

mod objects;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use objects::Objects;
use postroad_testkit::{ADMIN_KEY, ServerOptions, TestServer, binary};
use serde_json::Value;
use tempfile::TempDir;

/// The one of its checks that schemathesis leaves out: a body can fit its schema and name a profile, an event type or a host
/// that there is not. Naming all others instead would overrule the settings of single operations.
const LEFT_OUT: &str = "positive_data_acceptance";

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_valid_and_the_program_prints_the_one_that_the_server_serves() {
    let server = TestServer::start().await;
    let served: Value = server.get("/openapi.json").await.unwrap().expect_status(200).json();
    let printed = Command::new(binary()).arg("openapi").output().unwrap();
    assert!(printed.status.success(), "{printed:?}");
    assert_eq!(serde_json::from_slice::<Value>(&printed.stdout).unwrap(), served);

    let folder = TempDir::new().unwrap();
    let file = folder.path().join("openapi.json");
    fs::write(&file, &printed.stdout).unwrap();
    let judged = Command::new(tools().join("openapi-spec-validator")).arg(&file).output().unwrap();
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_answers_every_operation_as_the_document_says() {
    // Nothing reaches a receiver: deliveries go to a proxy that is not there, which resolves their names too.
    let arguments = ["--inspector", "--egress-proxy", "http://127.0.0.1:9"].map(str::to_owned).into();
    let options = ServerOptions { arguments, loopback_blocked: true, ..ServerOptions::default() };
    let server = TestServer::start_with(options).await.unwrap();
    let objects = Objects::make(&server).await;
    let folder = TempDir::new().unwrap();
    let settings = folder.path().join("schemathesis.toml");
    fs::write(&settings, objects.settings()).unwrap();

    let examples = if std::env::var_os("POSTROAD_LONG").is_some() { "300" } else { "20" };
    // Deterministic, and one request at a time: what it finds, it finds again.
    let said = Command::new(tools().join("schemathesis"))
        .args(["--config-file", "schemathesis.toml", "run", &server.url("/openapi.json")])
        .args(["--header", &format!("Authorization: Bearer {ADMIN_KEY}"), "--exclude-checks", LEFT_OUT])
        .args([
            "--phases",
            "examples,coverage,fuzzing,stateful",
            "--max-examples",
            examples,
            "--workers",
            "1",
        ])
        .args(["--generation-deterministic", "--continue-on-failure", "--no-color"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let report = String::from_utf8_lossy(&said.stdout);
    assert!(said.status.success(), "{report}\n{}", String::from_utf8_lossy(&said.stderr));
    assert!(report.contains("passed"), "{report}");
}

/// The programs of the Python environment; they are installed first when they are not.
fn tools() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let installed = Command::new(root.join("scripts/install-peers")).status().expect("a shell");
    assert!(installed.success(), "scripts/install-peers: {installed}");
    root.join("target/tools/openapi/bin")
}
