//! Traces: what a collector is told of an event, what the receiver is told, and that no collector slows anything.

mod collector;

use bytes::Bytes;
use http::Method;
use postroad_testkit::{ADMIN_KEY, Answer, Receiver, ServerOptions, TestServer};
use serde_json::json;

use self::collector::{attribute, hex, spans, wait_for};
use crate::common::subscribe;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

async fn server(arguments: &[&str]) -> TestServer {
    let arguments = arguments.iter().map(ToString::to_string).collect();
    let environment = vec![("OTEL_BSP_SCHEDULE_DELAY".to_owned(), "20".to_owned())];
    TestServer::start_with(ServerOptions { arguments, environment, ..ServerOptions::default() })
        .await
        .unwrap()
}

async fn publish(server: &TestServer, headers: &[(&str, &str)]) {
    let body = Bytes::from(json!({"type": "order.created", "data": {}}).to_string());
    let path = "/v1/tenants/acme/events";
    let reply = server.call(Method::POST, path, Some(ADMIN_KEY), headers, body).await.unwrap();
    drop(reply.expect_status(202));
}

#[tokio::test]
async fn a_trace_follows_an_event_from_its_publisher_to_its_receiver() {
    let (traces, receiver) = (Receiver::start().await, Receiver::start().await);
    let server = server(&["--otlp-endpoint", &traces.url("")]).await;
    subscribe(&server, &receiver.url("/hook")).await;
    let parent = format!("00-{TRACE}-{CALLER}-01");
    publish(&server, &[("traceparent", &parent), ("tracestate", "a=1")]).await;
    let [publish, commit, attempt, shape] =
        wait_for(&traces, ["publish", "commit", "attempt", "shape"]).await;
    for span in [&publish, &commit, &attempt, &shape] {
        assert_eq!(hex(&span.trace_id), TRACE, "{}", span.name);
        assert!(span.end_time_unix_nano >= span.start_time_unix_nano, "{}", span.name);
    }
    assert_eq!(hex(&publish.parent_span_id), CALLER);
    assert_eq!(commit.parent_span_id, publish.span_id);
    assert_eq!(attempt.parent_span_id, publish.span_id);
    assert_eq!(shape.parent_span_id, attempt.span_id);
    assert_eq!(attribute(&attempt, "postroad.tenant"), "acme");
    assert_eq!(attribute(&attempt, "http.response.status_code"), "200");
    assert_eq!(attribute(&attempt, "postroad.event.id"), attribute(&publish, "postroad.event.id"));
    let received = &receiver.wait_for(1).await[0];
    assert_eq!(
        received.header("traceparent"),
        Some(format!("00-{TRACE}-{}-01", hex(&attempt.span_id)).as_str())
    );
    assert_eq!(received.header("tracestate"), Some("a=1"));
}

#[tokio::test]
async fn events_without_a_trace_begin_one_as_often_as_they_are_asked_to() {
    let (traces, receiver) = (Receiver::start().await, Receiver::start().await);
    let url = traces.url("");
    let always = server(&["--otlp-endpoint", &url]).await;
    subscribe(&always, &receiver.url("/always")).await;
    publish(&always, &[]).await;
    let [root] = wait_for(&traces, ["publish"]).await;
    assert!(root.parent_span_id.is_empty());

    let never = server(&["--otlp-endpoint", &url, "--trace-ratio", "0"]).await;
    subscribe(&never, &receiver.url("/never")).await;
    publish(&never, &[]).await;
    assert_eq!(receiver.wait_for_path("/never", 1).await[0].header("traceparent"), None);
    // The caller decides for what it traces.
    publish(&never, &[("traceparent", &format!("00-{TRACE}-{CALLER}-00"))]).await;
    publish(&never, &[("traceparent", &format!("00-{TRACE}-{CALLER}-01"))]).await;
    let is_told = |received: &[_]| spans(received).iter().any(|span| hex(&span.trace_id) == TRACE);
    let received = traces.wait_until("the trace of the caller", is_told).await;
    let published = spans(&received).into_iter().filter(|span| span.name == "publish");
    assert_eq!(published.count(), 2);
}

#[tokio::test]
async fn without_a_collector_the_publishers_trace_reaches_receivers_all_the_same() {
    let (server, receiver) = (server(&[]).await, Receiver::start().await);
    subscribe(&server, &receiver.url("/hook")).await;
    for (count, sent, arrives) in [
        (1, format!("00-{TRACE}-{CALLER}-01"), true),
        (2, format!("00-{TRACE}-{CALLER}-00"), true),
        (3, "nonsense".to_owned(), false),
    ] {
        publish(&server, &[("traceparent", &sent)]).await;
        let received = receiver.wait_for(count).await;
        assert_eq!(received[count - 1].header("traceparent"), arrives.then_some(sent.as_str()));
    }
}

#[tokio::test]
async fn profiles_with_an_exact_wire_format_pass_no_trace_on() {
    let (server, receiver) = (server(&[]).await, Receiver::start().await);
    drop(
        server.put_json("/v1/tenants/acme", &json!({"profile": "leanbe"})).await.unwrap().expect_status(201),
    );
    let body = json!({"delivery": {"type": "push", "url": receiver.url("/hook")}});
    drop(server.post_json("/v1/tenants/acme/subscriptions", &body).await.unwrap().expect_status(201));
    let profile = server.get("/v1/profiles/leanbe").await.unwrap().json();
    let event_type = &profile["event_types"][0];
    let event = json!({"type": event_type["name"], "data": event_type["example"]}).to_string();
    let headers = [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")];
    let path = "/v1/tenants/acme/events";
    let reply = server.call(Method::POST, path, Some(ADMIN_KEY), &headers, event.into()).await.unwrap();
    drop(reply.expect_status(202));
    assert_eq!(receiver.wait_for(1).await[0].header("traceparent"), None);
}

#[tokio::test]
async fn a_collector_that_hangs_slows_neither_deliveries_nor_the_stop() {
    let (traces, receiver) = (Receiver::start().await, Receiver::start().await);
    traces.answer(collector::PATH, Answer::hang());
    let mut server = server(&["--otlp-endpoint", &traces.url("")]).await;
    subscribe(&server, &receiver.url("/hook")).await;
    for _ in 0..20 {
        publish(&server, &[]).await;
    }
    receiver.wait_for(20).await;
    traces.wait_for(1).await;
    publish(&server, &[]).await;
    receiver.wait_for(21).await;
    assert!(server.terminate().await.unwrap().success());
}
