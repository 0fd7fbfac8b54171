//! The product's own API of webhooks, `/v2/Webhook.svc`.

use std::fs;

use bytes::Bytes;
use http::Method;
use postroad_testkit::Reply;
use serde_json::{Value, json};

use super::{
    ACTIVITY, CREATED, LEAD, shipped,
    stage::{Stage, StageOptions},
};

/// A client of this API with a pair of keys that may read and write webhooks.
pub(super) struct Api<'s> {
    stage: &'s Stage,
    access_key: String,
    secret_key: String,
}

impl<'s> Api<'s> {
    pub(super) async fn of(stage: &'s Stage) -> Self {
        let key = json!({
            "name": "integration", "kind": "leadsquared",
            "scopes": ["subscriptions:read", "subscriptions:write"],
        });
        let made = stage.server.post_json(&stage.path("keys"), &key).await.expect("the server answers");
        let made = made.expect_status(201).json();
        let half = |name: &str| made[name].as_str().expect("a pair has two keys").to_owned();
        Self { stage, access_key: half("access_key"), secret_key: half("secret_key") }
    }

    fn path(&self, call: &str, further: &str) -> String {
        let Self { access_key, secret_key, .. } = self;
        format!("/v2/Webhook.svc/{call}?accessKey={access_key}&secretKey={secret_key}{further}")
    }

    async fn send(&self, method: Method, path: &str, body: String) -> Reply {
        let headers = [("content-type", "application/json")];
        let reply = self.stage.server.call(method, path, None, &headers, Bytes::from(body)).await;
        reply.expect("the server answers")
    }

    pub(super) async fn post(&self, call: &str, body: &Value) -> Reply {
        self.send(Method::POST, &self.path(call, ""), body.to_string()).await
    }

    /// Creates a webhook; answers its id.
    pub(super) async fn create(&self, body: Value) -> String {
        let created = self.post("Create", &body).await.expect_status(200).json();
        assert_eq!(created["Status"], json!("Success"), "{created}");
        created["Message"]["Id"].as_str().expect("a webhook has an id").to_owned()
    }

    pub(super) async fn retrieve(&self, body: &Value) -> Value {
        self.post("Retrieve", body).await.expect_status(200).json()
    }
}

/// What the vendor's pages send to create a webhook.
fn webhook(stage: &Stage, event: &str) -> Value {
    json!({
        "Description": "Description of webhook",
        "URL": stage.receiver.url("/leads/add"),
        "Method": "POST",
        "ContentType": "application/json",
        "WebhookEvent": event,
        "LandingPageUrls": null,
        "IsSpecificLandingPage": false,
        "NotifyOnFailure": true,
        "WebhookProperties": null,
        "CustomHeaders": [{"Key": "x-api-key", "Value": "one"}, {"Key": "x-api-key", "Value": "two"}],
    })
}

fn expect_error(reply: Reply, status: u16, exception: &str) -> String {
    let error = reply.expect_status(status).json();
    assert_eq!((&error["Status"], &error["ExceptionType"]), (&json!("Error"), &json!(exception)), "{error}");
    error["ExceptionMessage"].as_str().expect("an error has a message").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_14_a_webhook_is_created_found_changed_and_deleted_by_the_products_own_api() {
    let stage = shipped().await;
    let api = Api::of(&stage).await;
    let id = api.create(webhook(&stage, "3")).await;

    let asked = json!({
        "Parameter": {"Type": "Webhook", "WebhookEvent": CREATED, "StatusCode": 0, "WebhookId": "", "SearchText": ""},
        "Sorting": {"ColumnName": "ModifiedOn", "Direction": "1"},
        "Paging": {"PageIndex": 1, "PageSize": 25},
    });
    let found = api.retrieve(&asked).await;
    assert_eq!(found["RecordCount"], json!(1), "{found}");
    let shown = &found["Response"][0];
    assert_eq!((&shown["WebhookId"], &shown["EventCode"]), (&json!(id), &json!(CREATED)), "{shown}");
    assert_eq!((&shown["StatusCode"], &shown["WebhookProperties"]), (&json!(0), &Value::Null), "{shown}");
    assert_eq!(shown["URL"], json!(stage.receiver.url("/leads/add")), "{shown}");
    assert_eq!(shown["Description"], json!("Description of webhook"), "{shown}");

    let mut change = webhook(&stage, "3");
    change["Description"] = json!("Updated description");
    let message = expect_error(api.post("Update", &change).await, 400, "MXInvalidDataTypeException");
    assert!(message.contains("WebhookId"), "{message}");
    change["WebhookId"] = json!(id);
    let updated = api.post("Update", &change).await.expect_status(200).json();
    assert_eq!(updated["Status"], json!("Success"), "{updated}");
    assert_eq!(api.retrieve(&asked).await["Response"][0]["Description"], json!("Updated description"));

    let delete = api.path("Delete", &format!("&webhookId={id}"));
    drop(api.send(Method::POST, &delete, String::new()).await.expect_status(405));
    assert_eq!(api.retrieve(&asked).await["RecordCount"], json!(1), "a POST deletes nothing");
    let deleted = api.send(Method::GET, &delete, String::new()).await.expect_status(200).json();
    assert_eq!(deleted["Status"], json!("Success"), "{deleted}");
    assert_eq!(api.retrieve(&asked).await, json!({"RecordCount": 0, "Response": []}));

    let wrong = Api { secret_key: api.secret_key.replace("secret", "public"), ..api };
    expect_error(wrong.post("Retrieve", &asked).await, 401, "MXUnAuthorizedAccessException");
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_15_an_event_of_activities_needs_its_type_beside_properties_that_are_a_text() {
    let stage = shipped().await;
    let api = Api::of(&stage).await;
    let properties = r#"{"ActivityEvent":"22","ActivityData":"[]","WebPageNames":"[]"}"#;
    let mut body = webhook(&stage, "2");
    body["WebhookProperties"] = json!(properties);
    let message = expect_error(api.post("Create", &body).await, 400, "MXInvalidDataTypeException");
    assert!(message.contains("ActivityEvent"), "{message}");
    body["ActivityEvent"] = json!("22");
    body["WebhookProperties"] = json!({"ActivityEvent": "22"});
    let message = expect_error(api.post("Create", &body).await, 400, "MXInvalidDataTypeException");
    assert!(message.contains("WebhookProperties"), "{message}");
    assert_eq!(api.retrieve(&json!({})).await["RecordCount"], json!(0), "what is refused changes nothing");

    body["WebhookProperties"] = json!(properties);
    let id = api.create(body.clone()).await;
    let found = api.retrieve(&json!({"Parameter": {"WebhookEvent": ACTIVITY}})).await;
    let shown = &found["Response"][0];
    assert_eq!((&shown["WebhookId"], &shown["ActivityEvent"]), (&json!(id), &json!("22")), "{shown}");
    assert_eq!(shown["WebhookProperties"], json!(properties), "{shown}");

    let put = stage.put_tenant(json!({"vendor_status_codes": true})).await;
    assert_eq!(put.status, 200, "{}", put.text());
    body["ActivityEvent"] = Value::Null;
    expect_error(api.post("Create", &body).await, 500, "MXInvalidDataTypeException");
    let no_json = api.send(Method::POST, &api.path("Create", ""), "{".to_owned()).await;
    expect_error(no_json, 400, "MXInvalidInputException");
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_20_the_id_of_create_is_that_of_retrieve_and_stands_in_the_url_that_is_called() {
    let stage = shipped().await;
    let api = Api::of(&stage).await;
    let id = api.create(webhook(&stage, CREATED)).await;
    let found = api.retrieve(&json!({"Parameter": {"SearchText": "/leads/add"}})).await;
    assert_eq!(found["Response"][0]["WebhookId"], json!(id), "{found}");

    // The probe of a new webhook comes first.
    let target = format!("/leads/add?entityType=Webhook&entityId={id}&eventType={CREATED}");
    stage.receiver.wait_for(1).await;
    drop(stage.publish("Lead Creation", LEAD).await.expect_status(202));
    let received = stage.receiver.wait_for(2).await;
    let requests: Vec<_> = received.iter().map(|one| (one.method.as_str(), one.target.as_str())).collect();
    assert_eq!(requests, [("HEAD", target.as_str()), ("POST", target.as_str())]);
    let sent = &received[1];
    let own: Vec<_> = sent.header_lines.iter().filter(|line| line.starts_with("x-api-key")).collect();
    assert_eq!(own, ["x-api-key: one", "x-api-key: two"], "{:?}", sent.header_lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_26th_call_within_five_seconds_is_refused() {
    let stage = shipped().await;
    let api = Api::of(&stage).await;
    let mut refused = None;
    // A machine that takes more than five seconds for 25 of them meets no limit with the 26th; it comes with a later one.
    for _ in 0..1_000 {
        let reply = api.post("Retrieve", &json!({})).await;
        if reply.status != 200 {
            refused = Some(reply);
            break;
        }
    }
    let refused = refused.expect("one of a thousand calls at once is refused");
    assert!(refused.headers.contains_key("retry-after"), "{:?}", refused.headers);
    expect_error(refused, 429, "MXAPIRateLimitExceededException");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pair_of_keys_is_in_no_log_line_no_figure_no_audit_and_no_file() {
    let arguments = vec!["--log-level".to_owned(), "trace".to_owned()];
    let mut stage =
        Stage::start_with(StageOptions { profile: "leadsquared", arguments, ..StageOptions::default() })
            .await;
    let (access_key, secret_key) = {
        let api = Api::of(&stage).await;
        let id = api.create(webhook(&stage, CREATED)).await;
        drop(api.post("Create", &json!({"URL": 7})).await.expect_status(400));
        drop(api.post("Nothing", &json!({})).await.expect_status(404));
        drop(api.send(Method::PUT, &api.path("Create", ""), String::new()).await.expect_status(405));
        drop(api.post("Retrieve", &json!({})).await.expect_status(200));
        let delete = api.path("Delete", &format!("&webhookId={id}"));
        drop(api.send(Method::GET, &delete, String::new()).await.expect_status(200));
        drop(api.send(Method::GET, &delete, String::new()).await.expect_status(400));
        (api.access_key, api.secret_key)
    };
    let figures = stage.server.get("/metrics").await.expect("the server answers").expect_status(200).text();
    assert!(figures.contains("/v2/Webhook.svc/Create"), "the route is measured by its template");
    let audit = stage.server.get("/v1/audit").await.expect("the server answers").expect_status(200).text();
    assert!(audit.contains("subscription.deleted"), "{audit}");
    stage.server.terminate().await.expect("the server ends");
    let log = stage.server.log();
    assert!(log.contains("/v2/Webhook.svc/Create"), "requests are logged at this level:\n{log}");
    for key in [&access_key, &secret_key] {
        // Each is long and random behind its prefix: any piece of it would be found.
        let piece = &key[key.len() - 30..];
        assert!(!log.contains(piece) && !figures.contains(piece) && !audit.contains(piece));
        for entry in fs::read_dir(stage.server.data_dir()).expect("a server has a folder") {
            let path = entry.expect("whose files can be listed").path();
            let bytes = fs::read(&path).expect("and read");
            let is_there = bytes.windows(piece.len()).any(|window| window == piece.as_bytes());
            assert!(!is_there, "in {}", path.display());
        }
    }
}
