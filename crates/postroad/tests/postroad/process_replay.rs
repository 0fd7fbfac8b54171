//! A replay of the real server is cut by SIGKILL, again and again: it goes on after each restart until everything has
//! arrived, and queues nothing a second time.

use std::collections::BTreeSet;

use postroad_testkit::{Answer, Receiver, TestServer, poll_for};
use serde_json::{Value, json};

use crate::support::{create_subscription, create_tenant};

const EVENTS: usize = 300;
/// How often the process is killed amid the replay.
const CRASHES: usize = 3;
const SINCE: &str = "2020-01-01T00:00:00Z";

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_is_cut_by_a_crash_goes_on_and_brings_everything() {
    let (mut server, receiver) = (TestServer::start().await, Receiver::start().await);
    create_tenant(&server, "acme").await;
    receiver.answer("/hook", Answer::status(500));
    let retry = json!({"retry": {"attempts": 2, "backoff": ["1h"]}, "concurrency": 50});
    let subscription = create_subscription(&server, "acme", &receiver.url("/hook"), retry).await;
    let path = format!("/v1/tenants/acme/subscriptions/{}", subscription["id"].as_str().unwrap());
    let events = publish(&server).await;
    // What waits for a receiver that fails is called off by a pause, all of it at once.
    for active in [false, true] {
        let changed = server.patch_json(&path, &json!({"active": active})).await.unwrap();
        assert_eq!(changed.status, 200, "{}", changed.text());
    }
    let path = format!("{path}/replay");
    let dry_run = json!({"since": SINCE, "status": "failed", "dry_run": true});
    poll_for("every delivery to be cancelled", async || {
        let counted = server.post_json(&path, &dry_run).await.ok()?.expect_status(200).json();
        (counted["count"] == EVENTS).then_some(())
    })
    .await;
    // What was under way when the pause came goes on: were the receiver mended now, it would succeed and not be replayed.
    poll_for("every exchange to end", async || {
        let metrics = server.get("/metrics").await.ok()?.expect_status(200).text();
        metrics.lines().any(|line| line == "postroad_exchanges_under_way 0").then_some(())
    })
    .await;
    receiver.take();
    receiver.answer("/hook", Answer::status(200));

    let pace = json!({"count": 20, "per": "100ms"});
    let body = json!({"since": SINCE, "status": "failed", "pace": pace});
    let begun = server.post_json(&path, &body).await.unwrap().expect_status(202).json();
    assert_eq!((&begun["count"], &begun["count_is_exact"]), (&json!(EVENTS), &json!(true)));
    let replay = format!("/v1/tenants/acme/replays/{}", begun["id"].as_str().unwrap());
    for crash in 1..=CRASHES {
        let before = replayed(&server, &replay).await;
        let more = before + (EVENTS / (2 * CRASHES)) as u64;
        poll_for("some progress", async || (replayed(&server, &replay).await >= more).then_some(())).await;
        server.kill9().await.unwrap();
        server.start_again().await.unwrap();
        let view = server.get(&replay).await.unwrap().expect_status(200).json();
        assert!(view["replayed"].as_u64().unwrap() >= more, "progress is durable: {view}");
        assert!(view["status"] == "running" || crash == CRASHES, "{view}");
    }
    let done = poll_for("the end of the replay", async || {
        let view = server.get(&replay).await.ok()?.expect_status(200).json();
        (view["status"] == "done").then_some(view)
    })
    .await;
    assert_eq!((&done["replayed"], &done["examined"]), (&json!(EVENTS), &json!(EVENTS)), "{done}");
    let owed: BTreeSet<_> = events.iter().cloned().collect();
    receiver
        .wait_until("every event", |received| {
            let seen = received.iter().filter_map(|one| one.header("webhook-id").map(ToOwned::to_owned));
            seen.collect::<BTreeSet<_>>() == owed
        })
        .await;
    poll_for("every delivery to have succeeded", async || {
        for status in ["failed", "cancelled", "queued"] {
            let list = format!("/v1/tenants/acme/deliveries?status={status}");
            let left = server.get(&list).await.ok()?.expect_status(200).json();
            if left["data"] != json!([]) || !left["next"].is_null() {
                return None;
            }
        }
        Some(())
    })
    .await;
}

/// Publishes every event; answers their ids.
async fn publish(server: &TestServer) -> Vec<String> {
    let events: Vec<_> = (0..EVENTS).map(|number| json!({"type": "order.created", "data": number})).collect();
    let batch = json!({"events": events});
    let answered = server.post_json("/v1/tenants/acme/events/batch", &batch).await.unwrap();
    let answered = answered.expect_status(202).json();
    answered["results"].as_array().unwrap().iter().map(id_of).collect()
}

fn id_of(item: &Value) -> String {
    item["id"].as_str().unwrap_or_else(|| panic!("not accepted: {item}")).to_owned()
}

async fn replayed(server: &TestServer, replay: &str) -> u64 {
    let view = server.get(replay).await.unwrap().expect_status(200).json();
    view["replayed"].as_u64().unwrap()
}
