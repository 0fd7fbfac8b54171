//! Deliveries of the stage's tenant, as the log shows them.

use postroad_testkit::{Reply, poll_for};
use serde_json::Value;

use super::{Stage, id_of};

impl Stage {
    /// The newest 250, newest first.
    pub(crate) async fn deliveries(&self) -> Vec<Value> {
        self.deliveries_where("").await
    }

    /// Those of an event.
    pub(crate) async fn deliveries_of(&self, event: &str) -> Vec<Value> {
        self.deliveries_where(&format!("event={event}&")).await
    }

    /// One delivery with its attempts.
    pub(crate) async fn delivery(&self, id: &str) -> Value {
        self.get(&self.path(&format!("deliveries/{id}"))).await
    }

    /// Waits until a delivery has this status and answers it with its attempts.
    pub(crate) async fn wait_for_status(&self, id: &str, status: &str) -> Value {
        poll_for(&format!("the delivery {id} as {status}"), async || {
            let delivery = self.delivery(id).await;
            (delivery["status"] == status).then_some(delivery)
        })
        .await
    }

    /// Waits until the one delivery of an event that [`publish`](Self::publish) answered has this status.
    pub(crate) async fn wait_for_event(&self, published: &Reply, status: &str) -> Value {
        let event = published.json()["id"].as_str().expect("an event has an id").to_owned();
        let deliveries = self.deliveries_of(&event).await;
        assert_eq!(deliveries.len(), 1, "{deliveries:?}");
        self.wait_for_status(id_of(&deliveries[0]), status).await
    }

    async fn deliveries_where(&self, filter: &str) -> Vec<Value> {
        let page = self.get(&self.path(&format!("deliveries?{filter}limit=250"))).await;
        page["data"].as_array().expect("a page is a list").clone()
    }
}
