//! A restart with 100,000 deliveries waiting: they cost disk, and neither time at the start nor memory nor their
//! neighbours.

use std::time::Duration;

use bytes::Bytes;
use postroad_testkit::{ADMIN_KEY, Receiver, TestServer, poll_for};
use serde_json::json;
use tokio::net::TcpSocket;

use crate::support::{create_subscription, create_tenant, now};

const BATCHES: usize = 100;
const BATCH_EVENTS: usize = 1_000;
/// From the start of the process to the first 200 of `/health/ready`.
const READY_MAX: Duration = Duration::from_secs(2);
const RSS_BYTES_MAX: u64 = 100 * 1024 * 1024;
/// From the request that publishes to its arrival at a receiver that is well.
const NEIGHBOUR_MAX: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_with_a_hundred_thousand_waiting_is_quick_and_small_and_holds_up_nobody_else() {
    let (mut server, receiver) = (TestServer::start().await, Receiver::start().await);
    let dead = DeadEnd::new();
    create_tenant(&server, "patient").await;
    create_subscription(&server, "patient", &dead.url(), json!({})).await;
    create_tenant(&server, "healthy").await;
    create_subscription(&server, "healthy", &receiver.url("/hook"), json!({})).await;
    let began = now();
    publish_all(&server).await;
    let published = began.elapsed();
    wait_until_its_receiver_is_known_to_fail(&server).await;
    let waiting = began.elapsed();
    let before = server.usage();

    server.kill9().await.expect("it was running");
    let spawned = now();
    server.start_again().await.expect("a crash harms no data");
    server.wait_for_readiness(200).await;
    let ready = spawned.elapsed();
    let at_ready = server.usage();
    wait_until_all_are_counted(&server).await;

    let asked = now();
    let event = json!({"type": "order.created", "data": {}});
    let accepted = server.post_json("/v1/tenants/healthy/events", &event).await.expect("the server answers");
    assert_eq!(accepted.expect_status(202).json()["deliveries"], 1);
    let arrived = receiver.wait_for(1).await[0].arrived_at - asked;
    let after = server.usage();
    println!(
        "{} events published in {published:?}, all of them waiting after {waiting:?} (then {} resident, peak {}); after \
         kill -9 ready in {ready:?} with {} resident; a neighbour's event arrived {arrived:?} after its request; in \
         the end {} resident, peak {}",
        BATCHES * BATCH_EVENTS,
        mebibytes(before.rss_bytes),
        mebibytes(before.rss_bytes_peak),
        mebibytes(at_ready.rss_bytes),
        mebibytes(after.rss_bytes),
        mebibytes(after.rss_bytes_peak),
    );
    assert!(ready <= READY_MAX, "ready after {ready:?}");
    assert!(arrived <= NEIGHBOUR_MAX, "the neighbour waited {arrived:?}");
    let rss_bytes = at_ready.rss_bytes.max(after.rss_bytes);
    assert!(rss_bytes < RSS_BYTES_MAX, "{} resident", mebibytes(rss_bytes));
}

/// A port where nobody listens and nobody else can: connections to it are refused.
struct DeadEnd {
    socket: TcpSocket,
}

impl DeadEnd {
    fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("loopback has a free port");
        Self { socket }
    }

    fn url(&self) -> String {
        format!("http://{}/hook", self.socket.local_addr().expect("a bound socket has an address"))
    }
}

async fn publish_all(server: &TestServer) {
    let event = json!({"type": "order.created", "data": {"text": "x".repeat(189)}}).to_string();
    let body = Bytes::from(format!("{{\"events\":[{}]}}", vec![event; BATCH_EVENTS].join(",")));
    let headers = [("content-type", "application/json")];
    for _ in 0..BATCHES {
        let path = "/v1/tenants/patient/events/batch";
        let reply = server.call(http::Method::POST, path, Some(ADMIN_KEY), &headers, body.clone()).await;
        let results = reply.expect("the server answers").expect_status(202).json();
        let results = results["results"].as_array().expect("a batch answers each event");
        assert!(results.iter().all(|result| result["deliveries"] == 1), "{}", results[0]);
    }
}

/// Waits until the lane is slowed down: from then on it sends a probe now and then, and all else waits.
async fn wait_until_its_receiver_is_known_to_fail(server: &TestServer) {
    poll_for("a slowed lane", async || (figures(server, "postroad_lanes_slowed").await == 1.0).then_some(()))
        .await;
}

/// Waits until the server says that it knows of all of them.
async fn wait_until_all_are_counted(server: &TestServer) {
    poll_for("the count of what waits", async || {
        let waiting = figures(server, "postroad_deliveries_waiting").await;
        (waiting == (BATCHES * BATCH_EVENTS) as f64).then_some(())
    })
    .await;
}

/// The sum of a metric over all its labels.
async fn figures(server: &TestServer, name: &str) -> f64 {
    let text = server.get("/metrics").await.expect("the server answers").expect_status(200).text();
    let lines = text.lines().filter(|line| line.starts_with(name));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes / 1024 / 1024)
}
