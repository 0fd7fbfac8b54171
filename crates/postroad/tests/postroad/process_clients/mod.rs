//! The clients for TypeScript and Python are made from the document, built, and do what their READMEs say against a running
//! server: they publish an event, list its deliveries, and get a refusal as a problem with its type.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use postroad_testkit::{ADMIN_KEY, TestServer, binary};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn the_clients_for_typescript_and_python_are_made_built_and_understood_by_the_server() {
    let made = Command::new(root().join("scripts/generate-clients")).arg(binary()).output().expect("a shell");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let server = TestServer::start().await;
    for (tenant, trial) in [("typescript", try_typescript as fn() -> Command), ("python", try_python)] {
        let path = format!("/v1/tenants/{tenant}");
        let put = server.put_json(&path, &json!({"profile": "standard"})).await.unwrap();
        let _ = put.expect_status(201);
        let closed = json!({"delivery": {"type": "push", "url": "http://127.0.0.1:9/"}});
        let created = server.post_json(&format!("{path}/subscriptions"), &closed).await.unwrap();
        let _ = created.expect_status(201);

        let said = said_by(trial().args([server.url("").as_str(), ADMIN_KEY, tenant]));
        assert_eq!(said["accepted"]["type"], "lead.created", "{tenant}: {said}");
        assert_eq!(said["accepted"]["deliveries"], 1, "{tenant}: {said}");
        assert_eq!(said["listed"], json!([said["accepted"]["id"]]), "{tenant}: {said}");
        assert_eq!(said["refused"]["code"], "invalid", "{tenant}: {said}");
        assert_eq!(said["refused"]["status"], 422, "{tenant}: {said}");
        assert_eq!(said["refused"]["field"], "id", "{tenant}: {said}");
    }
}

/// Compiled strictly, as its users would: what is not typed as the trial says does not compile.
fn try_typescript() -> Command {
    let package = root().join("target/clients/typescript");
    let program = package.join("try.mts");
    std::fs::copy(here().join("try.mts"), &program).expect("the package is a folder");
    let flags = "--strict --exactOptionalPropertyTypes --target ES2022 --module NodeNext --moduleResolution NodeNext \
                 --lib ES2022,DOM,DOM.Iterable";
    let flags = flags.split(' ').filter(|flag| !flag.is_empty());
    let mut compiler = Command::new("node");
    compiler.arg("node_modules/typescript/bin/tsc").args(flags).arg("try.mts");
    let compiled = compiler.current_dir(&package).output().expect("node is installed");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stdout));
    let mut node = Command::new("node");
    node.arg(package.join("try.mjs"));
    node
}

fn try_python() -> Command {
    let mut python = Command::new(root().join("target/tools/openapi/bin/python"));
    python.env("PYTHONPATH", root().join("target/clients/python-installed")).arg(here().join("try.py"));
    python
}

fn said_by(program: &mut Command) -> Value {
    let output = program.output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the program prints JSON")
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/postroad/process_clients")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
