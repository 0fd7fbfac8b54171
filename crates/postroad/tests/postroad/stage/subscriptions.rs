//! Subscriptions of the stage's tenant.

use postroad_testkit::Reply;
use serde_json::{Value, json};

use super::Stage;

impl Stage {
    /// Creates a subscription and answers it with its id and, where there is one, its secret. Without `delivery` it
    /// pushes to `/hook` of the receiver.
    pub(crate) async fn subscribe(&self, body: Value) -> Value {
        self.try_to_subscribe(body).await.expect_status(201).json()
    }

    /// As [`subscribe`](Self::subscribe), for what may be refused.
    pub(crate) async fn try_to_subscribe(&self, mut body: Value) -> Reply {
        if body.get("delivery").is_none() {
            body["delivery"] = json!({"type": "push", "url": self.receiver.url("/hook")});
        }
        let created = self.server.post_json(&self.path("subscriptions"), &body).await;
        created.expect("the server answers")
    }

    /// Changes a subscription by a merge patch.
    pub(crate) async fn patch(&self, subscription: &str, patch: Value) -> Reply {
        let path = self.path(&format!("subscriptions/{subscription}"));
        self.server.patch_json(&path, &patch).await.expect("the server answers")
    }

    /// Rotates a subscription's secret: `json!({"secret": "…"})`.
    pub(crate) async fn rotate(&self, subscription: &str, body: Value) -> Reply {
        let path = self.path(&format!("subscriptions/{subscription}/secret/rotate"));
        self.server.post_json(&path, &body).await.expect("the server answers")
    }

    /// Sends an example to a subscription: `json!({"type": "…"})`.
    pub(crate) async fn test(&self, subscription: &str, body: Value) -> Reply {
        let path = self.path(&format!("subscriptions/{subscription}/test"));
        self.server.post_json(&path, &body).await.expect("the server answers")
    }
}
