//! The imitation with a few customers in it, and the real server beside it.

use postroad_client::Client;
use postroad_testkit::{ADMIN_KEY, TestServer};
use serde_json::{Value, json};

use super::{
    common::{Ended, postroad, run},
    imitation::{Content, Imitation, TOKEN},
};

pub(crate) const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

pub(crate) struct Stage {
    pub(crate) there: Imitation,
    pub(crate) here: TestServer,
    pub(crate) client: Client,
}

pub(crate) fn application(id: &str, uid: Value, endpoints: Vec<Value>) -> Value {
    json!({"id": id, "uid": uid, "name": format!("Customer {id}"), "metadata": {}, "_endpoints": endpoints,
        "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"})
}

/// An endpoint with a secret; `further` fields win.
pub(crate) fn endpoint(id: &str, url: &str, further: Value) -> Value {
    let mut endpoint = json!({"id": id, "url": url, "description": "", "metadata": {}, "disabled": false, "_secret": SECRET,
        "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"});
    for (name, value) in further.as_object().expect("an object") {
        endpoint[name] = value.clone();
    }
    endpoint
}

pub(crate) fn event_type(name: &str, schemas: Value) -> Value {
    json!({"name": name, "description": format!("About {name}"), "schemas": schemas, "archived": false, "deprecated": false,
        "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"})
}

/// Three customers with four endpoints.
pub(crate) fn customers() -> Content {
    let full = json!({
        "description": "CRM sync", "channels": ["project_1", "project_2"], "throttleRate": 50,
        "eventTypes": ["invoice.paid", "user.signup"],
        "_headers": {"X-Tenant": "7", "Authorization": "Basic aGlkZGVuOmhpZGRlbg=="},
    });
    let old = json!({"filterTypes": ["user.signup"], "rateLimit": 20_000, "disabled": true,
        "_secret": "C2FVsBQIhrscChlQIMV+b5sSYspob7oE"});
    Content {
        applications: vec![
            application(
                "app_1",
                json!("acme"),
                vec![
                    endpoint("ep_1", "http://127.0.0.1:9/hook?token=hidden", full),
                    endpoint("ep_2", "http://127.0.0.1:9/old", old),
                    endpoint("ep_3", "http://127.0.0.1:9/plain", json!({})),
                ],
            ),
            application(
                "app_2",
                json!("_not ours"),
                vec![endpoint("ep_4", "http://127.0.0.1:9/4", json!({}))],
            ),
            application("app_3", json!(null), Vec::new()),
        ],
        event_types: vec![
            event_type("invoice.paid", json!({"1": {"type": "string"}, "2": {"type": "object"}})),
            event_type("user.signup", json!(null)),
            event_type("user.deleted", json!(null)),
        ],
        ..Content::default()
    }
}

impl Stage {
    pub(crate) async fn with(content: Content) -> Self {
        let (there, here) = (Imitation::start(content).await, TestServer::start().await);
        let client = Client::new(&here.url(""), ADMIN_KEY).expect("a client");
        Self { there, here, client }
    }

    /// Runs the command.
    pub(crate) async fn import(&self, further: &[&str]) -> Ended {
        let mut command = postroad(self.here.folder(), &["import", "svix", "--url", &self.there.url()]);
        command.args(["--server", &self.here.url(""), "--key", ADMIN_KEY]).args(further);
        command.env("POSTROAD_IMPORT_TOKEN", TOKEN);
        let ended = run(command).await;
        for hidden in ["C2FVsBQIhrscChlQIMV", "aGlkZGVu", TOKEN, ADMIN_KEY, "token=hidden"] {
            assert!(!ended.stdout.contains(hidden) && !ended.stderr.contains(hidden), "{ended:?}");
        }
        ended
    }
}
