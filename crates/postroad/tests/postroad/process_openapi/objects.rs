//! What there is when the checks begin, so that they come further than to 404: for each kind of object one that stays, and
//! one for the operation that deletes it.

use std::fmt::Write as _;

use postroad_testkit::TestServer;
use serde_json::{Value, json};

/// The ids that the checks put into paths.
pub(crate) struct Objects {
    subscription: String,
    subscription_to_delete: String,
    event: String,
    delivery: String,
    key: String,
    replay: String,
}

/// What holds for all operations. `If-Match` is looked at before the body, so 412 is a refusal like others.
const GENERAL: &str = r#"
[parameters]
"path.profile" = "standard"
"path.bin" = "bin-of-the-checks"
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "408", "409", "412", "413", "422", "429"]

# The events of a batch are each accepted or refused for themselves, within a 202.
[[operations]]
include-operation-id = "publish_batch"
[operations.checks]
negative_data_rejection.enabled = false
"#;

impl Objects {
    /// Makes them.
    pub(crate) async fn make(server: &TestServer) -> Self {
        for tenant in ["acme", "doomed"] {
            put(server, &format!("/v1/tenants/{tenant}"), json!({"profile": "standard"})).await;
        }
        for event_type in ["lead.created", "lead.deleted"] {
            put(server, &format!("/v1/tenants/acme/event-types/{event_type}"), json!({})).await;
        }
        let url = |name: &str| format!("https://hooks.example.com/{name}");
        let hook = |name: &str| json!({"delivery": {"type": "push", "url": url(name)}});
        let subscription = id_of(post(server, "subscriptions", hook("a"), 201).await);
        let subscription_to_delete = id_of(post(server, "subscriptions", hook("b"), 201).await);
        let event =
            id_of(post(server, "events", json!({"type": "lead.created", "data": {"id": 7}}), 202).await);
        let found = server.get("/v1/tenants/acme/deliveries").await.expect("the server answers");
        let found = found.expect_status(200).json();
        let delivery = id_of(found["data"][0].clone());
        let key = id_of(post(server, "keys", json!({"name": "a", "scopes": ["pull"]}), 201).await);
        let slow =
            json!({"since": "2026-01-01T00:00:00Z", "status": "all", "pace": {"count": 1, "per": "24h"}});
        let replay = id_of(post(server, &format!("subscriptions/{subscription}/replay"), slow, 202).await);
        Self { subscription, subscription_to_delete, event, delivery, key, replay }
    }

    /// The settings of schemathesis. Of two entries that fit an operation the first one holds.
    pub(crate) fn settings(&self) -> String {
        let mut text = GENERAL.to_owned();
        let mut add = |method: &str, path: &str, tenant: &str, last: Option<(&str, &str)>| {
            let _ = writeln!(text, "[[operations]]\ninclude-path-regex = '{path}'");
            if !method.is_empty() {
                let _ = writeln!(text, "include-method = \"{method}\"");
            }
            let _ = writeln!(text, "[operations.parameters]\n\"path.tenant\" = \"{tenant}\"");
            if let Some((name, value)) = last {
                let _ = writeln!(text, "\"path.{name}\" = \"{value}\"");
            }
        };
        add("DELETE", r"^/v1/tenants/\{tenant\}$", "doomed", None);
        add("DELETE", r"/subscriptions/\{id\}$", "acme", Some(("id", self.subscription_to_delete.as_str())));
        add("DELETE", r"/event-types/\{name\}$", "acme", Some(("name", "lead.deleted")));
        for (path, id) in [
            (r"/subscriptions/\{id\}", &self.subscription),
            (r"/events/\{id\}", &self.event),
            (r"/deliveries/\{id\}", &self.delivery),
            (r"/keys/\{id\}", &self.key),
            (r"/replays/\{id\}", &self.replay),
        ] {
            add("", path, "acme", Some(("id", id.as_str())));
        }
        add("", r"/event-types/\{name\}", "acme", Some(("name", "lead.created")));
        add("", r"/tenants/\{tenant\}", "acme", None);
        text
    }
}

async fn put(server: &TestServer, path: &str, body: Value) {
    let put = server.put_json(path, &body).await;
    let _ = put.expect("the server answers").expect_status(201);
}

/// Posts below the tenant.
async fn post(server: &TestServer, path: &str, body: Value, status: u16) -> Value {
    let answer = server.post_json(&format!("/v1/tenants/acme/{path}"), &body).await;
    answer.expect("the server answers").expect_status(status).json()
}

fn id_of(object: Value) -> String {
    object["id"].as_str().expect("it has an id").to_owned()
}
