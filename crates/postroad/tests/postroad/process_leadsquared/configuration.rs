//! What a webhook is, and what is shipped.

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use super::{
    CREATED, shipped,
    stage::{Stage, expect_refusal, id_of},
    webhook, webhook_to,
};

/// The events of the product's page (spec 4.2) in its order, each with its wire code.
const EVENTS: [(&str, &str); 36] = [
    ("Account Activity Create", "AccountActivity_Post_Create"),
    ("Account Activity Update", "AccountActivity_Post_Update"),
    ("Account Create", "Account_Post_Create"),
    ("Account Delete", "Account_Delete"),
    ("Account Update", "Account_Post_Update"),
    ("Landing Page Submission", "Landing_Page_submission"),
    ("Lead Activity Creation", "LeadActivity_Post_Create"),
    ("Lead Activity Update", "LeadActivity_Post_Update"),
    ("Lead Creation", "Lead_Post_Create"),
    ("Lead Delete", "Lead_Delete"),
    ("Lead Field Value Change", "Lead_Field_Change"),
    ("Lead Merge", "Lead_Merge"),
    ("Lead Ownership Change", "Lead_Owner_Change"),
    ("Lead Score Change", "Lead_Score_Change"),
    ("Lead Stage Change", "Lead_Post_Stage_Change"),
    ("Lead Update", "Lead_Post_Update"),
    ("Leave Create", "Leave_Create"),
    ("Leave Delete", "Leave_Delete"),
    ("Leave Update", "Leave_Update"),
    ("Opportunity Create", "Opportunity_Post_Create"),
    ("Opportunity Delete", "Opportunity_Post_Delete"),
    ("Opportunity Field Value Change", "OpportunityField_Post_Update"),
    ("Opportunity Stage/Status Change", "OpportunityStage_Post_Update"),
    ("Opportunity Update", "Opportunity_Post_Update"),
    ("Product Create", "Product_Post_Create"),
    ("Product Delete", "Product_Delete"),
    ("Product Update", "Product_Post_Update"),
    ("Task Cancel", "Task_Cancel"),
    ("Task Complete", "Task_Complete"),
    ("Task Create", "Task_Create"),
    ("Task Reminder", "Task_Reminder"),
    ("Task Update", "Task_Update"),
    ("User Activate/Deactivate", "User_Active_Status_Change"),
    ("User Availability Status Change", "User_Availability_Status_Change"),
    ("User Create", "User_Create"),
    ("User Update", "User_Update"),
];
/// Codes of the page's section on formats, which its list of events does not have.
const SALES_ACTIVITIES: [&str; 3] =
    ["SalesActivity_Post_Create", "SalesActivity_Post_Update", "SalesActivity_Post_Cancel"];

#[tokio::test(flavor = "multi_thread")]
async fn ls_1_the_36_names_of_the_page_lead_to_their_codes_and_the_three_of_sales_activities_are_known() {
    let stage = shipped().await;
    let profile = stage.profile().await;
    let types = profile["event_types"].as_array().expect("a profile has event types");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let listed: Vec<_> = types.iter().map(|of| (text(&of["title"]), text(&of["name"]))).collect();
    let named = EVENTS.map(|(title, code)| (Some(title.to_owned()), Some(code.to_owned())));
    let unnamed = SALES_ACTIVITIES.map(|code| (None, Some(code.to_owned())));
    assert_eq!(listed, [&named[..], &unnamed[..]].concat());

    for (event, code) in EVENTS.into_iter().chain(SALES_ACTIVITIES.map(|code| (code, code))) {
        let created = stage.subscribe(webhook(event)).await;
        assert_eq!(created["events"], json!([code]), "{event}");
    }
    // An event of one name reaches the webhook of the other.
    let published = stage.publish("Lead Creation", "{}").await.expect_status(202).json();
    assert_eq!((&published["type"], &published["deliveries"]), (&json!(CREATED), &json!(1)), "{published}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_1_a_webhook_needs_one_event_and_a_url_and_a_key_that_may_write() {
    let stage = shipped().await;
    let refused = async |change: Value, field: &str| {
        let mut body = webhook(CREATED);
        for (name, value) in change.as_object().expect("a change is an object") {
            body[name] = value.clone();
        }
        expect_refusal(stage.try_to_subscribe(body).await, "invalid", field)
    };
    refused(json!({"events": null}), "events").await;
    refused(json!({"events": []}), "events").await;
    let message = refused(json!({"events": [CREATED, "Lead_Delete"]}), "events").await;
    assert!(message.contains("at most 1"), "{message}");
    let message = refused(json!({"events": ["Lead Creaton"]}), "events[0]").await;
    assert!(message.contains("Lead Creation"), "{message}");
    refused(json!({"delivery": {"type": "push"}}), "delivery.url").await;
    assert_eq!(stage.get(&stage.path("subscriptions")).await["data"], json!([]));

    for (scope, status) in [("subscriptions:read", 403), ("subscriptions:write", 201)] {
        assert_eq!(create_with(&stage, scope).await, status, "{scope}");
    }
}

/// The status that creating a webhook with a key of this scope has.
async fn create_with(stage: &Stage, scope: &str) -> u16 {
    let key = json!({"name": scope, "scopes": [scope]});
    let key = stage.server.post_json(&stage.path("keys"), &key).await.expect("the server answers");
    let key = key.expect_status(201).json()["key"].as_str().expect("a key is a text").to_owned();
    let body = webhook_to(stage, "/hook", CREATED, json!({}));
    let headers = [("content-type", "application/json")];
    let path = stage.path("subscriptions");
    let call = stage.server.call(Method::POST, &path, Some(&key), &headers, Bytes::from(body.to_string()));
    call.await.expect("the server answers").status
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_1_every_field_of_the_page_is_kept_and_returned() {
    let stage = shipped().await;
    let url = stage.receiver.url("/leads/add?campaignId=1");
    let headers = json!([{"name": "X-Key", "value": "a"}, {"name": "X-Key", "value": "b"}]);
    let fields = json!({
        "description": "New Lead Data",
        "notify_on_failure": true,
        "delay": "5s",
        "options": {
            "probe": "off", "entity_type": "rule", "entity_id": "b329c2b2-854c-11e6-8f87-22000aa8e760",
            "is_specific_landing_page": true, "landing_page_urls": ["https://pages.example.com/a"], "activity_event": "22",
        },
    });
    let mut body = webhook("Landing Page Submission");
    for (name, value) in fields.as_object().expect("fields are an object") {
        body[name] = value.clone();
    }
    body["delivery"] = json!({"type": "push", "url": url, "content_type": "text/plain", "headers": headers});
    let created = stage.subscribe(body).await;
    let read = stage.get(&stage.path(&format!("subscriptions/{}", id_of(&created)))).await;
    for (name, value) in fields.as_object().expect("fields are an object") {
        assert_eq!(read[name], *value, "{name}: {read}");
    }
    assert_eq!(read["events"], json!(["Landing_Page_submission"]));
    let delivery = &read["delivery"];
    assert_eq!((&delivery["url"], &delivery["content_type"]), (&json!(url), &json!("text/plain")), "{read}");
    assert_eq!(delivery["headers"], headers, "{read}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_6_two_custom_headers_of_one_name_arrive_as_two_lines_and_an_eleventh_is_refused() {
    let stage = shipped().await;
    let header = |name: String, value: &str| json!({"name": name, "value": value});
    let push = |headers: Vec<Value>| json!({"delivery": {"type": "push", "url": stage.receiver.url("/hook"), "headers": headers}});
    let many = |count: u32| (1..=count).map(|number| header(format!("X-Key-{number}"), "v")).collect();
    let eleven = webhook_to(&stage, "/hook", CREATED, push(many(11)));
    let message = expect_refusal(stage.try_to_subscribe(eleven).await, "invalid", "delivery.headers");
    assert!(message.contains("at most 10"), "{message}");
    let reserved = vec![header("Content-Type".to_owned(), "text/html")];
    let reserved = webhook_to(&stage, "/hook", CREATED, push(reserved));
    expect_refusal(stage.try_to_subscribe(reserved).await, "invalid", "delivery.headers[0].name");
    let ten = webhook_to(&stage, "/hook", "Lead_Delete", push(many(10)));
    stage.subscribe(ten).await;

    let twice = vec![header("X-Key".to_owned(), "one"), header("X-Key".to_owned(), "two")];
    stage.subscribe(webhook_to(&stage, "/hook", CREATED, push(twice))).await;
    let sent = stage.deliver(CREATED, "{}").await;
    let own: Vec<_> = sent.header_lines.iter().filter(|line| line.starts_with("X-Key:")).collect();
    assert_eq!(own, ["X-Key: one", "X-Key: two"], "{:?}", sent.header_lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn ls_16_success_is_200_alone_attempts_are_three_and_a_window_is_a_minute_as_shipped() {
    let profile = shipped().await.profile().await;
    let policy = &profile["policy"];
    assert_eq!((&policy["success"], &policy["timeout"]), (&json!(["200"]), &json!("10s")), "{policy}");
    let retry = json!({"attempts": 3, "backoff": ["1m", "5m"], "jitter_percent": 0});
    assert_eq!(policy["retry"], retry, "{policy}");
    assert_eq!((&policy["gone"], &policy["retry_after"]), (&json!("failure"), &json!("ignore")), "{policy}");
    assert_eq!((&policy["breaker"], &policy["repeat"]), (&json!("off"), &json!("unsent")), "{policy}");
    let group = &policy["group"];
    assert_eq!((&group["window"], &group["align"]), (&json!("1m"), &json!("options.aligned_minute")));
    assert_eq!((&group["max_events"], &group["max_bytes"]), (&json!(10_000), &json!(16 * 1024 * 1024)));
    let words = json!({
        "queued": "In Queue", "delivering": "In Queue", "succeeded": "Success", "failed": "Failure",
        "cancelled": "Failure",
    });
    assert_eq!(profile["words"], words);
}
