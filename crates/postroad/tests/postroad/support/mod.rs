//! What the tests of crashes, floods, full disks and signatures share.

pub(crate) mod mail_server;
pub(crate) mod openssl;

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use postroad_testkit::TestServer;
use serde_json::{Value, json};

/// Where the packages are that `scripts/install-peers` installs, which it does first when they are not there.
pub(crate) fn peers_folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // Looks at once whether all of them are there.
    let installed = Command::new(root.join("scripts/install-peers")).status().expect("a shell");
    assert!(installed.success(), "scripts/install-peers: {installed}");
    root.join("target/tools")
}

/// Creates a tenant of the profile `standard`.
pub(crate) async fn create_tenant(server: &TestServer, tenant: &str) {
    let put = server.put_json(&format!("/v1/tenants/{tenant}"), &json!({"profile": "standard"})).await;
    let put = put.expect("the server answers");
    assert!(matches!(put.status, 200 | 201), "{}", put.text());
}

/// Creates a push subscription to `url` with these further fields, and answers it.
pub(crate) async fn create_subscription(
    server: &TestServer,
    tenant: &str,
    url: &str,
    further: Value,
) -> Value {
    let mut body = further;
    body["delivery"] = json!({"type": "push", "url": url});
    let created = server.post_json(&format!("/v1/tenants/{tenant}/subscriptions"), &body).await;
    created.expect("the server answers").expect_status(201).json()
}

/// The machine's time, for what is measured.
#[expect(clippy::disallowed_methods, reason = "these tests measure how long the real program takes")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The middle one and the largest; zero of nothing.
pub(crate) fn median_and_max(mut spans: Vec<Duration>) -> (Duration, Duration) {
    spans.sort_unstable();
    let median = spans.get(spans.len() / 2).copied().unwrap_or_default();
    (median, spans.last().copied().unwrap_or_default())
}
