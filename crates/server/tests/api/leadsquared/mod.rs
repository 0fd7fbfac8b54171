//! `/v2/Webhook.svc`: the compatible API of LeadSquared.

mod callers;
mod refusals;
mod retrieving;
mod webhooks;

use axum::body::Body;
use http::Request;
use postroad_domain::SubscriptionId;
use serde_json::{Value, json};

use crate::app::{App, Reply};

const LEAD: &str = "Lead_Post_Create";
const ACTIVITY: &str = "LeadActivity_Post_Create";
const PROPERTIES: &str = r#"{"ActivityEvent":"22","ActivityData":"[]","WebPageNames":"[]"}"#;

/// An account with a pair of keys that may read and write webhooks.
struct Account {
    app: App,
    /// The path of its tenant.
    tenant: String,
    /// The pair, as a query has it.
    pair: String,
}

impl Account {
    async fn new() -> Self {
        Self::of("leadsquared", json!({})).await
    }

    /// Of a profile, with the options of its tenant.
    async fn of(profile: &str, options: Value) -> Self {
        let app = App::new().await;
        let tenant = app.tenant(profile, options).await;
        let pair = pair_of(&app, &tenant, json!(["subscriptions:read", "subscriptions:write"])).await;
        Self { app, tenant, pair }
    }

    /// A POST call.
    async fn call(&self, call: &str, body: Value) -> Reply {
        call_with(&self.app, &self.pair, call, &body.to_string()).await
    }

    /// Creates a webhook; answers its id.
    async fn create(&self, body: Value) -> String {
        let created = self.call("Create", body).await.expect(200);
        assert_eq!(created["Status"], "Success");
        created["Message"]["Id"].as_str().unwrap().to_owned()
    }

    /// What `Retrieve` answers.
    async fn retrieve(&self, body: Value) -> Value {
        self.call("Retrieve", body).await.expect(200)
    }

    /// One webhook as `Retrieve` shows it.
    async fn webhook(&self, id: &str) -> Value {
        let mut found = self.retrieve(json!({"Parameter": {"WebhookId": id}})).await;
        assert_eq!(found["RecordCount"], 1, "{found}");
        found["Response"][0].take()
    }

    async fn delete(&self, id: &str) -> Reply {
        self.get(&format!("Delete?webhookId={id}&{}", self.pair)).await
    }

    async fn get(&self, call: &str) -> Reply {
        let request = Request::get(format!("/v2/Webhook.svc/{call}"));
        self.app.call(request.body(Body::empty()).unwrap()).await
    }

    /// The path of the same webhook in `/v1`.
    fn native(&self, id: &str) -> String {
        format!("{}/subscriptions/{}", self.tenant, SubscriptionId::from_uuid(id.parse().unwrap()))
    }
}

/// A webhook for an event.
fn webhook(event: &str) -> Value {
    json!({"URL": "https://example.com/hook", "WebhookEvent": event})
}

/// A pair of keys with these scopes, as a query has it.
async fn pair_of(app: &App, tenant: &str, scopes: Value) -> String {
    let body = json!({"name": "pair", "kind": "leadsquared", "scopes": scopes});
    let made = app.post(&format!("{tenant}/keys"), body).await.expect(201);
    let key = |name: &str| made[name].as_str().unwrap().to_owned();
    format!("accessKey={}&secretKey={}", key("access_key"), key("secret_key"))
}

/// A POST call with another pair, or a query that holds none.
async fn call_with(app: &App, query: &str, call: &str, body: &str) -> Reply {
    let request = Request::post(format!("/v2/Webhook.svc/{call}?{query}"));
    app.call(request.body(Body::from(body.to_owned())).unwrap()).await
}

/// Checks the form of a refusal and what it says.
fn check(reply: &Reply, status: u16, exception: &str, says: &str) {
    let said = reply.json();
    assert_eq!(reply.status.as_u16(), status, "{said}");
    assert_eq!(reply.header("content-type"), "application/json", "{said}");
    let message = said["ExceptionMessage"].as_str().unwrap();
    assert_eq!(said, json!({"Status": "Error", "ExceptionType": exception, "ExceptionMessage": message}));
    assert!(message.contains(says), "{message} instead of {says}");
}
