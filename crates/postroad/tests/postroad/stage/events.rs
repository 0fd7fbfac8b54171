//! Events of the stage's tenant; their data goes into the request byte for byte.

use bytes::Bytes;
use http::Method;
use postroad_testkit::{ADMIN_KEY, Received, Reply};
use serde_json::{Value, json};

use super::{Stage, text};

impl Stage {
    /// Publishes an event whose data is this text, byte for byte.
    pub(crate) async fn publish(&self, event_type: &str, data_text: &str) -> Reply {
        self.publish_with(event_type, data_text, json!({})).await
    }

    /// As [`publish`](Self::publish), with the further members of an object: `attributes`, `occurred_at`, `tags`, `id`.
    pub(crate) async fn publish_with(&self, event_type: &str, data_text: &str, further: Value) -> Reply {
        self.post_text(&self.path("events"), text::event(event_type, data_text, &further)).await
    }

    /// Publishes events together: their types and the texts of their data.
    pub(crate) async fn publish_batch(&self, events: &[(&str, &str)]) -> Reply {
        let events = events.iter().map(|(event_type, data)| text::event(event_type, data, &Value::Null));
        let body = format!("{{\"events\":[{}]}}", events.collect::<Vec<_>>().join(","));
        self.post_text(&self.path("events/batch"), body).await
    }

    /// Publishes to the one subscription that wants it and answers the request that it becomes.
    pub(crate) async fn deliver(&self, event_type: &str, data_text: &str) -> Received {
        let count = self.receiver.received().len();
        let _ = self.publish(event_type, data_text).await.expect_status(202);
        self.receiver.wait_for(count + 1).await.swap_remove(count)
    }

    async fn post_text(&self, path: &str, body: String) -> Reply {
        let headers = [("content-type", "application/json")];
        let reply = self.server.call(Method::POST, path, Some(ADMIN_KEY), &headers, Bytes::from(body)).await;
        reply.expect("the server answers")
    }
}
