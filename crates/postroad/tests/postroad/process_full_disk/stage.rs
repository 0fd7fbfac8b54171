//! A server on a small disk, its receiver, and what was acknowledged.

use std::collections::BTreeSet;

use postroad_testkit::{Received, Receiver, Reply, ServerOptions, TestServer, poll_for};
use serde_json::{Value, json};

use super::{
    disk::SmallDisk,
    support::{create_subscription, create_tenant},
};

/// Publishing beyond this says that the disk is not full.
const EVENTS_UNTIL_FULL_MAX: usize = 100_000;

/// Where the server's log goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogOn {
    AnotherDisk,
    TheSameDisk,
}

/// The order of the fields is that of their end: the disk is unmounted when nobody uses it any more.
pub(crate) struct Stage {
    pub(crate) server: TestServer,
    pub(crate) receiver: Receiver,
    pub(crate) disk: SmallDisk,
    /// Ids of events that were answered with 202.
    acknowledged: BTreeSet<String>,
}

impl Stage {
    /// Two subscriptions: `/hook` wants `order.created`, `/held` wants `order.held`. `None` where no disk can be
    /// mounted.
    pub(crate) async fn new(log: LogOn) -> Option<Self> {
        let disk = SmallDisk::mount()?;
        let mut options =
            ServerOptions { data_dir: Some(disk.path().join("data")), ..ServerOptions::default() };
        if log == LogOn::TheSameDisk {
            options.folder = Some(disk.path().to_owned());
        }
        let server = TestServer::start_with(options).await.unwrap_or_else(|error| panic!("{error:#}"));
        let receiver = Receiver::start().await;
        create_tenant(&server, "acme").await;
        for (path, event_type) in [("/hook", "order.created"), ("/held", "order.held")] {
            let further = json!({"events": [event_type]});
            create_subscription(&server, "acme", &receiver.url(path), further).await;
        }
        Some(Self { server, receiver, disk, acknowledged: BTreeSet::new() })
    }

    /// Publishes one event and answers what the server said.
    pub(crate) async fn publish(&mut self, event_type: &str) -> Reply {
        let event = json!({"type": event_type, "data": {"text": "x".repeat(200)}});
        let reply = self.server.post_json("/v1/tenants/acme/events", &event).await;
        let reply = reply.expect("the server answers");
        if reply.status == 202 {
            self.acknowledged.insert(reply.json()["id"].as_str().expect("an event has an id").to_owned());
        }
        reply
    }

    /// Publishes until the first refusal, which it answers.
    pub(crate) async fn publish_until_refused(&mut self) -> Reply {
        for _ in 0..EVENTS_UNTIL_FULL_MAX {
            let reply = self.publish("order.created").await;
            if reply.status != 202 {
                return reply;
            }
        }
        panic!("the disk does not get full");
    }

    /// Waits until the one delivery of `order.held` has this status, and answers it.
    pub(crate) async fn held_delivery(&self, status: &str) -> Value {
        poll_for(&format!("the held delivery as {status}"), async || {
            let list = self.get("/v1/tenants/acme/deliveries?type=order.held").await;
            let delivery = list["data"].get(0).expect("it was accepted");
            (delivery["status"] == status).then(|| delivery.clone())
        })
        .await
    }

    /// Waits until all that was acknowledged has come to the receiver; nothing else may come, or be in the list.
    pub(crate) async fn expect_everything_acknowledged_and_nothing_else(&self) {
        let all = |received: &[Received]| ids(received).len() >= self.acknowledged.len();
        let received = self.receiver.wait_until("all that was acknowledged", all).await;
        assert_eq!(ids(&received), self.acknowledged);
        assert_eq!(self.listed().await, self.acknowledged);
    }

    /// The ids of all events that the server has.
    async fn listed(&self) -> BTreeSet<String> {
        let (mut ids, mut cursor) = (BTreeSet::new(), String::new());
        loop {
            let page = self.get(&format!("/v1/tenants/acme/events?limit=250{cursor}")).await;
            let events = page["data"].as_array().expect("a page is a list");
            ids.extend(events.iter().filter_map(|event| event["id"].as_str().map(str::to_owned)));
            let Some(next) = page["next"].as_str() else { return ids };
            cursor = format!("&cursor={next}");
        }
    }

    async fn get(&self, path: &str) -> Value {
        self.server.get(path).await.expect("the server answers").expect_status(200).json()
    }
}

/// The events that came.
fn ids(received: &[Received]) -> BTreeSet<String> {
    received.iter().filter_map(|request| request.header("webhook-id").map(str::to_owned)).collect()
}
