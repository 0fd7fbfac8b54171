//! How the server ends: what it waits for, what it does not, and what the next start finds.

use std::path::Path;

use postroad_client::{Client, NewSubscription, TenantSettings};
use postroad_testkit::{ADMIN_KEY, Answer, Gate, Receiver};
use tempfile::TempDir;

use crate::common::{Program, run, send, serve};

/// A server with a delivery under way that its receiver holds back.
struct Stage {
    folder: TempDir,
    program: Program,
    receiver: Receiver,
    gate: Gate,
}

impl Stage {
    /// Everything is set up by hand and not by a `TestServer`, because these tests read the log while the server stops.
    async fn with_a_delivery_under_way(further: &[&str]) -> Self {
        let (folder, receiver, gate) =
            (TempDir::new().expect("a folder"), Receiver::start().await, Gate::default());
        receiver.answer("/hook", Answer::status(200).after(&gate));
        let mut program = start(folder.path(), further);
        let server = program.server().await;
        let client = Client::new(&server, ADMIN_KEY).expect("a client");
        client.tenants().put("acme", &TenantSettings::of_profile("standard")).await.expect("a tenant");
        let hook = NewSubscription::push(receiver.url("/hook"));
        client.tenant("acme").subscriptions().create(&hook).await.expect("a subscription");
        let sent = send(folder.path(), &server, &["--type", "order.created"]).await;
        assert_eq!(sent.code, Some(0), "{}", sent.stderr);
        receiver.wait_for(1).await;
        Self { folder, program, receiver, gate }
    }
}

fn start(folder: &Path, further: &[&str]) -> Program {
    let mut command = serve(folder, &["--admin-key", ADMIN_KEY, "--allow-subnet", "127.0.0.0/8"]);
    command.args(further);
    Program::start(command)
}

#[tokio::test]
async fn a_graceful_stop_finishes_the_delivery_under_way() {
    let Stage { folder, mut program, receiver, gate } =
        Stage::with_a_delivery_under_way(&["--shutdown-grace", "1m"]).await;
    program.signal(libc::SIGTERM);
    program.log_line_with("stopping").await;
    gate.open();
    let ended = program.end().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);

    // Sent again it would come first: it is the older one of the same lane.
    let mut again = start(folder.path(), &[]);
    let server = again.server().await;
    let sent = send(folder.path(), &server, &["--type", "order.paid"]).await;
    assert_eq!(sent.code, Some(0), "{}", sent.stderr);
    assert_eq!(receiver.wait_for(2).await[1].json()["type"], "order.paid");
}

#[tokio::test]
async fn a_delivery_that_outlasts_the_grace_goes_out_after_the_next_start() {
    let Stage { folder, program, receiver, gate } =
        Stage::with_a_delivery_under_way(&["--shutdown-grace", "0s"]).await;
    program.signal(libc::SIGTERM);
    let ended = program.end().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);

    gate.open();
    let mut again = start(folder.path(), &[]);
    again.server().await;
    let received = receiver.wait_for(2).await;
    assert_eq!(received[0].header("webhook-id"), received[1].header("webhook-id"));
    assert_eq!(received[0].body, received[1].body);
}

#[tokio::test]
async fn a_second_signal_ends_the_server_at_once() {
    for (signal, code) in [(libc::SIGTERM, 143), (libc::SIGINT, 130)] {
        let Stage { folder: _folder, mut program, receiver: _receiver, gate: _gate } =
            Stage::with_a_delivery_under_way(&["--shutdown-grace", "1h"]).await;
        program.signal(libc::SIGTERM);
        program.log_line_with("stopping").await;
        program.signal(signal);
        let ended = program.end().await;
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        assert!(ended.stderr.contains("a second signal: ending at once"), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn a_second_server_on_the_same_folder_is_refused_with_the_first_ones_number() {
    let folder = TempDir::new().unwrap();
    let mut first = Program::start(serve(folder.path(), &[]));
    first.server().await;
    let second = run(serve(folder.path(), &[])).await;
    assert_eq!((second.code, second.stdout.as_str()), (Some(1), ""));
    let expected = format!(
        "error: the data folder data is in use by the process {}. Stop it, or choose another folder with --data-dir",
        first.pid()
    );
    assert!(second.stderr.contains(&expected), "{}", second.stderr);
}
