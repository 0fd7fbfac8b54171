//! `postroad serve --retention`: old events go by themselves, and what waits stays.

use postroad_testkit::{Answer, Receiver, ServerOptions, TestServer, poll_for};
use serde_json::json;

use crate::common::subscribe;

async fn with_retention(time: &str) -> TestServer {
    let arguments = vec!["--retention".to_owned(), time.to_owned()];
    let options = ServerOptions { arguments, ..ServerOptions::default() };
    TestServer::start_with(options).await.unwrap()
}

async fn publish(server: &TestServer) -> String {
    let event = json!({"type": "order.created", "data": {}});
    let published = server.post_json("/v1/tenants/acme/events", &event).await.unwrap();
    published.expect_status(202).json()["id"].as_str().unwrap().to_owned()
}

async fn status_of(server: &TestServer, path: &str) -> u16 {
    server.get(path).await.unwrap().status
}

#[tokio::test]
async fn an_old_event_goes_with_its_delivery_and_one_that_waits_stays() {
    let (server, receiver) = (with_retention("1s").await, Receiver::start().await);
    subscribe(&server, &receiver.url("/hook")).await;
    let done = publish(&server).await;
    receiver.wait_for(1).await;
    receiver.answer("/hook", Answer::status(503));
    let waiting = publish(&server).await;
    receiver.wait_for(2).await;
    let listed = server.get(&format!("/v1/tenants/acme/deliveries?event={done}")).await.unwrap();
    let delivery = listed.expect_status(200).json()["data"][0]["id"].as_str().unwrap().to_owned();
    poll_for("the old event to go", async || {
        let status = status_of(&server, &format!("/v1/tenants/acme/events/{done}")).await;
        (status == 404).then_some(())
    })
    .await;
    assert_eq!(status_of(&server, &format!("/v1/tenants/acme/deliveries/{delivery}")).await, 404);
    assert_eq!(status_of(&server, &format!("/v1/tenants/acme/events/{waiting}")).await, 200);
    let metrics = server.get("/metrics").await.unwrap().expect_status(200).text();
    assert!(metrics.contains("postroad_events_pruned_total 1"), "{metrics}");
    assert!(metrics.contains("postroad_oldest_event_age_seconds"), "{metrics}");
}

#[tokio::test]
async fn without_a_flag_events_are_kept_for_thirty_days() {
    let server = TestServer::start().await;
    server.put_json("/v1/tenants/acme", &json!({"profile": "standard"})).await.unwrap();
    let id = publish(&server).await;
    assert_eq!(status_of(&server, &format!("/v1/tenants/acme/events/{id}")).await, 200);
    let metrics = server.get("/metrics").await.unwrap().expect_status(200).text();
    assert!(metrics.contains("postroad_events_pruned_total 0"), "{metrics}");
}
