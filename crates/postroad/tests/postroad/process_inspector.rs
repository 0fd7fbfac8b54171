//! The inspector of a running server: what its own deliveries leave there, and what stays blocked.

use postroad_testkit::{Receiver, ServerOptions, TestServer, poll_for};
use serde_json::{Value, json};

use crate::common::subscribe;

const BIN: &str = "/inspect/bin-of-the-test";

async fn server(arguments: &[&str], loopback_blocked: bool) -> TestServer {
    let arguments = arguments.iter().map(ToString::to_string).collect();
    TestServer::start_with(ServerOptions { arguments, loopback_blocked, ..ServerOptions::default() })
        .await
        .unwrap()
}

async fn recorded(server: &TestServer, count: usize) -> Vec<Value> {
    poll_for("the deliveries in the inspector", async || {
        let list = server.get("/inspector/bin-of-the-test/requests?format=json").await.unwrap();
        let requests = list.expect_status(200).json()["data"].as_array().unwrap().clone();
        (requests.len() == count).then_some(requests)
    })
    .await
}

async fn publish(server: &TestServer) {
    let event = json!({"type": "order.created", "data": {"id": 1.0}});
    drop(server.post_json("/v1/tenants/acme/events", &event).await.unwrap().expect_status(202));
}

/// Names in the order and spelling of the wire, each with its value where no two deliveries differ in it.
fn comparable(headers: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let differs = ["host", "webhook-signature", "webhook-timestamp"];
    headers
        .map(|(name, value)| {
            let is_same = !differs.contains(&name.to_ascii_lowercase().as_str());
            if is_same { format!("{name}: {value}") } else { name }
        })
        .collect()
}

#[tokio::test]
async fn a_delivery_to_the_own_inspector_is_recorded_with_the_bytes_that_the_wire_carries() {
    let (server, receiver) = (server(&["--inspector"], false).await, Receiver::start().await);
    subscribe(&server, &receiver.url("/hook/a%20b?c=d")).await;
    subscribe(&server, &server.url(&format!("{BIN}/a%20b?c=d"))).await;
    publish(&server).await;
    let there = &receiver.wait_for(1).await[0];
    let here = &recorded(&server, 1).await[0];
    let line = |line: &String| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
    let pair = |header: &Value| {
        let text = |key: &str| header[key].as_str().unwrap().to_owned();
        (text("name"), text("value"))
    };
    assert_eq!(
        comparable(here["headers"].as_array().unwrap().iter().map(pair)),
        comparable(there.header_lines.iter().filter_map(line))
    );
    assert_eq!(here["body"].as_str().unwrap(), there.text());
    assert_eq!((&here["path"], &here["query"]), (&json!(format!("{BIN}/a%20b")), &json!("c=d")));
    let host = here["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(pair)
        .find(|(name, _)| name.eq_ignore_ascii_case("host"));
    assert_eq!(host.unwrap().1, server.address().to_string());
    assert_eq!((&here["remote"], &here["method"]), (&Value::Null, &json!("POST")));
}

#[tokio::test]
async fn it_is_reached_where_loopback_is_blocked_and_the_rest_of_the_server_is_not() {
    let server = server(&["--inspector", "--public-url", "https://hooks.example.com"], true).await;
    subscribe(&server, &format!("https://hooks.example.com{BIN}")).await;
    subscribe(&server, &server.url(BIN)).await;
    for path in ["/v1/tenants/acme/events", "/inspector/bin-of-the-test/requests", "/inspect"] {
        let body = json!({"delivery": {"type": "push", "url": server.url(path)}});
        let refused = server.post_json("/v1/tenants/acme/subscriptions", &body).await.unwrap();
        assert!(refused.expect_status(422).text().contains("Postroad itself listens"), "{path}");
    }
    publish(&server).await;
    let hosts: Vec<_> =
        recorded(&server, 2).await.iter().map(|request| request["headers"].to_string()).collect();
    assert!(hosts.iter().any(|headers| headers.contains("\"hooks.example.com\"")), "{hosts:?}");
}

#[tokio::test]
async fn a_bin_that_is_told_to_fail_fails_and_the_delivery_waits_for_its_next_attempt() {
    let server = server(&["--inspector"], false).await;
    let answer = json!({"status": 503, "headers": [{"name": "retry-after", "value": "600"}]});
    drop(server.put_json("/inspector/bin-of-the-test/answer", &answer).await.unwrap().expect_status(200));
    subscribe(&server, &server.url(BIN)).await;
    publish(&server).await;
    assert_eq!(recorded(&server, 1).await[0]["answered"], 503);
    let delivery = poll_for("the attempt", async || {
        let list = server.get("/v1/tenants/acme/deliveries").await.unwrap().json();
        (list["data"][0]["attempts_made"] == 1).then(|| list["data"][0].clone())
    });
    assert_eq!(delivery.await["status"], "queued");
}

#[tokio::test]
async fn without_the_flag_there_is_no_inspector_and_its_paths_are_blocked_too() {
    let server = server(&[], false).await;
    assert_eq!(server.get("/inspector").await.unwrap().status, 404);
    server.put_json("/v1/tenants/acme", &json!({"profile": "standard"})).await.unwrap();
    let body = json!({"delivery": {"type": "push", "url": server.url(BIN)}});
    drop(server.post_json("/v1/tenants/acme/subscriptions", &body).await.unwrap().expect_status(422));
}
