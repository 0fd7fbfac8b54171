//! `postroad serve` as a process: from an event to its receiver, over a restart, and what is kept.

use postroad_testkit::{Receiver, ServerOptions, TestServer};
use serde_json::json;

use crate::common::{Program, postroad, run, serve, subscribe};

#[tokio::test]
async fn an_event_reaches_its_receiver_and_is_still_known_after_a_restart() {
    let (mut server, receiver) = (TestServer::start().await, Receiver::start().await);
    subscribe(&server, &receiver.url("/hook")).await;
    let event = json!({"type": "order.created", "data": {"id": 1}});
    let published = server.post_json("/v1/tenants/acme/events", &event).await.unwrap();
    let id = published.expect_status(202).json()["id"].as_str().unwrap().to_owned();
    let received = receiver.wait_for(1).await;
    assert_eq!(received[0].header("webhook-id"), Some(id.as_str()));
    assert_eq!(received[0].json()["data"], json!({"id": 1}));

    server.restart().await.unwrap();
    let found = server.get(&format!("/v1/tenants/acme/events/{id}")).await.unwrap().expect_status(200);
    assert_eq!(found.json()["data"], json!({"id": 1}));
    let again = server.post_json("/v1/tenants/acme/events", &event).await.unwrap();
    assert_eq!(again.status, 202, "{}", again.text());
    let received = receiver.wait_for(2).await;
    assert_ne!(received[1].header("webhook-id"), Some(id.as_str()));
}

#[tokio::test]
async fn the_first_start_shows_an_admin_key_once_and_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Program::start(serve(folder.path(), &[]));
    first.server().await;
    let line = first.line_with("admin key: ").await;
    let key = line.strip_prefix("admin key: postroad_admin_").unwrap();
    assert!(key.len() >= 40, "{line}");
    first.signal(libc::SIGTERM);
    let ended = first.end().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("shown this once"), "{}", ended.stdout);
    assert!(!ended.stderr.contains(key), "{}", ended.stderr);

    let mut second = Program::start(serve(folder.path(), &[]));
    let server = second.server().await;
    let admin_key = format!("postroad_admin_{key}");
    let arguments = ["send", "--server", &server, "--key", &admin_key, "--tenant", "nobody", "--type", "a"];
    let sent = run(postroad(folder.path(), &arguments)).await;
    assert!(
        sent.stderr.contains("status 404"),
        "the key is good and the tenant is not there: {}",
        sent.stderr
    );
    second.signal(libc::SIGINT);
    let ended = second.end().await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{}", ended.stderr);
}

#[tokio::test]
async fn a_misspelt_variable_of_the_environment_is_warned_of_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = serve(folder.path(), &[]);
    command.env("POSTROAD_LISEN", "127.0.0.1:1");
    let mut program = Program::start(command);
    program.server().await;
    let line = program.log_line_with("POSTROAD_LISEN").await;
    assert!(line.contains("WARN") && line.ends_with("; the nearest is POSTROAD_LISTEN"), "{line}");
}

#[tokio::test]
async fn the_own_address_is_never_called_even_where_loopback_is_allowed() {
    let server = TestServer::start().await;
    server.put_json("/v1/tenants/acme", &json!({"profile": "standard"})).await.unwrap();
    let body = json!({"delivery": {"type": "push", "url": server.url("/v1/tenants/acme/events")}});
    let refused = server.post_json("/v1/tenants/acme/subscriptions", &body).await.unwrap();
    assert!(refused.expect_status(422).text().contains("Postroad itself listens"));
}

#[tokio::test]
async fn loopback_is_refused_with_the_flag_that_allows_it() {
    let options = ServerOptions { loopback_blocked: true, ..ServerOptions::default() };
    let (server, receiver) = (TestServer::start_with(options).await.unwrap(), Receiver::start().await);
    server.put_json("/v1/tenants/acme", &json!({"profile": "standard"})).await.unwrap();
    let body = json!({"delivery": {"type": "push", "url": receiver.url("/hook")}});
    let refused = server.post_json("/v1/tenants/acme/subscriptions", &body).await.unwrap();
    assert!(refused.expect_status(422).text().contains("--allow-subnet 127.0.0.1/32"));
}

#[tokio::test]
async fn metrics_carry_the_name_of_the_program() {
    let server = TestServer::start().await;
    server.get("/health/live").await.unwrap();
    let metrics = server.get("/metrics").await.unwrap().expect_status(200).text();
    for name in ["postroad_events_accepted_total", "postroad_http_request_seconds"] {
        assert!(metrics.contains(name), "{name} in {metrics}");
    }
}
